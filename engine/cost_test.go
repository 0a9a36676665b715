package engine_test

import (
	"cmp"
	"context"
	"flag"
	"path/filepath"
	"slices"
	"testing"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/internal/costs"
	"github.com/durable-wf/wf/engine/internal/tally"
)

var update = flag.Bool("update", false, "write into the documents what was counted")

// What programs do costs what docs/architecture.md promises, however fast the machine is.
func TestCostOfRuns(t *testing.T) {
	t.Parallel()
	counted := map[string]tally.Counts{
		"opening a file":                                     costOfOpening(t),
		"a run of one step, in the foreground":               costInForeground(t),
		"a run of one pure step, in the foreground":          costOfPureRun(t),
		"a run of one step, beside a worker":                 costBesideWorker(t),
		"each further step":                                  costOfStep(t),
		"100 pure steps, while the writer is busy":           costOfPure(t),
		"a save that is waited for":                          costOfSave(t),
		"a recorded call":                                    costOfCall(t),
		"a signal, until the step that it wakes begins":      costOfSignal(t),
		"the transition that spawns 1,000 children":          costOfSpawn(t),
		"a resume, until its step begins, of 10 transitions": costOfResume(t, 10),
		"a resume, until its step begins, of 1,000":          costOfResume(t, 1000),
	}
	document := costs.Document{Path: filepath.Join("..", "docs", "architecture.md"), Update: *update}
	document.Compare(t, "What programs do, alone in a file:", counted)
}

// meter is an engine whose statements are counted, lap by lap.
type meter struct {
	*engine.Engine
	tally *tally.Tally
	laps  []tally.Counts
}

// laps are how many of a kind are counted. The least is what they cost: once a second a run's older state is kept, and a
// worker looks around now and then.
const laps = 9

func newMeter(t *testing.T, o engine.Observer, defs ...engine.Definition) *meter {
	t.Helper()
	m := &meter{tally: tally.New()}
	m.open(t, filepath.Join(t.TempDir(), "wf.db"), o, defs...)
	return m
}

func (m *meter) open(t *testing.T, path string, o engine.Observer, defs ...engine.Definition) {
	t.Helper()
	eng, err := engine.Open(tally.With(context.Background(), m.tally), engine.Config{Path: path, Observer: o}, defs...)
	if err != nil {
		t.Fatal(err)
	}
	m.Engine = eng
	t.Cleanup(func() {
		if err := eng.Close(); err != nil {
			t.Error(err)
		}
	})
}

// begin begins a lap, and lap ends it.
func (m *meter) begin() { m.tally.Take() }
func (m *meter) lap()   { m.laps = append(m.laps, m.tally.Take()) }

// least returns the laps' least costs.
func (m *meter) least(t *testing.T) tally.Counts {
	t.Helper()
	if len(m.laps) == 0 {
		t.Fatal("nothing was counted")
	}
	return slices.MinFunc(m.laps, func(a, b tally.Counts) int {
		x, y := a.Cost(), b.Cost()
		return cmp.Or(x.Commits-y.Commits, x.Statements-y.Statements)
	})
}

func costInForeground(t *testing.T) tally.Counts {
	t.Helper()
	m := newMeter(t, engine.Observer{}, countTo(nil))
	for range laps {
		m.begin()
		mustTotal(t, 1)(counting.Run(t.Context(), m.Engine, count{N: 1}, nil))
		m.lap()
	}
	return m.least(t)
}

func costOfPureRun(t *testing.T) tally.Counts {
	t.Helper()
	m := newMeter(t, engine.Observer{}, climb(true, nil))
	for range laps {
		m.begin()
		mustTotal(t, 0)(climbing.Run(t.Context(), m.Engine, count{}, nil))
		m.lap()
	}
	return m.least(t)
}

func costBesideWorker(t *testing.T) tally.Counts {
	t.Helper()
	m := newMeter(t, engine.Observer{}, countTo(nil))
	serve(t, m.Engine)
	for range laps {
		m.begin()
		run, err := counting.Start(t.Context(), m.Engine, count{N: 1}, nil)
		if err != nil {
			t.Fatal(err)
		}
		mustTotal(t, 1)(counting.Wait(t.Context(), m.Engine, run.ID))
		m.lap()
	}
	return m.least(t)
}

func mustTotal(t *testing.T, want int64) func(int64, error) {
	return func(got int64, err error) {
		t.Helper()
		if err != nil || got != want {
			t.Fatalf("result = %d, %v, want %d", got, err, want)
		}
	}
}

// mostPrepared are how many statements may be prepared while a file is opened: each command of the command line waits for
// them.
const mostPrepared = 4

func costOfOpening(t *testing.T) tally.Counts {
	t.Helper()
	m := newMeter(t, engine.Observer{})
	path := m.Path()
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	m.begin()
	m.open(t, path, engine.Observer{})
	m.lap()
	prepared := 0
	for _, n := range m.laps[0].Prepared {
		prepared += n
	}
	t.Logf("opening a file prepares %d statements", prepared)
	if prepared > mostPrepared {
		t.Errorf("opening a file prepares %d statements, want at most %d", prepared, mostPrepared)
	}
	return m.least(t)
}

