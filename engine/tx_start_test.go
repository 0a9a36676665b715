package engine_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// startTx starts a run of counting in a transaction.
func startTx(t testing.TB, tx engine.Tx, n int64, opts *engine.StartOptions) int64 {
	t.Helper()
	run, err := counting.StartTx(tx, count{N: n}, opts)
	if err != nil || run.ID == 0 || run.Status != engine.Pending {
		t.Errorf("StartTx = %+v, %v", run, err)
	}
	return run.ID
}

// P4: a run that is started in a transaction is there if that is committed, and is then executed.
func TestStartTxStartsWhatItsTransactionCommits(t *testing.T) {
	t.Parallel()
	w := oneStep("parent", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		_, err := engine.DoTx(ctx, "start", func(ctx context.Context, tx engine.Tx) (int64, error) {
			return startTx(t, tx, 1, nil), enter(ctx, tx, fmt.Sprint("call of ", s.N))
		})
		return engine.Done(s.I).Tx(func(ctx context.Context, tx engine.Tx) error {
			startTx(t, tx, 2, nil)
			if s.N == 1 { // to be undone
				return engine.Permanent(errors.New("no"))
			}
			return enter(ctx, tx, "transition")
		}), err
	})
	eng := openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), Setup: func(ctx context.Context, tx engine.Tx) error {
		startTx(t, tx, 3, nil)
		return createBook(ctx, tx)
	}}, w, countTo(nil))
	serve(t, eng)
	if _, err := w.Name.Run(t.Context(), eng, count{N: 0}, nil); err != nil {
		t.Errorf("Run: %v", err)
	}
	_, err := w.Name.Run(t.Context(), eng, count{N: 1}, nil)
	if failed, ok := errors.AsType[*engine.RunError](err); !ok || failed.Reason != "tx: no" {
		t.Errorf("a run whose Tx fails: %v", err)
	}
	if err := eng.Tx(t.Context(), func(_ context.Context, tx engine.Tx) error {
		startTx(t, tx, 4, nil)
		startTx(t, tx, 4, nil)
		return nil
	}); err != nil {
		t.Errorf("Tx: %v", err)
	}
	if err := eng.Tx(t.Context(), func(_ context.Context, tx engine.Tx) error {
		startTx(t, tx, 5, nil)
		return errors.New("no")
	}); err == nil {
		t.Error("Tx: nil, want its error")
	}
	var totals []int64
	runs, err := eng.List(t.Context(), engine.RunFilter{Workflows: []string{"counting"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range runs {
		total, err := counting.Wait(t.Context(), eng, run.ID)
		if err != nil {
			t.Errorf("run %d: %v", run.ID, err)
		}
		totals = append(totals, total)
	}
	slices.Sort(totals)
	if want := []int64{1, 1, 3, 6, 10, 10}; !slices.Equal(totals, want) { // 1 + … + N
		t.Errorf("runs counted to %v, want %v", totals, want)
	}
}

func TestStartTxRefuses(t *testing.T) {
	t.Parallel()
	eng := newBook(t, countTo(nil))
	var first int64
	if err := eng.Tx(t.Context(), func(ctx context.Context, tx engine.Tx) error {
		first = startTx(t, tx, 1, &engine.StartOptions{Key: "k"})
		if again := startTx(t, tx, 1, &engine.StartOptions{Key: "k"}); again != first {
			t.Errorf("the key stands for run %d, and then for %d", first, again)
		}
		if _, err := counting.StartTx(tx, count{N: 2}, &engine.StartOptions{Key: "k"}); !errors.Is(err, engine.ErrKeyConflict) {
			t.Errorf("another input with the key: %v, want ErrKeyConflict", err)
		}
		if _, err := counting.StartTx(tx, count{N: 1}, &engine.StartOptions{Key: "k", OnKey: engine.KeyReject}); !errors.Is(err, engine.ErrKeyTaken) {
			t.Errorf("a key that is taken and may not be: %v, want ErrKeyTaken", err)
		}
		_, err := counting.StartTx(tx, count{N: -1}, nil)
		if _, ok := errors.AsType[*engine.InputError](err); !ok {
			t.Errorf("a bad input: %v, want an *InputError", err)
		}
		if _, err := engine.Name[count, int64]("unknown").StartTx(tx, count{}, nil); !errors.Is(err, engine.ErrWorkflowUnknown) {
			t.Errorf("an unknown workflow: %v", err)
		}
		if _, err := counting.StartTx(struct{ engine.Tx }{tx}, count{}, nil); err == nil {
			t.Error("a Tx that is not the engine's was accepted")
		}
		if _, err := counting.StartTx(nil, count{}, nil); err == nil {
			t.Error("no Tx was accepted")
		}
		return enter(ctx, tx, "goes on")
	}); err != nil {
		t.Errorf("Tx: %v", err)
	}
	var kept engine.Tx
	if err := eng.Tx(t.Context(), func(_ context.Context, tx engine.Tx) error {
		kept = tx
		if again := startTx(t, tx, 1, &engine.StartOptions{Key: "k"}); again != first {
			t.Errorf("the key stands for run %d, and in the next transaction for %d", first, again)
		}
		return nil
	}); err != nil {
		t.Errorf("Tx: %v", err)
	}
	if _, err := counting.StartTx(kept, count{}, nil); err == nil {
		t.Error("a transaction that is over has started a run")
	}
	runs, err := eng.List(t.Context(), engine.RunFilter{})
	if err != nil || len(runs) != 1 || !slices.Equal(book(t, eng), []string{"goes on"}) {
		t.Errorf("%d runs, %v, the book says %q; want one of each", len(runs), err, book(t, eng))
	}
}
