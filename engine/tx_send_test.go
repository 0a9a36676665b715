package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

const nudge engine.Signal[int64] = "nudge"

// P4: a signal that is sent in a transaction is delivered if that is committed.
func TestSendTxSendsWhatItsTransactionCommits(t *testing.T) {
	t.Parallel()
	w := engine.Workflow[count, int64]{Name: "await", Signals: []engine.AnySignal{nudge}, Steps: []engine.Step[count]{
		{Name: "wait", Do: func(*engine.Context, *count) (engine.Transition, error) { return nudge.Await("end"), nil }},
		{Name: "end", Do: func(ctx *engine.Context, _ *count) (engine.Transition, error) {
			v, err := nudge.Payload(ctx)
			return engine.Done(v), err
		}},
	}}
	eng := newBook(t, w)
	serve(t, eng)
	run, err := w.Name.Start(t.Context(), eng, count{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := eng.Tx(t.Context(), func(_ context.Context, tx engine.Tx) error {
		return errors.Join(nudge.SendTx(tx, run.ID, 7, nil), errors.New("no"))
	}); err == nil {
		t.Error("Tx: nil, want its error")
	}
	if err := eng.Tx(t.Context(), func(ctx context.Context, tx engine.Tx) error {
		if err := nudge.SendTx(tx, run.ID+1, 8, nil); !errors.Is(err, engine.ErrRunNotFound) {
			t.Errorf("to a run that is not there: %v", err)
		}
		err := engine.Signal[int64]("unknown").SendTx(tx, run.ID, 8, nil)
		if _, ok := errors.AsType[*engine.InputError](err); !ok {
			t.Errorf("a signal that is not declared: %v, want an *InputError", err)
		}
		if err := nudge.SendTx(nil, run.ID, 8, nil); err == nil {
			t.Error("no Tx was accepted")
		}
		return errors.Join(nudge.SendTx(tx, run.ID, 9, nil), enter(ctx, tx, "sent"))
	}); err != nil {
		t.Errorf("Tx: %v", err)
	}
	if got, err := w.Name.Wait(t.Context(), eng, run.ID); err != nil || got != 9 {
		t.Errorf("Wait = %d, %v; want 9", got, err)
	}
	if err := eng.Tx(t.Context(), func(_ context.Context, tx engine.Tx) error {
		if err := nudge.SendTx(tx, run.ID, 10, nil); !errors.Is(err, engine.ErrRunEnded) {
			t.Errorf("to a run that has ended: %v, want ErrRunEnded", err)
		}
		return nil
	}); err != nil {
		t.Errorf("Tx: %v", err)
	}
}

// A signal that is there already is found by a wait whose state goes to a file, too.
func TestAwaitWithALargeState(t *testing.T) {
	t.Parallel()
	type large struct{ Text string }
	var eng *engine.Engine
	w := engine.Workflow[large, int64]{Name: "large", Signals: []engine.AnySignal{nudge}, Steps: []engine.Step[large]{
		{Name: "wait", Do: func(ctx *engine.Context, s *large) (engine.Transition, error) {
			s.Text = noise()
			return nudge.Await("end"), nudge.Send(context.Background(), eng, ctx.Run().ID, 7, nil)
		}},
		{Name: "end", Do: func(ctx *engine.Context, s *large) (engine.Transition, error) {
			v, err := nudge.Payload(ctx)
			return engine.Done(v + int64(len(s.Text))), err
		}},
	}}
	eng = newEngine(t, w)
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
	defer stop()
	if got, err := w.Name.Run(ctx, eng, large{}, nil); err != nil || got != int64(7+len(noise())) {
		t.Errorf("Run = %d, %v", got, err)
	}
}
