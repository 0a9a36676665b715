package engine_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/engine"
)

func TestScheduleStartsRunsAtItsTimes(t *testing.T) {
	t.Parallel()
	eng := newClocked(t, "", noon)
	eng.serve()
	added := eng.add(engine.Schedule{Name: "nightly", Cron: "30 3 * * *", Zone: "Europe/Berlin", Options: engine.StartOptions{
		Keep: engine.KeepAll, Attributes: map[string]any{"site": "B", "n": 7, "share": 0.5},
	}}, 0)
	if want := time.Date(2026, 10, 25, 2, 30, 0, 0, time.UTC); !added.Next.Equal(want) || !added.Due.Equal(want) {
		t.Errorf("Next = %v, Due = %v, want %v", added.Next, added.Due, want)
	}
	eng.advance(60 * time.Hour)
	want := []string{"25T02:30:00 completed", "26T02:30:00 completed"} // winter time has begun
	if diff := cmp.Diff(want, eng.times()); diff != "" {
		t.Fatalf("runs (-want +got):\n%s", diff)
	}
	run, err := eng.Find(t.Context(), "schedule/nightly/2026-10-26T02:30:00Z")
	if err != nil {
		t.Fatal(err)
	}
	if string(run.Result) != `"2026-10-26T02:30:00Z"` || run.Schedule != added.ID || run.Keep != engine.KeepAll || !run.Created.Equal(run.Scheduled) {
		t.Errorf("run = %+v, want one that has seen its time", run)
	}
	attributes, err := eng.Attributes(t.Context(), run.ID)
	if diff := cmp.Diff(map[string]any{"site": "B", "n": int64(7), "share": 0.5}, attributes); err != nil || diff != "" {
		t.Errorf("attributes: %v\n%s", err, diff)
	}
	if got := string(history(t, eng.Engine, run.ID)[0].Detail); !strings.Contains(got, `"schedule":"nightly","scheduled":"2026-10-26T02:30:00Z"`) {
		t.Errorf("created with %s, want the schedule and the time", got)
	}
	got := eng.state("nightly")
	if got.Starts != 2 || got.Skips != 0 || got.LastRun != run.ID || !got.Last.Equal(run.Scheduled) || got.Error != "" {
		t.Errorf("state = %+v", got)
	}
}

func TestScheduleKinds(t *testing.T) {
	t.Parallel()
	eng := newClocked(t, "", noon.Add(7*time.Minute))
	eng.serve()
	eng.add(engine.Schedule{Name: "every", Every: 20 * time.Minute}, 0)
	once := eng.add(engine.Schedule{Name: "once", At: noon.Add(30 * time.Minute)}, 0)
	eng.advance(time.Hour)
	want := []string{"24T12:20:00 completed", "24T12:30:00 completed", "24T12:40:00 completed", "24T13:00:00 completed"}
	if diff := cmp.Diff(want, eng.times()); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
	if got := eng.state("once"); !got.Next.IsZero() || !got.Due.IsZero() || got.Starts != 1 {
		t.Errorf("after its time, once = %+v", got)
	}
	if _, err := eng.AddSchedule(t.Context(), once.Schedule); err != nil {
		t.Errorf("adding once again after its time: %v, want nothing to change", err)
	}
	if err := eng.RemoveSchedule(t.Context(), "every"); err != nil {
		t.Fatal(err)
	}
	eng.advance(time.Hour)
	if got := eng.times(); len(got) != len(want) {
		t.Errorf("runs after the removal: %v", got)
	}
	if _, err := eng.Schedule(t.Context(), "every"); !errors.Is(err, engine.ErrScheduleNotFound) {
		t.Errorf("Schedule after the removal: %v", err)
	}
	if err := eng.RemoveSchedule(t.Context(), "every"); !errors.Is(err, engine.ErrScheduleNotFound) {
		t.Errorf("RemoveSchedule again: %v", err)
	}
}

