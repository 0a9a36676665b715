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

// P4: a DoTx writes what it writes and its record together, once, and its value comes back in every attempt.
func TestDoTxIsMadeOnce(t *testing.T) {
	t.Parallel()
	for _, codec := range []engine.Codec{engine.JSON, engine.CBOR} {
		t.Run(string(codec), func(t *testing.T) {
			t.Parallel()
			var keys []string
			w := oneStep("call", func(ctx *engine.Context, s *count) (engine.Transition, error) {
				for range 3 {
					id, err := engine.DoTx(ctx, "enter", func(ctx context.Context, tx engine.Tx) (int64, error) {
						keys = append(keys, engine.CallKey(ctx))
						if err := enter(ctx, tx, fmt.Sprint("row ", len(keys))); err != nil {
							return 0, err
						}
						var id int64
						return id, tx.GetContext(ctx, &id, "SELECT max(id) FROM book")
					})
					if err != nil {
						return engine.Transition{}, err
					}
					s.Total = s.Total*10 + id
				}
				if ctx.Run().Attempt < 3 {
					return engine.Transition{}, errors.New("not yet")
				}
				return engine.Done(s.Total), nil
			})
			w.Codec = codec
			w.Steps[0].Retry = engine.Retry{Attempts: 3, Initial: time.Millisecond}
			eng := newBook(t, w)
			if got, err := w.Name.Run(t.Context(), eng, count{}, nil); err != nil || got != 123 {
				t.Errorf("Run = %d, %v; want 123", got, err)
			}
			if got := book(t, eng); !slices.Equal(got, []string{"row 1", "row 2", "row 3"}) {
				t.Errorf("the book says %q, want three rows", got)
			}
			for i, key := range keys {
				if !strings.HasSuffix(key, fmt.Sprintf("/1/enter/%d", i)) {
					t.Errorf("key %d is %q", i, key)
				}
			}
		})
	}
}

// A DoTx that fails leaves neither rows nor a record, and the step goes on: it may try again, save, or
// take another way.
func TestDoTxThatFailsIsNotRecorded(t *testing.T) {
	t.Parallel()
	cause := errors.New("no money")
	for name, test := range map[string]struct {
		then  func(context.Context, engine.Tx) (any, error)
		check func(error) bool
	}{
		"error": {func(context.Context, engine.Tx) (any, error) { return 7, cause }, func(err error) bool {
			return errors.Is(err, cause) && err.Error() == `call "enter": no money`
		}},
		"panic": {func(context.Context, engine.Tx) (any, error) { panic("boom") }, func(err error) bool {
			p, ok := errors.AsType[*engine.PanicError](err)
			return ok && strings.Contains(p.Stack, "call_tx_test.go")
		}},
		"result that does not encode": {func(context.Context, engine.Tx) (any, error) { return func() {}, nil }, func(err error) bool {
			return err != nil && strings.Contains(err.Error(), "result")
		}},
		"constraint": {func(ctx context.Context, tx engine.Tx) (any, error) {
			_, err := tx.ExecContext(ctx, "INSERT OR ROLLBACK INTO book (text) VALUES ('same'), ('same')")
			return nil, err
		}, func(err error) bool { return err != nil && strings.Contains(err.Error(), "constraint") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tries := 0
			w := oneStep("call", func(ctx *engine.Context, s *count) (engine.Transition, error) {
				do := func() (any, error) {
					return engine.DoTx(ctx, "enter", func(ctx context.Context, tx engine.Tx) (any, error) {
						if tries++; tries == 1 {
							_ = enter(ctx, tx, "lost")
							return test.then(ctx, tx)
						}
						return "entered", enter(ctx, tx, "kept")
					})
				}
				if v, err := do(); v != nil || !test.check(err) {
					t.Errorf("first DoTx = %v, %v", v, err)
				}
				if s.I++; s.I == 1 {
					if err := ctx.Save(); err != nil {
						return engine.Transition{}, err
					}
				}
				if v, err := do(); v != "entered" || err != nil {
					t.Errorf("second DoTx = %v, %v", v, err)
				}
				return engine.Done(s.I), nil
			})
			eng := newBook(t, w)
			if _, err := w.Name.Run(t.Context(), eng, count{}, nil); err != nil {
				t.Errorf("Run: %v", err)
			}
			if got := book(t, eng); !slices.Equal(got, []string{"kept"}) {
				t.Errorf("the book says %q, want kept", got)
			}
			if got := kinds(t, eng, 1); !slices.Equal(got, []string{"created", "checkpoint", "call", "completed"}) {
				t.Errorf("events %v", got)
			}
		})
	}
}

// A checkpoint takes the record of a DoTx along as it does those of other calls, also after one has failed.
func TestCheckpointCoversDoTx(t *testing.T) {
	t.Parallel()
	w := oneStep("call", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		for s.I < 5 {
			for ok := false; !ok; { // each is made twice, and fails first
				_, err := engine.DoTx(ctx, "enter", func(ctx context.Context, tx engine.Tx) (bool, error) {
					var n int
					if err := tx.GetContext(ctx, &n, "SELECT count(*) FROM wf_calls"); err != nil {
						return false, err
					}
					if n > 0 {
						t.Errorf("at %d there are %d records that a checkpoint covers", s.I, n)
					}
					s.Total++
					if s.Total%2 == 1 {
						return false, errors.New("odd")
					}
					return true, enter(ctx, tx, fmt.Sprint(s.I))
				})
				ok = err == nil
			}
			s.I++
			if err := ctx.Save(); err != nil {
				return engine.Transition{}, err
			}
			if s.I == 3 && ctx.Run().Attempt == 1 {
				return engine.Transition{}, errors.New("again")
			}
		}
		return engine.Done(s.I), nil
	})
	w.Checkpoint.Every = 1
	w.Steps[0].Retry = engine.Retry{Attempts: 2, Initial: time.Millisecond}
	eng := newBook(t, w)
	if _, err := w.Name.Run(t.Context(), eng, count{}, nil); err != nil {
		t.Errorf("Run: %v", err)
	}
	if got := book(t, eng); !slices.Equal(got, []string{"0", "1", "2", "3", "4"}) {
		t.Errorf("the book says %q, want 0 to 4", got)
	}
}

// A run that has to stop makes no DoTx any more.
func TestStoppedRunMakesNoDoTx(t *testing.T) {
	t.Parallel()
	var eng *engine.Engine
	w := oneStep("call", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		if _, err := eng.Pause(context.Background(), ctx.Run().ID, ""); err != nil {
			t.Error(err)
		}
		<-ctx.Done()
		_, err := engine.DoTx(ctx, "enter", func(ctx context.Context, tx engine.Tx) (int, error) { return 0, enter(ctx, tx, "late") })
		if !errors.Is(err, engine.ErrPaused) {
			t.Errorf("DoTx = %v, want ErrPaused", err)
		}
		return engine.Done(s.I), nil
	})
	eng = newBook(t, w)
	_, err := w.Name.Run(t.Context(), eng, count{}, nil)
	if !errors.Is(err, engine.ErrPaused) || len(book(t, eng)) != 0 {
		t.Errorf("Run = %v, the book says %q; want paused and nothing", err, book(t, eng))
	}
}
