package enginetest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/durable-wf/wf/engine"
)

// fakeSignal is a signal that is sent once a run waits for it.
type fakeSignal struct {
	run     int64 // 0: the first one that waits for it
	name    string
	payload json.RawMessage
	key     string // which makes it the same when it is sent again
}

// SignalWhenWaiting sends a signal as soon as the run waits for it and nothing else is left to do, while the
// test waits or lets time pass. Run 0 stands for the first run that waits for it. Each call stands for one
// signal; those of the same name go out in the order of the calls. A signal that no run has waited for when
// the test ends fails it.
func SignalWhenWaiting[T any](e *Engine, run int64, signal engine.Signal[T], payload T) {
	e.t.Helper()
	doc, err := json.Marshal(payload)
	if err != nil {
		e.t.Fatalf("signal %q: %v", string(signal), err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.signals = append(e.signals, &fakeSignal{run: run, name: string(signal), payload: doc})
}

// deliver sends the first signal that a run waits for. It reports whether there was one.
func (e *Engine) deliver(time.Time) bool {
	e.mu.Lock()
	signals := slices.Clone(e.signals)
	e.mu.Unlock()
	sent, err := sendAwaited(context.Background(), e.Engine, signals)
	if err != nil {
		e.t.Error(err)
	}
	if sent == nil {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.signals = slices.DeleteFunc(e.signals, func(s *fakeSignal) bool { return s == sent })
	return true
}

// sendAwaited sends the first signal that a run waits for, and returns it; nil if there was none.
func sendAwaited(ctx context.Context, eng *engine.Engine, signals []*fakeSignal) (*fakeSignal, error) {
	if len(signals) == 0 {
		return nil, nil
	}
	runs, err := eng.List(ctx, engine.RunFilter{Statuses: []engine.Status{engine.Waiting}})
	if err != nil {
		return nil, fmt.Errorf("looking for runs that wait for a signal: %w", err)
	}
	slices.Reverse(runs) // oldest first
	for _, sig := range signals {
		for _, run := range runs {
			if sig.awaitedBy(run) {
				return sig, sig.send(ctx, eng, run.ID)
			}
		}
	}
	return nil, nil
}

func (s *fakeSignal) send(ctx context.Context, eng *engine.Engine, run int64) error {
	err := eng.Signal(ctx, run, s.name, s.payload, &engine.SendOptions{Key: s.key})
	if err != nil {
		return fmt.Errorf("signal %q to run %d: %w", s.name, run, err)
	}
	return nil
}

func (s *fakeSignal) awaitedBy(run engine.Run) bool {
	return (s.run == 0 || s.run == run.ID) &&
		slices.ContainsFunc(run.Waiting.Signals, func(b engine.Branch) bool { return b.Signal == s.name })
}

// forgotten fails the test for signals that nobody has waited for.
func (e *Engine) forgotten() {
	e.t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range e.signals {
		to := "any run"
		if s.run != 0 {
			to = fmt.Sprintf("run %d", s.run)
		}
		e.t.Errorf("signal %q to %s was never waited for", s.name, to)
	}
}
