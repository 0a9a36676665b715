package enginetest

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/internal/fault"
)

type none struct{}

// crashing is CrashEverywhere for a test that is expected to fail.
func crashing(w engine.Workflow[none, int], opts *CrashOptions) func(testing.TB) {
	return func(t testing.TB) {
		c := newCrash(w, none{}, opts)
		c.everywhere(t, func(_ string, fn func(testing.TB)) bool { fn(t); return !t.Failed() })
	}
}

func stepOf(do func(*engine.Context, *none) (engine.Transition, error)) engine.Workflow[none, int] {
	return engine.Workflow[none, int]{Name: "w", Steps: []engine.Step[none]{{Name: "first", Do: do}, {
		Name: "second",
		Do:   func(*engine.Context, *none) (engine.Transition, error) { return engine.Done(1), nil },
	}}}
}

// A step whose result depends on how often it was executed.
func TestCrashEverywhereFindsAnotherResult(t *testing.T) {
	t.Parallel()
	var runs atomic.Int64
	w := engine.Workflow[none, int]{Name: "w", Steps: []engine.Step[none]{{Name: "only", Do: func(ctx *engine.Context, _ *none) (engine.Transition, error) {
		return engine.Done(int(runs.Add(1))), nil
	}}}}
	mustFail(t, crashing(w, &CrashOptions{}), "how the runs ended", "completed 1", "completed 2")
}

// A run that cannot end even without a death, because a workflow that it spawns is not known.
func TestCrashEverywhereFindsARunThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	const stranger engine.Name[none, int] = "stranger"
	w := stepOf(func(*engine.Context, *none) (engine.Transition, error) {
		return engine.Spawn(slices.Values([]engine.Child{stranger.Child(none{}, nil)}), "second"), nil
	})
	mustFail(t, crashing(w, &CrashOptions{}), "without a death run 1", "blocked", `unknown workflow "stranger"`)
}

func makeTable(ctx context.Context, tx engine.Tx) error {
	_, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS ledger (line TEXT)")
	return err
}

// A step that writes to the user's table beside its transition, and not with it.
func TestCrashEverywhereFindsARepeatedEffect(t *testing.T) {
	t.Parallel()
	var present atomic.Pointer[engine.Engine]
	w := stepOf(func(ctx *engine.Context, _ *none) (engine.Transition, error) {
		eng := present.Load()
		if eng == nil {
			return engine.Transition{}, errors.New("not yet known")
		}
		return engine.Next(), eng.Tx(ctx, func(ctx context.Context, tx engine.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO ledger VALUES ('paid')")
			return err
		})
	})
	w.Steps[0].Retry = engine.Retry{Attempts: 100} // a new life may know the engine of the old one
	c := newCrash(w, none{}, &CrashOptions{Config: engine.Config{Setup: makeTable, Adopt: true}})
	start := c.start
	c.start = func(ctx context.Context, eng *engine.Engine) (engine.Run, error) {
		present.Store(eng)
		return start(ctx, eng)
	}
	mustFail(t, func(t testing.TB) {
		c.everywhere(t, func(_ string, fn func(testing.TB)) bool { fn(t); return !t.Failed() })
	}, "rows of the user's own tables", "[paid]")
}

// A call that is made again after its record was committed, and a history that is not what it was.
func TestCrashEverywhereFindsWhatDoesNotFollow(t *testing.T) {
	t.Parallel()
	run := func(seq int64, head string) engine.Run {
		return engine.Run{ID: 1, Seq: seq, Head: []byte(head), Keep: engine.KeepHistory}
	}
	e := end{
		known: map[string]int{"u/1/pay/0": 1}, called: map[string]int{"u/1/pay/0": 1, "u/1/pay/1": 1},
		past:    map[int64]engine.Run{1: run(3, "c"), 2: run(1, "a"), 3: run(5, "e")},
		present: map[int64]engine.Run{1: run(4, "d"), 3: run(4, "d")},
		hashes:  map[int64]map[int64]string{1: {3: "other"}},
	}
	mustFail(t, func(t testing.TB) { e.follows(t) },
		"call u/1/pay/0 was made again", "run 2 is gone", "run 3 went back from seq 5 to 4", "run 1: the history up to seq 3 is not what it was")
	golden := end{}
	mustFail(t, func(t testing.TB) { golden.compare(t, end{records: map[string]int{"u/1/pay/0": 2}}, nil) }, "call u/1/pay/0 was recorded 2 times")
}

// An engine that is dead has let its locks go, and what it was told is durable after the commit alone.
func TestTrialDiesWhereItIsTold(t *testing.T) {
	t.Parallel()
	w := stepOf(func(*engine.Context, *none) (engine.Transition, error) { return engine.Next(), nil })
	for _, tt := range []struct {
		moment fault.Moment
		runs   int
	}{{fault.BeforeCommit, 0}, {fault.AfterCommit, 1}} {
		c := newCrash(w, none{}, &CrashOptions{})
		c.create(t)
		world := c.newWorld(t)
		cut := fault.At(2, tt.moment) // the first is the worker, the second the start
		c.life(t, world, cut)
		if cut.Err() == nil {
			t.Fatal("it did not die")
		}
		if second := c.life(t, world, fault.At(0, tt.moment)); len(second.past) != tt.runs || len(second.present) != 1 {
			t.Errorf("moment %v: %d runs after the death and %d in the end, want %d and 1", tt.moment, len(second.past), len(second.present), tt.runs)
		}
	}
}
