package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

type trip struct {
	Cities []string `json:"cities"`
	Tries  int      `json:"tries"`
}

const tour engine.Name[trip, string] = "tour"

// visit makes a step that notes its name and does what then says.
func visit(name string, then engine.Transition) engine.Step[trip] {
	return engine.Step[trip]{Name: name, Do: func(_ *engine.Context, s *trip) (engine.Transition, error) {
		s.Cities = append(s.Cities, name)
		return then, nil
	}}
}

func TestTransitions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		steps []engine.Step[trip]
		want  string // the result, or the status and part of the reason
	}{
		{"next ends after the last", []engine.Step[trip]{visit("a", engine.Next()), visit("b", engine.Next())}, `""`},
		{"goto skips", []engine.Step[trip]{visit("a", engine.Goto("c")), visit("b", tour.Done("b")), visit("c", tour.Done("c"))}, `"c"`},
		{"done ends early", []engine.Step[trip]{visit("a", tour.Done("a")), visit("b", tour.Done("b"))}, `"a"`},
		{"no transition", []engine.Step[trip]{visit("a", engine.Transition{})}, `failed step "a" returned no transition`},
		{"wrong result", []engine.Step[trip]{visit("a", engine.Done(7))}, "failed the result is a int, not a string"},
		{"unknown step", []engine.Step[trip]{visit("a", engine.Goto("bb")), visit("b", engine.Next())}, `blocked has no step "bb"; the nearest is "b"`},
		{"repeat", []engine.Step[trip]{{Name: "a", Do: func(_ *engine.Context, s *trip) (engine.Transition, error) {
			if s.Tries++; s.Tries < 3 {
				return engine.Repeat(), nil
			}
			return tour.Done(fmt.Sprint(s.Tries)), nil
		}}}, `"3"`},
		{"not in To", []engine.Step[trip]{{Name: "a", To: []string{"b"}, Do: func(*engine.Context, *trip) (engine.Transition, error) {
			return engine.Goto("c"), nil
		}}, visit("b", engine.Next()), visit("c", engine.Next())}, `blocked step "a" went to "c", which is not in its To`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			eng := newEngine(t, engine.Workflow[trip, string]{Name: tour, Steps: tt.steps})
			run, _, err := eng.StartHere(t.Context(), "tour", nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil {
				t.Fatal(err)
			}
			status, reason, _ := strings.Cut(tt.want, " ")
			switch {
			case run.Status == engine.Completed && string(run.Result) == tt.want:
			case string(run.Status) == status && strings.Contains(run.Error+run.Reason, reason):
			default:
				t.Errorf("run = %s, result %s, error %q, reason %q; want %s", run.Status, run.Result, run.Error, run.Reason, tt.want)
			}
		})
	}
}

func TestRetryIsStoredAndTheAttemptsAreInTheHistory(t *testing.T) {
	t.Parallel()
	tries := 0
	eng := newEngine(t, engine.Workflow[trip, string]{Name: tour, Steps: []engine.Step[trip]{{
		Name: "a", Retry: engine.Retry{Attempts: 3, Initial: time.Millisecond},
		Do: func(ctx *engine.Context, s *trip) (engine.Transition, error) {
			tries++
			s.Tries++ // an attempt that fails leaves nothing
			if tries < 3 {
				return engine.Transition{}, fmt.Errorf("try %d", tries)
			}
			return tour.Done(fmt.Sprintf("%d after attempt %d", s.Tries, ctx.Run().Attempt)), nil
		},
	}}})
	got, err := tour.Run(t.Context(), eng, trip{}, nil)
	if err != nil || got != "1 after attempt 3" {
		t.Fatalf("Run = %q, %v; want 1 after attempt 3", got, err)
	}
	var failures []string
	for _, ev := range history(t, eng, 1) {
		if ev.Kind == "attempt" {
			failures = append(failures, fmt.Sprintf("%d %s", ev.Attempt, ev.Error))
		}
	}
	if want := []string{"1 try 1", "2 try 2"}; !slices.Equal(failures, want) {
		t.Errorf("failed attempts = %q, want %q", failures, want)
	}
}

func TestFailureEndsTheRun(t *testing.T) {
	t.Parallel()
	for name, retry := range map[string]engine.Retry{"exhausted": {Attempts: 2, Initial: time.Millisecond}, "permanent": {Attempts: -1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tries := 0
			eng := newEngine(t, engine.Workflow[trip, string]{Name: tour, Steps: []engine.Step[trip]{{Name: "a", Retry: retry,
				Do: func(*engine.Context, *trip) (engine.Transition, error) {
					tries++
					if name == "permanent" {
						return engine.Transition{}, engine.Permanent(errors.New("no"))
					}
					return engine.Transition{}, errors.New("no")
				}}}})
			_, err := tour.Run(t.Context(), eng, trip{}, nil)
			failed, ok := errors.AsType[*engine.RunError](err)
			if !ok || failed.Status != engine.Failed || failed.Reason != "no" {
				t.Errorf("Run = %v, want failed: no", err)
			}
			if want := max(1, retry.Attempts); tries != want {
				t.Errorf("%d attempts, want %d", tries, want)
			}
		})
	}
}

func TestPanicIsAnErrorWithItsStackInTheHistory(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, engine.Workflow[trip, string]{Name: tour, Steps: []engine.Step[trip]{{Name: "a",
		Do: func(*engine.Context, *trip) (engine.Transition, error) { panic("boom") }}}})
	_, err := tour.Run(t.Context(), eng, trip{}, nil)
	if err == nil || err.Error() != "run 1: failed: panic: boom" {
		t.Errorf("Run = %v, want run 1: failed: panic: boom", err)
	}
	ev := history(t, eng, 1)[1]
	if ev.Kind != "attempt" || !strings.Contains(string(ev.Detail), "step_test.go") {
		t.Errorf("event = %s %s, want an attempt with a stack that names this file", ev.Kind, ev.Detail)
	}
}

