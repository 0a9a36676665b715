package engine_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/internal/clock"
)

// crowd counts how many of its steps execute at the same time, and the most that ever did.
type crowd struct{ now, most, all atomic.Int64 }

func (c *crowd) flow() engine.Workflow[count, int64] {
	return oneStep("crowd", func(*engine.Context, *count) (engine.Transition, error) {
		n := c.now.Add(1)
		defer c.now.Add(-1)
		c.all.Add(1)
		for most := c.most.Load(); n > most && !c.most.CompareAndSwap(most, n); most = c.most.Load() {
		}
		time.Sleep(2 * time.Millisecond) // so that others could be there, too
		return engine.Done(n), nil
	})
}

func ptr[T any](v T) *T { return &v }

func setQueue(t testing.TB, eng *engine.Engine, name string, opts engine.QueueOptions) {
	t.Helper()
	if _, err := eng.SetQueue(t.Context(), name, opts); err != nil {
		t.Fatalf("SetQueue(%q): %v", name, err)
	}
}

// start enqueues a run of a workflow of this file's.
func start(t testing.TB, eng *engine.Engine, workflow string, opts engine.StartOptions) engine.Run {
	t.Helper()
	run, err := eng.Start(t.Context(), workflow, nil, &opts)
	if err != nil {
		t.Fatalf("Start(%q, %+v): %v", workflow, opts, err)
	}
	return run
}

// A queue's limit holds for all who work on the file, those in the foreground, too, and a place that becomes free is taken at
// once.
func TestQueueLimitHoldsEverywhere(t *testing.T) {
	t.Parallel()
	const runs, limit = 60, 3
	path := filepath.Join(t.TempDir(), "wf.db")
	var c crowd
	engines := []*engine.Engine{openEngine(t, engine.Config{Path: path}, c.flow()), openEngine(t, engine.Config{Path: path}, c.flow())}
	setQueue(t, engines[0], "mail", engine.QueueOptions{Concurrency: ptr(limit)})
	begun := time.Now()
	for _, eng := range engines {
		serve(t, eng)
	}
	var list []engine.Run
	for i := range runs {
		list = append(list, start(t, engines[i%2], "crowd", engine.StartOptions{Queue: "mail"}))
	}
	for range 3 {
		if _, err := engine.Name[count, int64]("crowd").Run(t.Context(), engines[0], count{}, &engine.StartOptions{Queue: "mail"}); err != nil {
			t.Errorf("in the foreground: %v", err)
		}
	}
	for _, run := range list {
		if got, err := engines[1].Wait(t.Context(), run.ID); err != nil || got.Status != engine.Completed {
			t.Fatalf("Wait: %v, %v", got.Status, err)
		}
	}
	if most := c.most.Load(); most != limit {
		t.Errorf("%d runs of the queue executed at the same time, want %d and never more", most, limit)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("all runs took %v: places that became free were not taken at once", took)
	}
}

// openAt opens an engine that goes by a clock of the test's, and serves it.
func openAt(t testing.TB, c *clock.Clock, defs ...engine.Definition) *engine.Engine {
	t.Helper()
	eng, err := engine.Open(clock.With(context.Background(), c), engine.Config{Path: filepath.Join(t.TempDir(), "wf.db")}, defs...)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			mustBeSound(t, eng)
		}
		if err := eng.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	serve(t, eng)
	for begun := time.Now(); !eng.Serving() && time.Since(begun) < 10*time.Second; { // else time could pass without it
		time.Sleep(time.Millisecond)
	}
	return eng
}

func advance(t testing.TB, c *clock.Clock, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.Advance(ctx, d, nil); err != nil {
		t.Fatalf("Advance(%v): %v", d, err)
	}
}

func TestQueueRate(t *testing.T) {
	t.Parallel()
	var c crowd
	now := clock.New(noon)
	eng := openAt(t, now, c.flow())
	setQueue(t, eng, "mail", engine.QueueOptions{Rate: ptr(10), Period: time.Minute})
	var last engine.Run
	for range 25 {
		last = start(t, eng, "crowd", engine.StartOptions{Queue: "mail"})
	}
	for _, tc := range []struct {
		pass time.Duration
		want int64
	}{{0, 10}, {5 * time.Second, 10}, {time.Second + time.Millisecond, 11}, {12 * time.Second, 13}, {42 * time.Second, 20}, {time.Minute, 25}} {
		advance(t, now, tc.pass)
		if got := c.all.Load(); got != tc.want {
			t.Errorf("at %v: %d runs have begun, want %d", now.Now().Sub(noon), got, tc.want)
		}
		if tc.pass == 5*time.Second {
			mustSay(t, eng, last.ID, "rate limit of queue mail, 10 per 1m0s: next start at 2026-10-24T12:00:06Z")
		}
	}
}

