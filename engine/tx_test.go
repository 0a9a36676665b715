package engine_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// createBook is a Setup with a table of the user's own.
func createBook(ctx context.Context, tx engine.Tx) error {
	_, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS book (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)")
	return err
}

// enter writes a row to the book.
func enter(ctx context.Context, tx engine.Tx, text string) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO book (text) VALUES (?)", text)
	return err
}

// newBook opens an engine on a new file that has a book.
func newBook(t testing.TB, defs ...engine.Definition) *engine.Engine {
	t.Helper()
	return openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), Setup: createBook}, defs...)
}

// book returns what the book says.
func book(t testing.TB, eng *engine.Engine) []string {
	t.Helper()
	var rows []string
	if err := eng.Tx(context.Background(), func(ctx context.Context, tx engine.Tx) error {
		return tx.SelectContext(ctx, &rows, "SELECT text FROM book ORDER BY id")
	}); err != nil {
		t.Fatalf("reading the book: %v", err)
	}
	return rows
}

// P4: what a transition writes through its Tx commits with it or not at all. Whatever else the function
// does fails its attempt alone, which leaves nothing behind, and the run goes on with the next.
func TestTxOfATransitionCommitsWithItOrFailsItsAttempt(t *testing.T) {
	t.Parallel()
	statement := func(sql string) func(context.Context, engine.Tx, *engine.Engine) error {
		return func(ctx context.Context, tx engine.Tx, _ *engine.Engine) error {
			_, err := tx.ExecContext(ctx, sql)
			return err
		}
	}
	for _, test := range []struct {
		name string
		then func(ctx context.Context, tx engine.Tx, eng *engine.Engine) error // after a row was written
		want string                                                            // part of the error; "" if there is none
	}{
		{"nothing", func(context.Context, engine.Tx, *engine.Engine) error { return nil }, ""},
		{"error", func(context.Context, engine.Tx, *engine.Engine) error { return errors.New("no money") }, "tx: no money"},
		{"panic", func(context.Context, engine.Tx, *engine.Engine) error { panic("boom") }, "panic: boom"},
		{"goexit", func(context.Context, engine.Tx, *engine.Engine) error { runtime.Goexit(); return nil }, "ended its goroutine"},
		{"constraint", statement("INSERT INTO book (text) VALUES ('first')"), "UNIQUE constraint failed"},
		{"constraint that rolls back", statement("INSERT OR ROLLBACK INTO book (text) VALUES ('first')"), "UNIQUE constraint failed"},
		{"error that is ignored", func(ctx context.Context, tx engine.Tx, eng *engine.Engine) error {
			_ = statement("INSERT INTO book (text) VALUES ('first')")(ctx, tx, eng)
			return nil
		}, ""},
		{"commit", statement("COMMIT"), "not allowed"},
		{"rollback", statement("ROLLBACK"), "not allowed"},
		{"pragma", statement("PRAGMA synchronous = OFF"), "not allowed"},
		{"pragma of another kind", statement("PRAGMA wal_checkpoint"), "not allowed"},
		{"how durable it is", func(ctx context.Context, tx engine.Tx, _ *engine.Engine) error {
			var level int
			if err := tx.GetContext(ctx, &level, "PRAGMA synchronous"); err != nil || level != 2 {
				return fmt.Errorf("PRAGMA synchronous is %d, want 2; %w", level, err)
			}
			return nil
		}, ""},
		{"attach", statement("ATTACH ':memory:' AS other"), "not allowed"},
		{"write to wf_runs", statement("UPDATE wf_runs SET status = 'completed'"), "not allowed"},
		{"write to wf_history", statement("DELETE FROM wf_history"), "not allowed"},
		{"call of the engine that writes", func(ctx context.Context, _ engine.Tx, eng *engine.Engine) error {
			_, err := eng.Start(ctx, "tx", nil, nil)
			return err
		}, engine.ErrInTx.Error()},
		{"call of the engine that reads", func(ctx context.Context, _ engine.Tx, eng *engine.Engine) error {
			_, err := eng.Get(ctx, 1)
			return err
		}, engine.ErrInTx.Error()},
		{"transaction within", func(ctx context.Context, _ engine.Tx, eng *engine.Engine) error {
			return eng.Tx(ctx, func(context.Context, engine.Tx) error { return nil })
		}, engine.ErrInTx.Error()},
		{"rows left open", func(ctx context.Context, tx engine.Tx, _ *engine.Engine) error {
			_, err := tx.QueryContext(ctx, "SELECT 1 UNION ALL SELECT 2") //nolint:sqlclosecheck,rowserrcheck // that is the test
			return err
		}, ""},
		{"goroutine that writes later", func(ctx context.Context, tx engine.Tx, _ *engine.Engine) error {
			go func() { // ends with the transaction
				<-ctx.Done()
				_ = enter(ctx, tx, "late")
			}()
			return nil
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var eng *engine.Engine
			w := engine.Workflow[count, int64]{Name: "tx", Steps: []engine.Step[count]{
				{Name: "write", Retry: engine.Retry{Attempts: 2, Initial: time.Millisecond}, Do: func(ctx *engine.Context, s *count) (engine.Transition, error) {
					s.I++ // is discarded with the attempt
					first := ctx.Run().Attempt == 1
					return engine.Next().Tx(func(ctx context.Context, tx engine.Tx) error {
						if err := enter(ctx, tx, "row"); err != nil || !first {
							return err
						}
						return test.then(ctx, tx, eng)
					}), nil
				}},
				{Name: "end", Do: func(_ *engine.Context, s *count) (engine.Transition, error) { return engine.Done(s.I), nil }},
			}}
			eng = newBook(t, w)
			if err := eng.Tx(t.Context(), func(ctx context.Context, tx engine.Tx) error { return enter(ctx, tx, "first") }); err != nil {
				t.Fatal(err)
			}
			got, err := w.Name.Run(t.Context(), eng, count{}, nil)
			if err != nil || got != 1 {
				t.Fatalf("Run = %d, %v; want 1", got, err)
			}
			if rows := book(t, eng); !slices.Equal(rows, []string{"first", "row"}) {
				t.Errorf("the book says %q, want first and row", rows)
			}
			var failures []engine.Event
			for _, ev := range history(t, eng, 1) {
				if ev.Kind == "attempt" {
					failures = append(failures, ev)
				}
			}
			switch {
			case test.want == "" && len(failures) == 0:
			case test.want != "" && len(failures) == 1 && strings.Contains(failures[0].Error, test.want):
			default:
				t.Errorf("failed attempts: %+v, want one with %q", failures, test.want)
			}
			if test.name == "panic" && !strings.Contains(string(failures[0].Detail), "tx_test.go") {
				t.Errorf("detail = %s, want a stack that names this file", failures[0].Detail)
			}
		})
	}
}