func TestAddScheduleAgain(t *testing.T) {
	t.Parallel()
	eng := newClocked(t, "", noon)
	eng.serve()
	rule := engine.Schedule{Name: "tick", Every: time.Hour}
	first := eng.add(rule, 0)
	eng.advance(90 * time.Minute)
	same := eng.add(rule, 0)
	if same.Starts != 1 || same.ID != first.ID || !same.Next.Equal(noon.Add(2*time.Hour)) {
		t.Errorf("the same again: %+v", same)
	}
	rule.Overlap, rule.Options.Priority = engine.OverlapAllow, 3
	changed := eng.add(rule, 0)
	if changed.Starts != 1 || changed.ID != first.ID || !changed.Next.Equal(noon.Add(2*time.Hour)) || changed.Overlap != engine.OverlapAllow {
		t.Errorf("with other options: %+v", changed)
	}
	rule.Every = 10 * time.Minute
	changed = eng.add(rule, 0)
	if changed.Starts != 1 || changed.ID != first.ID || !changed.Next.Equal(noon.Add(100*time.Minute)) || changed.Options.Priority != 3 {
		t.Errorf("with another rule: %+v", changed)
	}
	all, err := eng.Schedules(t.Context())
	if err != nil || len(all) != 1 {
		t.Errorf("Schedules = %v, %v, want one", all, err)
	}
}

func TestAddScheduleSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	eng := newClocked(t, "", noon)
	good := engine.Schedule{Name: "s", Workflow: string(shifts), Every: time.Hour}
	for _, test := range []struct {
		name   string
		change func(*engine.Schedule)
		want   []string
	}{
		{"no rule", func(s *engine.Schedule) { s.Every = 0 }, []string{"exactly one of Cron, Every and At"}},
		{"two rules", func(s *engine.Schedule) { s.Cron = "@daily" }, []string{"exactly one of Cron, Every and At"}},
		{"everything at once", func(s *engine.Schedule) {
			*s = engine.Schedule{Cron: "61 * * * *", Overlap: "maybe", CatchUp: -1, Jitter: -1, Workflow: "shift", Options: engine.StartOptions{Key: "k"}}
		}, []string{"no name", `minute "61"`, `overlap "maybe"`, "catch-up", "jitter", "Key", `unknown workflow "shift"`}},
		{"an unknown zone", func(s *engine.Schedule) { s.Zone = "Mars" }, []string{`unknown zone "Mars"`}},
		{"too often", func(s *engine.Schedule) { s.Every = time.Microsecond }, []string{"every 1µs must be at least 1ms"}},
		{"finer than microseconds", func(s *engine.Schedule) { s.Every = time.Second + 1 }, []string{"whole microseconds"}},
		{"never", func(s *engine.Schedule) { s.Every, s.Cron = 0, "0 0 30 2 *" }, []string{"never comes"}},
		{"over", func(s *engine.Schedule) { s.Every, s.At = 0, noon }, []string{"its time is over"}},
		{"much jitter", func(s *engine.Schedule) { s.Jitter = time.Hour }, []string{"jitter 1h0m0s must be shorter than the 1h0m0s"}},
		{"an input of another type", func(s *engine.Schedule) { s.Input = []byte(`{"nap": "long"}`) }, []string{"input"}},
		{"an input that makes Validate panic", func(s *engine.Schedule) { s.Input = []byte(`{"nap": -1}`) }, []string{"input: panic: nobody naps backwards"}},
		{"an attribute", func(s *engine.Schedule) { s.Options.Attributes = map[string]any{"x": []int{1}} }, []string{"options", `attribute "x"`}},
		{"a name with a line end", func(s *engine.Schedule) { s.Name = "a\nb" }, []string{"control characters"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := good
			test.change(&s)
			_, err := eng.AddSchedule(t.Context(), s)
			if _, ok := errors.AsType[*engine.InputError](err); !ok {
				t.Fatalf("AddSchedule: %v, want an *InputError", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("AddSchedule: %v, want %q", err, want)
				}
			}
		})
	}
	if all, err := eng.Schedules(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("Schedules = %v, %v, want none", all, err)
	}
}