// A recorded call is not made again once its record is committed, and a checkpoint takes the records
// before it along.
func TestRecordedCallsAreNotMadeAgain(t *testing.T) {
	t.Parallel()
	calls := map[string]int{}
	var keys []string
	tries := 0
	eng := newEngine(t, engine.Workflow[trip, string]{Name: tour, Steps: []engine.Step[trip]{{
		Name: "a", Retry: engine.Retry{Attempts: 5, Initial: time.Millisecond},
		Do: func(ctx *engine.Context, s *trip) (engine.Transition, error) {
			tries++
			for len(s.Cities) < 4 {
				city, err := engine.Do(ctx, "next", func(ctx context.Context) (string, error) {
					name := fmt.Sprintf("city %d", len(calls)+1)
					calls[name]++
					keys = append(keys, engine.CallKey(ctx))
					return name, nil
				})
				if err != nil {
					return engine.Transition{}, err
				}
				s.Cities = append(s.Cities, city)
				if len(s.Cities) == 2 && tries == 1 { // covered by this checkpoint: two calls
					if err := ctx.Save(); err != nil {
						return engine.Transition{}, err
					}
				}
				if len(s.Cities) == 3 && tries < 3 {
					return engine.Transition{}, errors.New("after the third call")
				}
			}
			return tour.Done(strings.Join(s.Cities, ", ")), nil
		},
	}}})
	got, err := tour.Run(t.Context(), eng, trip{}, nil)
	if want := "city 1, city 2, city 3, city 4"; err != nil || got != want {
		t.Fatalf("Run = %q, %v; want %q", got, err, want)
	}
	for name, n := range calls {
		if n != 1 {
			t.Errorf("%s was called %d times", name, n)
		}
	}
	slices.Sort(keys)
	if len(slices.Compact(keys)) != 4 || !strings.HasSuffix(keys[0], "/1/next/0") {
		t.Errorf("call keys = %q, want four different ones that end in /1/next/<n>", keys)
	}
}

// An interrupted Monte-Carlo ends bit-identical.
func TestRandIsPartOfTheCheckpoint(t *testing.T) {
	t.Parallel()
	type walk struct {
		I int     `json:"i"`
		X float64 `json:"x"`
	}
	const walking engine.Name[walk, float64] = "walking"
	interrupt := 0
	def := engine.Workflow[walk, float64]{Name: walking, Steps: []engine.Step[walk]{{
		Name: "walk", Retry: engine.Retry{Attempts: 9, Initial: time.Millisecond},
		Do: func(ctx *engine.Context, s *walk) (engine.Transition, error) {
			for s.I < 1000 {
				s.X += ctx.Rand().NormFloat64()
				s.I++
				if ctx.Due() {
					if err := ctx.Save(); err != nil {
						return engine.Transition{}, err
					}
				}
				if s.I%300 == 0 && interrupt > 0 {
					interrupt--
					return engine.Transition{}, errors.New("interrupted")
				}
			}
			return walking.Done(s.X), nil
		}}}}
	eng := newEngine(t, def)
	opts := &engine.StartOptions{Seed: new(int64(42)), Checkpoint: engine.Checkpoint{Every: 7}}
	want, err := walking.Run(t.Context(), eng, walk{}, opts)
	if err != nil {
		t.Fatal(err)
	}
	interrupt = 3
	got, err := walking.Run(t.Context(), eng, walk{}, opts)
	if err != nil || got != want {
		t.Errorf("interrupted walk ends at %v, %v; want %v", got, err, want)
	}
	if interrupt != 0 {
		t.Errorf("%d interruptions did not happen", interrupt)
	}
}

func TestOpenReportsAllFaultsTogether(t *testing.T) {
	t.Parallel()
	type leaky struct {
		A any
		b int
	}
	bad := engine.Workflow[leaky, int]{
		Name: "bad", Version: -1,
		Steps: []engine.Step[leaky]{{Name: "x", To: []string{"nowhere"}}, {Name: "x", Retry: engine.Retry{Jitter: 2}}},
	}
	_ = leaky{b: 1}.b
	_, err := engine.Open(t.Context(), engine.Config{Path: t.TempDir() + "/wf.db"}, bad, bad)
	if err == nil {
		t.Fatal("Open took it")
	}
	for _, want := range []string{
		"version -1", `two steps are called "x"`, "has no Do", `may go to "nowhere"`, "jitter 2", "A", "b", "defined twice",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the faults do not mention %q:\n%v", want, err)
		}
	}
}

// A transition that leads nowhere blocks the run behind its step: what the step did is committed, and
// a person sends the run on from there.
func TestATransitionThatLeadsNowhereKeepsTheState(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, engine.Workflow[trip, string]{Name: tour, Steps: []engine.Step[trip]{
		visit("a", engine.Goto("bee")),
		{Name: "b", Do: func(_ *engine.Context, s *trip) (engine.Transition, error) {
			return tour.Done(strings.Join(s.Cities, ",")), nil
		}},
	}})
	run, _, err := eng.StartHere(t.Context(), "tour", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil || run.Status != engine.Blocked {
		t.Fatalf("Execute = %s, %v; want blocked", run.Status, err)
	}
	if _, err = eng.Resume(t.Context(), run.ID, &engine.ResumeOptions{From: "b"}); err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil || string(run.Result) != `"a"` {
		t.Errorf("Execute = %s %s, %v; want completed with the city of step a", run.Status, run.Result, err)
	}
}