// A Tx has 5 seconds, and Setup as long as the caller of Open has.
func TestTxHasLimitsOfTime(t *testing.T) {
	t.Parallel()
	var both sync.WaitGroup
	both.Go(func() {
		forever := make(chan struct{})
		defer close(forever)
		w := oneStep("tx", func(ctx *engine.Context, s *count) (engine.Transition, error) {
			first := ctx.Run().Attempt == 1
			return engine.Done(s.I).Tx(func(ctx context.Context, tx engine.Tx) error {
				if first {
					_ = enter(ctx, tx, "lost")
					<-forever
				}
				return enter(ctx, tx, "row")
			}), nil
		})
		w.Steps[0].Retry = engine.Retry{Attempts: 2, Initial: time.Millisecond}
		eng := newBook(t, w)
		if _, err := w.Name.Run(t.Context(), eng, count{}, nil); err != nil {
			t.Errorf("Run: %v", err)
		}
		if ev := history(t, eng, 1)[1]; ev.Kind != "attempt" || !strings.Contains(ev.Error, "longer than 5s") {
			t.Errorf("event = %s %s, want an attempt that took too long", ev.Kind, ev.Error)
		}
		if got := book(t, eng); !slices.Equal(got, []string{"row"}) {
			t.Errorf("the book says %q, want row", got)
		}
	})
	both.Go(func() {
		eng := openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), Setup: func(ctx context.Context, tx engine.Tx) error {
			select {
			case <-time.After(5100 * time.Millisecond):
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			return createBook(ctx, tx)
		}})
		book(t, eng)
	})
	both.Wait()
}

