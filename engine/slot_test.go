package engine_test

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// turns notes in which order runs begin, and holds each until it is let go.
type turns struct {
	mu    sync.Mutex
	begun []int64 // guarded by mu: their inputs
	enter chan int64
	goOn  chan bool
}

func newTurns() *turns { return &turns{enter: make(chan int64, 100), goOn: make(chan bool, 100)} }

func (o *turns) workflow() engine.Workflow[count, int64] {
	return oneStep("held", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		o.mu.Lock()
		o.begun = append(o.begun, s.N)
		o.mu.Unlock()
		o.enter <- s.N
		select {
		case <-o.goOn:
		case <-ctx.Done():
			return engine.Transition{}, ctx.Err()
		}
		return engine.Done(s.N), nil
	})
}

func (o *turns) list() []int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.begun)
}

// start starts the run with number n.
func (o *turns) start(t *testing.T, eng *engine.Engine, n int64, opts *engine.StartOptions) engine.Run {
	t.Helper()
	run, err := engine.Name[count, int64]("held").Start(t.Context(), eng, count{N: n}, opts)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// A started run executes at once in a free slot of its process: it is owned from its first commit on.
func TestStartTakesAFreeSlot(t *testing.T) {
	t.Parallel()
	o := newTurns()
	eng := newEngine(t, o.workflow())
	serve(t, eng)
	var run engine.Run
	for end := time.Now().Add(5 * time.Second); run.Status != engine.Running; time.Sleep(time.Millisecond) { // until Serve has opened its slots
		if run = o.start(t, eng, 1, nil); time.Now().After(end) {
			t.Fatalf("a start beside a free slot is %s", run.Status)
		}
		o.goOn <- true
		<-o.enter
	}
	if got, err := eng.Wait(t.Context(), run.ID); err != nil || got.Status != engine.Completed {
		t.Errorf("Wait = %s, %v", got.Status, err)
	}
	if got := kinds(t, eng, run.ID); !slices.Equal(got, []string{"created", "completed"}) {
		t.Errorf("history = %v", got)
	}
}

// A run that waits for a slot gets the one that becomes free, whoever is started meanwhile.
func TestStartGoesBehindWhatWaits(t *testing.T) {
	t.Parallel()
	o := newTurns()
	eng := openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), Workers: 1}, o.workflow())
	serve(t, eng)
	first := o.start(t, eng, 1, nil)
	<-o.enter
	const waiting = 20
	var last engine.Run
	for n := range int64(waiting) {
		o.start(t, eng, 2+2*n, nil) // waits: the slot is taken
		if n == 0 {
			o.goOn <- true
			if _, err := eng.Wait(t.Context(), first.ID); err != nil {
				t.Fatal(err)
			}
		}
		last = o.start(t, eng, 3+2*n, nil) // the slot is free, or about to be
	}
	for range 2 * waiting {
		o.goOn <- true
	}
	if _, err := eng.Wait(t.Context(), last.ID); err != nil {
		t.Fatal(err)
	}
	if got := o.list(); !slices.IsSorted(got) || len(got) != 1+2*waiting {
		t.Errorf("runs began in the order %v", got)
	}
}

// A queue keeps to its limits, however many slots are free, and does not let starts pass those who wait.
func TestStartKeepsToTheLimitsOfItsQueue(t *testing.T) {
	t.Parallel()
	o := newTurns()
	eng := newEngine(t, o.workflow())
	serve(t, eng)
	setQueue(t, eng, "one", engine.QueueOptions{Concurrency: ptr(1)})
	opts := &engine.StartOptions{Queue: "one"}
	var runs []engine.Run
	for n := range int64(4) {
		runs = append(runs, o.start(t, eng, n, opts))
	}
	for i, run := range runs {
		<-o.enter
		q, err := eng.Queues(t.Context())
		if err != nil || q[0].Running != 1 {
			t.Errorf("%+v execute, %v; want 1", q, err)
		}
		o.goOn <- true
		if _, err := eng.Wait(t.Context(), run.ID); err != nil {
			t.Fatal(err)
		}
		if i == 0 { // its place is for those who wait
			runs = append(runs, o.start(t, eng, 4, opts))
		}
	}
	<-o.enter
	o.goOn <- true
	if _, err := eng.Wait(t.Context(), runs[4].ID); err != nil {
		t.Fatal(err)
	}
	if got := o.list(); !slices.IsSorted(got) {
		t.Errorf("runs began in the order %v", got)
	}
	if _, err := eng.PauseQueue(t.Context(), "one", "a person looks"); err != nil {
		t.Fatal(err)
	}
	if run := o.start(t, eng, 5, opts); run.Status != engine.Pending {
		t.Errorf("a start in a paused queue is %s", run.Status)
	}
}

// A start that could not be written leaves the slot that was to be its own.
func TestStartThatFailsLeavesItsSlot(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	o := newTurns()
	withEngine(t, path, func(*engine.Engine) {}, o.workflow())
	hurdle(t, path, "wf_history", "run")
	eng := openEngine(t, engine.Config{Path: path, Workers: 1, Adopt: true}, o.workflow())
	serve(t, eng)
	o.goOn <- true
	o.start(t, eng, 0, nil)
	<-o.enter
	userSQL(t, eng, "INSERT INTO hurdle VALUES (0)")
	for range 100 { // also one that begins when Serve has looked
		if _, err := engine.Name[count, int64]("held").Start(t.Context(), eng, count{}, nil); err == nil {
			t.Fatal("a start was written that could not be")
		}
	}
	userSQL(t, eng, "DELETE FROM hurdle")
	o.goOn <- true
	run := o.start(t, eng, 1, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if got, err := eng.Wait(ctx, run.ID); err != nil {
		t.Errorf("Wait = %s, %v: no slot is free for it", got.Status, err)
	}
}