// costOfStep counts from one visit of a step to the next.
func costOfStep(t *testing.T) tally.Counts {
	t.Helper()
	var m *meter
	m = newMeter(t, engine.Observer{}, oneStep("steps", func(_ *engine.Context, s *count) (engine.Transition, error) {
		if s.I++; s.I > 1 {
			m.lap()
		}
		if m.begin(); s.I > laps {
			return engine.Done(s.I), nil
		}
		return engine.Repeat(), nil
	}))
	mustTotal(t, laps+1)(engine.Name[count, int64]("steps").Run(t.Context(), m.Engine, count{}, nil))
	return m.least(t)
}

// costOfPure counts the commit of pure steps that have run ahead of a writer that was busy.
func costOfPure(t *testing.T) tally.Counts {
	t.Helper()
	const steps = 100
	busy, free := make(chan struct{}), make(chan struct{})
	commits := make(chan tally.Counts, 9)
	var m *meter
	m = newMeter(t, engine.Observer{CommitEnded: func(engine.CommitEvent) { commits <- m.tally.Take() }},
		climb(true, func(_ *engine.Context, s *count) error {
			switch s.I {
			case 1:
				go m.Tx(context.Background(), func(context.Context, engine.Tx) error { close(busy); <-free; return nil })
				<-busy
				for len(commits) > 0 { // of what was before
					<-commits
				}
			case steps:
				close(free)
				<-commits // of what kept the writer busy
				m.laps = append(m.laps, <-commits)
			}
			return nil
		}))
	mustTotal(t, steps*(steps+1)/2)(climbing.Run(t.Context(), m.Engine, count{N: steps}, nil))
	return m.least(t)
}

// costOfSave counts what becomes durable before the loop goes on.
func costOfSave(t *testing.T) tally.Counts {
	t.Helper()
	return costWithin(t, &engine.StartOptions{Checkpoint: engine.Checkpoint{Every: 1}}, (*engine.Context).Save)
}

func costOfCall(t *testing.T) tally.Counts {
	t.Helper()
	return costWithin(t, nil, func(ctx *engine.Context) error {
		return engine.Exec(ctx, "call", func(context.Context) error { return nil })
	})
}

// costWithin counts what something costs within a step.
func costWithin(t *testing.T, opts *engine.StartOptions, do func(*engine.Context) error) tally.Counts {
	t.Helper()
	var m *meter
	m = newMeter(t, engine.Observer{}, oneStep("within", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		for s.I = range laps {
			m.begin()
			if err := do(ctx); err != nil {
				return engine.Transition{}, err
			}
			m.lap()
		}
		return engine.Done(s.I), nil
	}))
	mustTotal(t, laps-1)(engine.Name[count, int64]("within").Run(t.Context(), m.Engine, count{}, opts))
	return m.least(t)
}

func costOfSignal(t *testing.T) tally.Counts {
	t.Helper()
	waits := make(chan struct{}, 1)
	woke := make(chan struct{})
	var m *meter
	m = newMeter(t, engine.Observer{RunWaiting: func(engine.Run) { waits <- struct{}{} }}, parcelWaits(func() {
		m.lap()
		woke <- struct{}{}
	}))
	serve(t, m.Engine)
	run, err := parcels.Start(t.Context(), m.Engine, parcel{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range laps {
		<-waits
		m.begin()
		if err := packed.Send(t.Context(), m.Engine, run.ID, packing{}, nil); err != nil {
			t.Fatal(err)
		}
		<-woke
	}
	<-waits
	return m.least(t)
}

// parcelWaits is a workflow that waits for signals for ever, and calls woken for each.
func parcelWaits(woken func()) engine.Workflow[parcel, []string] {
	return engine.Workflow[parcel, []string]{Name: parcels, Signals: []engine.AnySignal{packed}, Steps: []engine.Step[parcel]{
		{Name: "wait", Do: func(*engine.Context, *parcel) (engine.Transition, error) { return packed.Await("packed"), nil }},
		{Name: "packed", Do: func(*engine.Context, *parcel) (engine.Transition, error) {
			woken()
			return engine.Goto("wait"), nil
		}},
	}}
}

func costOfSpawn(t *testing.T) tally.Counts {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var m *meter
	m = newMeter(t, engine.Observer{RunWaiting: func(engine.Run) { m.lap(); stop() }}, square(nil), parent(func() engine.Transition {
		m.begin()
		return engine.Spawn(squaresOf(1000), "join")
	}))
	if _, err := family.Run(ctx, m.Engine, parcel{}, nil); err == nil {
		t.Error("the family was not stopped")
	}
	return m.least(t)
}

// costOfResume counts what it takes to go on with a run that was stopped after so many transitions, from the call to the
// first line of its step.
func costOfResume(t *testing.T, transitions int64) tally.Counts {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stopped := false
	var m *meter
	m = newMeter(t, engine.Observer{}, oneStep("long", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		switch s.I++; {
		case s.I < transitions:
			return engine.Repeat(), nil
		case !stopped:
			stopped = true
			stop()
			<-ctx.Done()
			return engine.Transition{}, ctx.Err()
		}
		m.lap()
		return engine.Done(s.I), nil
	}))
	long := engine.Name[count, int64]("long")
	if _, err := long.Run(ctx, m.Engine, count{}, nil); err == nil {
		t.Fatal("the run was not stopped")
	}
	m.begin()
	if run, err := m.Execute(t.Context(), 1, nil); err != nil || run.Status != engine.Completed {
		t.Errorf("Execute = %s, %v", run.Status, err)
	}
	return m.least(t)
}