func TestPausedScheduleStartsNothing(t *testing.T) {
	t.Parallel()
	eng := newClocked(t, "", noon)
	eng.serve()
	eng.add(engine.Schedule{Name: "tick", Every: time.Hour}, 0)
	eng.add(engine.Schedule{Name: "once", At: noon.Add(90 * time.Minute)}, 0)
	for _, name := range []string{"tick", "once"} {
		paused, err := eng.PauseSchedule(t.Context(), name, "the disk is full")
		if err != nil || !strings.HasPrefix(paused.Paused, "the disk is full (by ") || !paused.Due.IsZero() {
			t.Errorf("PauseSchedule = %+v, %v", paused, err)
		}
	}
	eng.advance(150 * time.Minute)
	if got := eng.times(); len(got) != 0 {
		t.Errorf("runs of paused schedules: %v", got)
	}
	if _, err := eng.TriggerSchedule(t.Context(), "tick"); err != nil {
		t.Errorf("TriggerSchedule of a paused one: %v", err)
	}
	once, err := eng.ResumeSchedule(t.Context(), "once")
	if err != nil || once.Error != "its time passed while it was paused" || !once.Due.IsZero() {
		t.Errorf("ResumeSchedule of one whose time is over = %+v, %v", once, err)
	}
	tick, err := eng.ResumeSchedule(t.Context(), "tick")
	if err != nil || tick.Paused != "" || !tick.Next.Equal(noon.Add(3*time.Hour)) {
		t.Errorf("ResumeSchedule = %+v, %v", tick, err)
	}
	eng.advance(time.Hour)
	if diff := cmp.Diff([]string{"24T14:30:00 completed", "24T15:00:00 completed"}, eng.times()); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
	for _, call := range []func(string) error{
		func(name string) error { _, err := eng.PauseSchedule(t.Context(), name, ""); return err },
		func(name string) error { _, err := eng.ResumeSchedule(t.Context(), name); return err },
		func(name string) error { _, err := eng.TriggerSchedule(t.Context(), name); return err },
		func(name string) error {
			_, err := eng.BackfillSchedule(t.Context(), name, noon, noon.Add(1))
			return err
		},
	} {
		if err := call("tock"); !errors.Is(err, engine.ErrScheduleNotFound) {
			t.Errorf("an unknown name: %v", err)
		}
	}
}

// Overlap: an hourly schedule, whose runs take an hour and a half.
func TestScheduleOverlap(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		overlap engine.Overlap
		nap     time.Duration
		want    []string
		skips   int64
		err     string
	}{
		{"", 90 * time.Minute, []string{"24T13:00:00 completed", "24T15:00:00 completed", "24T17:00:00 waiting"}, 2, ""},
		{engine.OverlapSkip, 9 * time.Hour, []string{"24T13:00:00 waiting"}, 4, "run 1, started before, has not ended"},
		{engine.OverlapAllow, 90 * time.Minute, []string{"24T13:00:00 completed", "24T14:00:00 completed", "24T15:00:00 completed",
			"24T16:00:00 waiting", "24T17:00:00 waiting"}, 0, ""},
		{engine.OverlapCancel, 90 * time.Minute, []string{"24T13:00:00 cancelled", "24T14:00:00 cancelled", "24T15:00:00 cancelled",
			"24T16:00:00 cancelled", "24T17:00:00 waiting"}, 0, ""},
		// 13 to 14:30, then the one of 14 to 16, which is the time of another, that of 15 having been superseded.
		{engine.OverlapQueue, 90 * time.Minute, []string{"24T13:00:00 completed", "24T14:00:00 completed", "24T16:00:00 waiting"}, 1, ""},
	} {
		t.Run(string(test.overlap)+test.nap.String(), func(t *testing.T) {
			t.Parallel()
			eng := newClocked(t, "", noon)
			eng.serve()
			eng.add(engine.Schedule{Name: "tick", Every: time.Hour, Overlap: test.overlap}, test.nap)
			eng.advance(5*time.Hour + time.Minute)
			if diff := cmp.Diff(test.want, eng.times()); diff != "" {
				t.Errorf("runs (-want +got):\n%s", diff)
			}
			got := eng.state("tick")
			if got.Skips != test.skips || got.Error != test.err || got.Starts != int64(len(test.want)) {
				t.Errorf("state = %+v, want %d skips and the error %q", got, test.skips, test.err)
			}
		})
	}
}

