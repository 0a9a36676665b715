package engine_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
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
			if _, err := engine.DoTx(ctx, "never", func(context.Context, engine.Tx) (int, error) { return 0, errors.New("no") }); err == nil {
				t.Error("never has succeeded")
			}
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

// noise is a text that is too large for a row, however it is compressed.
func noise() string {
	data := make([]byte, 1<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(data)
	return hex.EncodeToString(data)
}

// What is too large for a row goes by files, also beside the user's SQL.
func TestTxBesideLargePayloads(t *testing.T) {
	t.Parallel()
	type large struct{ Text string }
	w := engine.Workflow[large, string]{Name: "large", Steps: []engine.Step[large]{{
		Name: "grow", Retry: engine.Retry{Attempts: 2, Initial: time.Millisecond},
		Do: func(ctx *engine.Context, s *large) (engine.Transition, error) {
			text, err := engine.DoTx(ctx, "enter", func(ctx context.Context, tx engine.Tx) (string, error) {
				return noise(), enter(ctx, tx, "call")
			})
			if err != nil || ctx.Run().Attempt == 1 {
				return engine.Transition{}, errors.Join(err, errors.New("again"))
			}
			s.Text = text
			return engine.Next().Tx(func(ctx context.Context, tx engine.Tx) error {
				if _, err := counting.StartTx(tx, count{N: 1}, nil); err != nil {
					return err
				}
				return enter(ctx, tx, "transition")
			}), nil
		}}, {
		Name: "measure", Do: func(_ *engine.Context, s *large) (engine.Transition, error) {
			return engine.Done(fmt.Sprint(len(s.Text))), nil
		}}}}
	eng := newBook(t, w, countTo(nil))
	if got, err := w.Name.Run(t.Context(), eng, large{}, nil); err != nil || got != fmt.Sprint(len(noise())) {
		t.Errorf("Run = %s, %v", got, err)
	}
	if got := book(t, eng); !slices.Equal(got, []string{"call", "transition"}) {
		t.Errorf("the book says %q, want call and transition", got)
	}
	if run, err := eng.Get(t.Context(), 2); err != nil || run.Workflow != string(counting) {
		t.Errorf("the run that was started: %v, %v", run.Workflow, err)
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
