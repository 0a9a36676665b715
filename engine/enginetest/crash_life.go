package enginetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/internal/clock"
	"github.com/durable-wf/wf/engine/internal/fault"
)

// crash is what all lives of one CrashEverywhere have in common.
type crash struct {
	opts  *CrashOptions
	defs  []engine.Definition
	start func(context.Context, *engine.Engine) (engine.Run, error) // or find what was started in an earlier life
	blank []byte                                                    // a database without runs, so that it is created once only
}

// create makes the blank database.
func (c *crash) create(t testing.TB) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "blank.db")
	eng, err := engine.Open(t.Context(), engine.Config{Path: path})
	if err == nil {
		err = eng.Close()
	}
	if err == nil {
		c.blank, err = os.ReadFile(path) // nobody has it open
	}
	if err != nil {
		t.Fatalf("creating a database: %v", err)
	}
}

// world is what outlives a process: the file, the time, and those who send signals.
type world struct {
	path  string
	clock *clock.Clock

	mu      sync.Mutex              // guards what follows
	eng     *engine.Engine          // of the present life; nil between two
	cut     *fault.Cut              // the death of that engine
	signals []*fakeSignal           // not acknowledged yet
	stuck   context.CancelCauseFunc // tells those who wait that nothing will happen any more
}

func (c *crash) newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{path: filepath.Join(t.TempDir(), "wf.db"), clock: clock.New(time.Now().UTC().Truncate(time.Microsecond))}
	if err := os.WriteFile(w.path, c.blank, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, s := range c.opts.Signals {
		fake := s.fake
		fake.key = fmt.Sprintf("signal %d", i)
		w.signals = append(w.signals, &fake)
	}
	passing, stop := context.WithCancel(t.Context())
	var passes sync.WaitGroup
	passes.Go(func() { w.clock.Run(passing, w.idle) })
	t.Cleanup(func() { stop(); passes.Wait() })
	return w
}

// idle sends a signal that is awaited when nothing else is left to do. Between two lives, and when the sender
// got no answer, no time passes, so that a wait does not end for that.
func (w *world) idle(next time.Time) (acted bool) {
	w.mu.Lock()
	eng, cut, signals, stuck := w.eng, w.cut, slices.Clone(w.signals), w.stuck
	w.mu.Unlock()
	if eng == nil || cut.Err() != nil {
		return true
	}
	sent, err := sendAwaited(context.Background(), eng, signals)
	switch {
	case err != nil:
		if cut.Err() == nil {
			stuck(err)
		}
		return true
	case sent == nil:
		if next.IsZero() {
			stuck(errStranded)
		}
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.signals = slices.DeleteFunc(w.signals, func(s *fakeSignal) bool { return s == sent })
	return true
}

func (w *world) live(eng *engine.Engine, cut *fault.Cut, stuck context.CancelCauseFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.eng, w.cut, w.stuck = eng, cut, stuck
}

// life opens an engine, starts the run unless an earlier life has, and lets the engine work until the run has
// ended, or the engine dies.
func (c *crash) life(t testing.TB, w *world, cut *fault.Cut) end {
	t.Helper()
	ctx := fault.With(clock.With(t.Context(), w.clock), cut)
	cfg := c.opts.Config
	cfg.Path = w.path
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler) // deaths make noise
	}
	eng, err := engine.Open(ctx, cfg, c.defs...)
	if err != nil {
		if cut.Err() == nil {
			t.Fatalf("Open: %v", err)
		}
		return end{}
	}
	alive, die := context.WithCancelCause(ctx)
	defer context.AfterFunc(afterDeath(alive, cut), func() { die(fault.ErrDead) })()
	w.live(eng, cut, die)
	e, err := c.spend(t, alive, w, eng)
	w.live(nil, nil, nil)
	die(nil)
	if closeErr := eng.Close(); closeErr != nil && cut.Err() == nil {
		t.Errorf("Close: %v", closeErr)
	}
	if err != nil && cut.Err() == nil {
		t.Fatal(err)
	}
	e.commits, e.called = cut.Commits(), cut.Calls()
	return e
}

// afterDeath returns a context that ends when the engine dies, or with ctx.
func afterDeath(ctx context.Context, cut *fault.Cut) context.Context {
	dead, die := context.WithCancel(ctx)
	go func() { // ends with ctx, which life ends
		defer die()
		select {
		case <-cut.Dead():
		case <-ctx.Done():
		}
	}()
	return dead
}

// spend is a life between Open and Close.
func (c *crash) spend(t testing.TB, ctx context.Context, w *world, eng *engine.Engine) (end, error) {
	t.Helper()
	e := begin(t, eng)
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- eng.Serve(serving) }()
	awaitWorker(ctx, eng)
	defer func() {
		stop()
		if err := <-served; err != nil { // the engine may have died: that is what it is for
			t.Logf("Serve: %v", err)
		}
	}()
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	run, err := c.start(bounded, eng)
	if err != nil {
		return e, err
	}
	if run, err = await(bounded, eng, run.ID); err != nil {
		return e, errors.Join(err, errors.New(storyOf(eng, run)))
	}
	if err := w.clock.Settle(bounded, w.idle); err != nil && !errors.Is(err, errStranded) { // then it has settled
		return e, err
	}
	e.finish(t, eng)
	return e, nil
}