// The engine goes on under its own lease, with the run's other work, after a Tx has failed for good.
func TestTxThatFailsForGoodFailsTheRun(t *testing.T) {
	t.Parallel()
	for _, end := range []engine.Transition{engine.Goto("only"), engine.Done(int64(7))} {
		t.Run(end.String(), func(t *testing.T) {
			t.Parallel()
			w := oneStep("tx", func(*engine.Context, *count) (engine.Transition, error) {
				return end.Tx(func(ctx context.Context, tx engine.Tx) error {
					return errors.Join(enter(ctx, tx, "row"), engine.Permanent(errors.New("no money")))
				}), nil
			})
			w.Steps[0].Retry.Attempts = 5
			eng := newBook(t, w)
			_, err := w.Name.Run(t.Context(), eng, count{}, nil)
			failed, ok := errors.AsType[*engine.RunError](err)
			if !ok || failed.Status != engine.Failed || failed.Reason != "tx: no money" {
				t.Errorf("Run = %v, want failed: tx: no money", err)
			}
			if got := kinds(t, eng, 1); !slices.Equal(got, []string{"created", "attempt", "failed"}) || len(book(t, eng)) != 0 {
				t.Errorf("events %v, book %q; want one attempt and an empty book", got, book(t, eng))
			}
		})
	}
}

// One run's Tx that fails takes nobody with it who shares its commit.
func TestTxFailsAlone(t *testing.T) {
	t.Parallel()
	w := oneStep("tx", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		return engine.Done(s.N).Tx(func(ctx context.Context, tx engine.Tx) error {
			if s.N%3 == 0 {
				_, err := tx.ExecContext(ctx, "INSERT OR ROLLBACK INTO book (text) VALUES ('same'), ('same')") // the whole transaction
				return err
			}
			return enter(ctx, tx, fmt.Sprint(s.N))
		}), nil
	})
	eng := newBook(t, w)
	const runs = 30
	var all sync.WaitGroup
	for n := range int64(runs) {
		all.Go(func() {
			_, err := w.Name.Run(t.Context(), eng, count{N: n}, nil)
			if failed := n%3 == 0; (err != nil) != failed {
				t.Errorf("run with N = %d: %v, want failed: %v", n, err, failed)
			}
		})
	}
	all.Wait()
	if got := book(t, eng); len(got) != runs*2/3 || slices.Contains(got, "same") {
		t.Errorf("the book says %q, want %d rows of the others", got, runs*2/3)
	}
}

func TestTxOfTheEngine(t *testing.T) {
	t.Parallel()
	eng := newBook(t)
	ctx := t.Context()
	cause := errors.New("no")
	if err := eng.Tx(ctx, func(ctx context.Context, tx engine.Tx) error { return errors.Join(enter(ctx, tx, "a"), cause) }); !errors.Is(err, cause) {
		t.Errorf("Tx = %v, want the function's error", err)
	}
	err := eng.Tx(ctx, func(ctx context.Context, tx engine.Tx) error { _ = enter(ctx, tx, "b"); panic("boom") })
	if p, ok := errors.AsType[*engine.PanicError](err); !ok || p.Value != "boom" || !strings.Contains(p.Stack, "tx_test.go") {
		t.Errorf("Tx = %v, want the panic with its stack", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if err := eng.Tx(ended, func(context.Context, engine.Tx) error { t.Error("called"); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Tx with a context that has ended = %v", err)
	}
	var kept engine.Tx
	if err := eng.Tx(ctx, func(ctx context.Context, tx engine.Tx) error { kept = tx; return enter(ctx, tx, "c") }); err != nil {
		t.Errorf("Tx = %v", err)
	}
	if err := enter(ctx, kept, "d"); err == nil {
		t.Error("a transaction that is over has written")
	}
	if got := book(t, eng); !slices.Equal(got, []string{"c"}) {
		t.Errorf("the book says %q, want c", got)
	}
}