// mustSay checks what Why says of a run.
func mustSay(t testing.TB, eng *engine.Engine, id int64, want string) {
	t.Helper()
	if got, err := eng.Why(t.Context(), id); err != nil || !strings.Contains(got.Cause, want) {
		t.Errorf("Why(%d): %q, %v; want %q", id, got.Cause, err, want)
	}
}

func TestPauseQueue(t *testing.T) {
	t.Parallel()
	var c crowd
	eng := newEngine(t, c.flow())
	serve(t, eng)
	q, err := eng.PauseQueue(t.Context(), "mail", "the server is full")
	if err != nil || !q.Paused || q.Reason != "the server is full" || q.By == "" {
		t.Fatalf("PauseQueue: %+v, %v", q, err)
	}
	run := start(t, eng, "crowd", engine.StartOptions{Queue: "mail"})
	if done, err := eng.Wait(t.Context(), start(t, eng, "crowd", engine.StartOptions{}).ID); err != nil || done.Status != engine.Completed {
		t.Errorf("a run of another queue: %v, %v", done.Status, err)
	}
	mustSay(t, eng, run.ID, "queue mail is paused by "+q.By+": the server is full")
	if run, err = eng.Get(t.Context(), run.ID); err != nil || run.Status != engine.Pending {
		t.Errorf("a run of a paused queue is %s, %v", run.Status, err)
	}
	if _, err := eng.ResumeQueue(t.Context(), "mail"); err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Wait(t.Context(), run.ID); err != nil || run.Status != engine.Completed {
		t.Errorf("after ResumeQueue: %v, %v", run.Status, err)
	}
}

func TestWhyQueueIsFull(t *testing.T) {
	t.Parallel()
	gate, inside := make(chan struct{}), make(chan struct{})
	eng := newEngine(t, oneStep("gated", func(*engine.Context, *count) (engine.Transition, error) {
		inside <- struct{}{}
		<-gate
		return engine.Done(int64(0)), nil
	}))
	serve(t, eng)
	setQueue(t, eng, "mail", engine.QueueOptions{Concurrency: ptr(1)})
	start(t, eng, "gated", engine.StartOptions{Queue: "mail"})
	<-inside
	run := start(t, eng, "gated", engine.StartOptions{Queue: "mail"})
	mustSay(t, eng, run.ID, "queue mail is full: 1 of 1 runs execute")
	got, err := eng.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true})
	if err != nil || got.Status != engine.Pending {
		t.Errorf("Execute in a full queue: %s, %v; want it back pending", got.Status, err)
	}
	list, err := eng.Queues(t.Context())
	if err != nil || len(list) != 1 || list[0].Name != "mail" || list[0].Pending != 1 || list[0].Running != 1 || list[0].Concurrency != 1 {
		t.Errorf("Queues: %+v, %v", list, err)
	}
	setQueue(t, eng, "mail", engine.QueueOptions{Concurrency: ptr(0)}) // at once
	<-inside
	close(gate)
	if run, err = eng.Wait(t.Context(), run.ID); err != nil || run.Status != engine.Completed {
		t.Errorf("%v, %v", run.Status, err)
	}
}

// A run begins when it was told to, and its deadline counts from then.
func TestDelayedStart(t *testing.T) {
	t.Parallel()
	var c crowd
	now := clock.New(noon)
	flow := c.flow()
	flow.Deadline = time.Hour
	eng := openAt(t, now, flow)
	delayed := start(t, eng, "crowd", engine.StartOptions{Delay: time.Minute})
	at := start(t, eng, "crowd", engine.StartOptions{At: noon.Add(2 * time.Minute), Deadline: -1})
	past := start(t, eng, "crowd", engine.StartOptions{At: noon.Add(-time.Minute)})
	if delayed.Status != engine.Waiting || delayed.Waiting.Kind != "start" || !delayed.Due.Equal(noon.Add(time.Minute)) {
		t.Errorf("with a delay: %s for %q, due %v", delayed.Status, delayed.Waiting.Kind, delayed.Due)
	}
	for name, tc := range map[string]struct{ got, want time.Time }{
		"delayed":      {delayed.Deadline, noon.Add(time.Hour + time.Minute)},
		"without":      {at.Deadline, time.Time{}},
		"in the past":  {past.Deadline, noon.Add(time.Hour)},
		"of no option": {start(t, eng, "crowd", engine.StartOptions{Deadline: time.Second}).Deadline, noon.Add(time.Second)},
	} {
		if !tc.got.Equal(tc.want) {
			t.Errorf("deadline of a run %s: %v, want %v", name, tc.got, tc.want)
		}
	}
	mustSay(t, eng, delayed.ID, "2026-10-24T12:01:00Z")
	for _, want := range []int64{2, 3, 4} {
		if got := c.all.Load(); got > want {
			t.Errorf("at %v: %d runs have begun, want %d", now.Now().Sub(noon), got, want)
		}
		advance(t, now, time.Minute)
	}
	for _, run := range []engine.Run{delayed, at, past} {
		got, err := eng.Get(t.Context(), run.ID)
		if err != nil || got.Status != engine.Completed || run.Waiting.Kind != "" && got.Started.Before(run.Due) {
			t.Errorf("run %d: %s, begun %v, %v", run.ID, got.Status, got.Started, err)
		}
	}
}