// A start that waits for a run to end stays through a pause, and begins when a person cancels that run.
func TestQueuedStartBeginsWhenTheRunBeforeIsCancelled(t *testing.T) {
	t.Parallel()
	eng := newClocked(t, "", noon)
	eng.serve()
	eng.add(engine.Schedule{Name: "tick", Every: time.Hour, Overlap: engine.OverlapQueue}, 100*time.Hour)
	eng.advance(2 * time.Hour)
	if got := eng.state("tick"); !got.Queued.Equal(noon.Add(2 * time.Hour)) {
		t.Fatalf("state = %+v, want a start that waits", got)
	}
	if _, err := eng.PauseSchedule(t.Context(), "tick", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := eng.Cancel(t.Context(), 1, "enough"); err != nil {
		t.Fatal(err)
	}
	eng.advance(time.Second)
	if diff := cmp.Diff([]string{"24T13:00:00 cancelled"}, eng.times()); diff != "" {
		t.Errorf("runs while paused (-want +got):\n%s", diff)
	}
	if _, err := eng.ResumeSchedule(t.Context(), "tick"); err != nil {
		t.Fatal(err)
	}
	eng.advance(time.Hour)
	if _, err := eng.Cancel(t.Context(), 2, "enough"); err != nil {
		t.Fatal(err)
	}
	eng.advance(time.Second)
	want := []string{"24T13:00:00 cancelled", "24T14:00:00 cancelled", "24T15:00:00 waiting"}
	if diff := cmp.Diff(want, eng.times()); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
}

// CatchUp: no worker runs for five and a half hours.
func TestScheduleAfterDowntime(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		rule  engine.Schedule
		want  []string
		skips int64
		err   string
	}{
		{"the newest", engine.Schedule{Every: time.Hour}, []string{"24T17:00:00 completed"}, 4, ""},
		{"all of them", engine.Schedule{Every: time.Hour, Overlap: engine.OverlapAllow}, []string{"24T13:00:00 completed",
			"24T14:00:00 completed", "24T15:00:00 completed", "24T16:00:00 completed", "24T17:00:00 completed"}, 0, ""},
		{"those that are not too late", engine.Schedule{Every: time.Hour, Overlap: engine.OverlapAllow, CatchUp: 2 * time.Hour},
			[]string{"24T16:00:00 completed", "24T17:00:00 completed"}, 3, ""},
		{"none", engine.Schedule{Every: time.Hour, CatchUp: 20 * time.Minute}, nil, 5, "missed by 30m0s, and may be made up for within 20m0s"},
		{"many", engine.Schedule{Every: time.Second}, []string{"24T17:30:00 completed"}, 999, ""},
		{"one of long ago", engine.Schedule{At: noon.Add(time.Second)}, []string{"24T12:00:01 completed"}, 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eng := newClocked(t, "", noon)
			test.rule.Name = "tick"
			eng.add(test.rule, 0)
			eng.clock.Set(noon.Add(330 * time.Minute))
			eng.serve()
			eng.advance(time.Millisecond)
			if diff := cmp.Diff(test.want, eng.times()); diff != "" {
				t.Errorf("runs (-want +got):\n%s", diff)
			}
			got := eng.state("tick")
			if got.Skips != test.skips || got.Error != test.err {
				t.Errorf("state = %+v, want %d skips and the error %q", got, test.skips, test.err)
			}
			if test.rule.Every == time.Hour && !got.Next.Equal(noon.Add(6*time.Hour)) {
				t.Errorf("Next = %v", got.Next)
			}
		})
	}
}

