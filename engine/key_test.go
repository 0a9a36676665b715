package engine_test

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// endingAs is a workflow whose runs end as their input says.
func endingAs() engine.Workflow[count, int64] {
	return oneStep("ending", func(_ *engine.Context, s *count) (engine.Transition, error) {
		if s.N == 0 {
			return engine.Transition{}, errors.New("no")
		}
		return engine.Done(s.N), nil
	})
}

// A key policy says which run a start with a key that is taken gets.
func TestKeyPolicy(t *testing.T) {
	t.Parallel()
	const same, fresh = "the run", "a new run"
	errs := map[string]error{"conflict": engine.ErrKeyConflict, "taken": engine.ErrKeyTaken, "removed": engine.ErrRunNotFound}
	for _, tt := range []struct {
		policy                                engine.KeyPolicy
		open, completed, failed, other, prune string // what a start gets while the run is so; other: completed, with another input
	}{
		{"", same, same, same, "conflict", "removed"},
		{engine.KeyReturn, same, same, same, "conflict", "removed"},
		{engine.KeyRetry, same, same, fresh, "conflict", "removed"},
		{engine.KeyReuse, same, fresh, fresh, fresh, fresh},
		{engine.KeyReject, "taken", "taken", "taken", "taken", "taken"},
	} {
		t.Run(string(tt.policy), func(t *testing.T) {
			t.Parallel()
			w := endingAs()
			eng := newEngine(t, w)
			start := func(key string, n int64, want string, old int64) int64 {
				t.Helper()
				run, err := w.Name.Start(t.Context(), eng, count{N: n}, &engine.StartOptions{Key: key, OnKey: tt.policy})
				switch {
				case errs[want] != nil:
					if !errors.Is(err, errs[want]) {
						t.Errorf("%s: Start = run %d, %v; want %v", key, run.ID, err, errs[want])
					}
				case err != nil || (run.ID == old) != (want == same):
					t.Errorf("%s: Start = run %d, %v; want %s (it was %d)", key, run.ID, err, want, old)
				}
				return run.ID
			}
			first := func(key string, n int64) int64 { return start(key, n, fresh, 0) }
			end := func(id int64) {
				t.Helper()
				if _, err := eng.Execute(t.Context(), id, nil); err != nil {
					t.Fatal(err)
				}
			}
			open := first("open", 1)
			start("open", 1, tt.open, open)

			completed := first("completed", 1)
			end(completed)
			start("completed", 1, tt.completed, completed)

			failed := first("failed", 0)
			end(failed)
			start("failed", 0, tt.failed, failed)

			other := first("other", 1)
			end(other)
			start("other", 2, tt.other, other)

			pruned := first("pruned", 1)
			end(pruned)
			if _, err := eng.Prune(t.Context(), engine.Retention{}); err != nil {
				t.Fatal(err)
			}
			start("pruned", 1, tt.prune, pruned)
		})
	}
}

// A key that a later run has taken over is not touched by what becomes of the earlier one, and the later one
// is what the key finds.
func TestKeyTakenOver(t *testing.T) {
	t.Parallel()
	w := endingAs()
	eng := newEngine(t, w) // which is checked at the end: a key agrees with the run that has it
	opts := &engine.StartOptions{Key: "k", OnKey: engine.KeyRetry}
	run, err := w.Name.Start(t.Context(), eng, count{}, opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := eng.Execute(t.Context(), run.ID, nil); err != nil {
		t.Fatal(err)
	}
	later, err := w.Name.Start(t.Context(), eng, count{N: 5}, opts) // with the input mended
	if err != nil || later.ID == run.ID {
		t.Fatalf("Start = run %d, %v; want a new one", later.ID, err)
	}
	if found, err := eng.Find(t.Context(), "k"); err != nil || found.ID != later.ID {
		t.Errorf("the key finds run %d, %v; want %d", found.ID, err, later.ID)
	}
	if _, err := eng.Retry(t.Context(), run.ID, nil); !errors.Is(err, engine.ErrKeyTaken) {
		t.Errorf("Retry of the run before: %v, want ErrKeyTaken", err)
	}
	if later, err = eng.Execute(t.Context(), later.ID, nil); err != nil || later.Status != engine.Completed {
		t.Errorf("the later run: %s, %v", later.Status, err)
	}
}

// Of several processes that start with the same key at the same time, one makes a run, whatever the policy.
func TestKeyRace(t *testing.T) {
	t.Parallel()
	for _, policy := range []engine.KeyPolicy{engine.KeyReturn, engine.KeyRetry, engine.KeyReuse} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "wf.db")
			w := endingAs()
			engines := []*engine.Engine{openEngine(t, engine.Config{Path: path}, w), openEngine(t, engine.Config{Path: path}, w)}
			ids := make([]int64, 40)
			var group sync.WaitGroup
			for i := range ids {
				group.Go(func() {
					run, err := w.Name.Start(t.Context(), engines[i%2], count{N: 1}, &engine.StartOptions{Key: "k", OnKey: policy})
					if err != nil {
						t.Error(err)
					}
					ids[i] = run.ID
				})
			}
			group.Wait()
			for _, id := range ids {
				if id != 1 {
					t.Fatalf("runs %v, want one", ids)
				}
			}
		})
	}
}

// A policy that nobody knows starts nothing.
func TestKeyPolicyUnknown(t *testing.T) {
	t.Parallel()
	w := endingAs()
	_, err := w.Name.Start(t.Context(), newEngine(t, w), count{}, &engine.StartOptions{Key: "k", OnKey: "replace"})
	if _, ok := errors.AsType[*engine.InputError](err); !ok {
		t.Errorf("Start = %v, want an *InputError", err)
	}
}