// A run that is to begin later is executed in the foreground when its time has come.
func TestDelayInForeground(t *testing.T) {
	t.Parallel()
	var c crowd
	eng := newEngine(t, c.flow())
	begun := time.Now()
	_, err := engine.Name[count, int64]("crowd").Run(t.Context(), eng, count{}, &engine.StartOptions{Delay: 30 * time.Millisecond})
	if took := time.Since(begun); err != nil || took < 30*time.Millisecond {
		t.Errorf("Run with a delay: after %v, %v", took, err)
	}
}

func TestEntryOptionsAreChecked(t *testing.T) {
	t.Parallel()
	var c crowd
	eng := newEngine(t, c.flow())
	for name, opts := range map[string]engine.StartOptions{
		"negative delay":  {Delay: -1},
		"delay and time":  {Delay: 1, At: time.Now()},
		"control":         {Queue: "a\nb"},
		"space":           {Queue: " a"},
		"long":            {FairKey: strings.Repeat("x", 201)},
		"no text":         {FairKey: "\xff"},
		"fair key's case": {FairKey: "a "},
	} {
		_, err := eng.Start(t.Context(), "crowd", nil, &opts)
		if _, ok := errors.AsType[*engine.InputError](err); !ok {
			t.Errorf("%s: %v, want an *InputError", name, err)
		}
	}
	for name, opts := range map[string]engine.QueueOptions{
		"negative concurrency": {Concurrency: ptr(-1)},
		"negative rate":        {Rate: ptr(-1)},
		"period alone":         {Period: time.Second},
		"period of nothing":    {Rate: ptr(1), Period: time.Nanosecond},
	} {
		if q, err := eng.SetQueue(t.Context(), "mail", opts); err == nil {
			t.Errorf("SetQueue with %s: %+v", name, q)
		}
	}
	if _, err := eng.SetQueue(t.Context(), "", engine.QueueOptions{}); err == nil {
		t.Error("SetQueue without a name: no error")
	}
}

// A run with a priority begins before those that were enqueued earlier, and each key gets its turn.
func TestOrderOfAQueue(t *testing.T) {
	t.Parallel()
	var order []int64
	eng := openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), Workers: 1},
		oneStep("order", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
			order = append(order, ctx.Run().ID)
			return engine.Done(int64(0)), nil
		}))
	var runs []engine.Run
	for range 40 {
		runs = append(runs, start(t, eng, "order", engine.StartOptions{FairKey: "a"}))
	}
	b := start(t, eng, "order", engine.StartOptions{FairKey: "b"})
	high := start(t, eng, "order", engine.StartOptions{Priority: 1, FairKey: "a"})
	serve(t, eng)
	if _, err := eng.Wait(t.Context(), runs[39].ID); err != nil {
		t.Fatal(err)
	}
	if want := []int64{high.ID, runs[0].ID, b.ID, runs[1].ID}; len(order) != 42 || order[0] != want[0] || order[1] != want[1] || order[2] != want[2] || order[3] != want[3] {
		t.Errorf("order of %d runs: %v, want %v first", len(order), order, want)
	}
}

// P7: where a run would go on whose wait cannot be read is not guessed: it is blocked, and a person lets it go on where it is.
func TestUnreadableWaitBlocks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	eng := openEngine(t, engine.Config{Path: path}, nap(time.Hour, func() {}))
	run, _, err := eng.StartHere(t.Context(), "counting", nil, nil)
	if err == nil {
		run, err = eng.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true})
	}
	if err != nil || run.Status != engine.Waiting {
		t.Fatalf("%s, %v; want it waiting", run.Status, err)
	}
	mustExec(t, path, "UPDATE wf_runs SET wait = '{', due_us = 1")
	if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil || run.Status != engine.Blocked || !strings.Contains(run.Reason, "column wait") {
		t.Fatalf("%s because of %q, %v; want it blocked", run.Status, run.Reason, err)
	}
	if _, err = eng.Resume(t.Context(), run.ID, nil); err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil || run.Status != engine.Completed {
		t.Errorf("%s because of %q, %v; want it completed", run.Status, run.Reason, err)
	}
}