func TestBackfillStartsNothingTwice(t *testing.T) {
	t.Parallel()
	eng := newClocked(t, "", noon)
	eng.serve()
	eng.add(engine.Schedule{Name: "tick", Every: time.Hour}, 0)
	eng.advance(90 * time.Minute)
	backfill := func(from, to time.Time) (list []string) {
		t.Helper()
		runs, err := eng.BackfillSchedule(t.Context(), "tick", from, to)
		if err != nil {
			t.Fatalf("BackfillSchedule: %v", err)
		}
		for _, run := range runs {
			list = append(list, number(run.ID)+" "+run.Scheduled.Format("15:04"))
		}
		return list
	}
	if diff := cmp.Diff([]string{"2 10:00", "3 11:00", "4 12:00", "1 13:00"}, backfill(noon.Add(-2*time.Hour), noon.Add(90*time.Minute))); diff != "" {
		t.Errorf("the first backfill (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"5 09:00", "2 10:00", "3 11:00"}, backfill(noon.Add(-3*time.Hour), noon)); diff != "" {
		t.Errorf("one that overlaps it (-want +got):\n%s", diff)
	}
	if got := eng.state("tick"); got.Starts != 5 || got.LastRun != 1 {
		t.Errorf("state = %+v, want 5 starts, the newest that of run 1", got)
	}
	for _, test := range []struct {
		name     string
		from, to time.Time
		want     string
	}{
		{"no beginning", time.Time{}, noon, "beginning"},
		{"no end", noon, time.Time{}, "end after it begins"},
		{"the future", noon, noon.Add(2 * time.Hour), "future"},
		{"too many", noon.AddDate(-2, 0, 0), noon, "at most 10000"},
	} {
		_, err := eng.BackfillSchedule(t.Context(), "tick", test.from, test.to)
		if _, ok := errors.AsType[*engine.InputError](err); !ok || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want an *InputError with %q", test.name, err, test.want)
		}
	}
}

// A schedule whose starts cannot be made says why, and neither ends the worker nor keeps others waiting.
func TestScheduleWithAnInputThatIsRefusedGoesOn(t *testing.T) {
	t.Parallel()
	eng := newClocked(t, "", noon)
	eng.serve()
	eng.add(engine.Schedule{Name: "bad", Every: time.Hour}, 0)
	eng.add(engine.Schedule{Name: "good", Every: time.Hour}, 0)
	mustExec(t, eng.Path(), `UPDATE wf_schedules SET input = '{"nap": -1}' WHERE name = 'bad'`)
	eng.advance(2 * time.Hour)
	if diff := cmp.Diff([]string{"24T13:00:00 completed", "24T14:00:00 completed"}, eng.times()); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
	got := eng.state("bad")
	if got.Skips != 2 || got.Starts != 0 || !strings.Contains(got.Error, "nobody naps backwards") || !got.Next.Equal(noon.Add(3*time.Hour)) {
		t.Errorf("state = %+v", got)
	}
}

func TestJitterDelaysByTheSameAmountEverywhere(t *testing.T) {
	t.Parallel()
	var delays [2][]time.Duration
	for i := range delays {
		eng := newClocked(t, "", noon)
		eng.serve()
		eng.add(engine.Schedule{Name: "tick", Every: time.Hour, Jitter: 10 * time.Minute}, 0)
		eng.advance(12 * time.Hour)
		runs, err := eng.List(t.Context(), engine.RunFilter{})
		if err != nil || len(runs) < 11 {
			t.Fatalf("List: %d runs, %v", len(runs), err)
		}
		for _, run := range runs {
			delays[i] = append(delays[i], run.Created.Sub(run.Scheduled))
		}
	}
	if diff := cmp.Diff(delays[0], delays[1]); diff != "" {
		t.Errorf("delays differ (-first +second):\n%s", diff)
	}
	least, most := time.Hour, time.Duration(0)
	for _, d := range delays[0] {
		least, most = min(least, d), max(most, d)
	}
	if least < 0 || most > 10*time.Minute || most-least < time.Minute {
		t.Errorf("delays from %v to %v, want them spread over 10 minutes", least, most)
	}
}
