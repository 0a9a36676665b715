package enginetest

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/internal/clock"
)

// Passing says how time passes in an [Engine].
type Passing uint8

// The ways in which time passes.
const (
	// AtOnce lets time jump to when the next thing is due, whenever somebody waits for a run (in Run, Await,
	// [engine.Name.Run], [engine.Engine.Wait] …) and nothing else is left to do. It stands still between.
	AtOnce Passing = iota
	// ByHand lets time pass in Advance alone.
	ByHand
	// Really leaves the engine to the clock of the machine.
	Really
)

// Options are the extras of an [Engine]. nil means none.
type Options struct {
	// Config of the engine. An empty Path is a new file, an empty Logger the test's log, from warnings on.
	Config engine.Config
	// Time says how time passes.
	Time Passing
	// Now is what time it is at first; the zero value means the real time.
	Now time.Time
	// Patience is how long, in real time, anything may take; then the test fails. 0 means a minute.
	Patience time.Duration

	idle bool // it serves only when told
}

const patience = time.Minute

// Engine is an engine on a file of its own, which serves until the test ends. Its methods fail the test when
// something goes wrong. It is safe for concurrent use by the goroutine of the test and those that it starts.
type Engine struct {
	*engine.Engine
	*surroundings

	t testing.TB
}

// surroundings are what an Engine has around its engine.
type surroundings struct {
	ctx      context.Context // carries the clock to the engine
	clock    *clock.Clock    // nil: the real one
	patience time.Duration

	mu      sync.Mutex
	signals []*fakeSignal      // guarded by mu: not sent yet
	waits   map[*stranded]bool // guarded by mu: those who wait for a run
	stop    func()             // guarded by mu: ends serving; nil before
}

// with is e for a subtest.
func (e *Engine) with(t testing.TB) *Engine { return &Engine{e.Engine, e.surroundings, t} }

// New opens an engine with these workflows on a new file and serves until the test ends. Then it checks the
// file: what [engine.Engine.Check] and [engine.Engine.Verify] find fails the test.
func New(t testing.TB, defs ...engine.Definition) *Engine {
	t.Helper()
	return Open(t, nil, defs...)
}

// Open is New with options, which may be nil.
func Open(t testing.TB, opts *Options, defs ...engine.Definition) *Engine {
	t.Helper()
	if opts == nil {
		opts = &Options{}
	}
	e := prepare(t, opts)
	cfg := opts.Config
	if cfg.Path == "" {
		cfg.Path = filepath.Join(t.TempDir(), "wf.db")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	var err error
	if e.Engine, err = engine.Open(e.ctx, cfg, defs...); err != nil {
		t.Fatalf("Open: %v", err)
	}
	if !opts.idle {
		e.serve()
	}
	t.Cleanup(func() {
		if cfg.Access != engine.ReadOnly {
			e.check()
		}
		e.rest()
		if err := e.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		e.forgotten()
	})
	return e
}

// prepare makes an Engine without its engine.
func prepare(t testing.TB, opts *Options) *Engine {
	e := &Engine{surroundings: &surroundings{ctx: context.Background(), patience: opts.Patience, waits: map[*stranded]bool{}}, t: t}
	if e.patience == 0 {
		e.patience = patience
	}
	if opts.Time == Really {
		return e
	}
	now := opts.Now
	if now.IsZero() {
		now = time.Now().Truncate(time.Microsecond)
	}
	e.clock = clock.New(now)
	e.ctx = clock.With(e.ctx, e.clock)
	if opts.Time == AtOnce {
		passing, stop := context.WithCancel(e.ctx)
		var passes sync.WaitGroup
		passes.Go(func() { e.clock.Run(passing, e.idle) })
		t.Cleanup(func() { stop(); passes.Wait() }) // after the engine is closed
	}
	return e
}

// serve starts the workers. They end with rest.
func (e *Engine) serve() {
	ctx, cancel := context.WithCancel(e.ctx)
	served := make(chan error, 1)
	go func() { served <- e.Serve(ctx) }()
	awaitWorker(ctx, e.Engine)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stop = func() {
		cancel()
		if err := <-served; err != nil {
			e.t.Errorf("Serve: %v", err)
		}
	}
}

// rest ends serving and waits for that.
func (e *Engine) rest() {
	e.mu.Lock()
	stop := e.stop
	e.stop = nil
	e.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// awaitWorker waits until an engine serves, so that what is enqueued from here on counts as work to be done
// before time passes.
func awaitWorker(ctx context.Context, eng *engine.Engine) {
	for ctx.Err() == nil {
		workers, err := eng.Workers(ctx)
		if err != nil || slices.ContainsFunc(workers, func(w engine.Worker) bool { return w.Alive }) {
			return // with an error Serve ends, and says so
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// check fails the test for each thing that is wrong with the file.
func (e *Engine) check() {
	e.t.Helper()
	found := func(f engine.Finding) { e.t.Errorf("found in %s: %v", e.Path(), f) }
	if err := e.Check(context.Background(), found); err != nil {
		e.t.Errorf("Check: %v", err)
	}
	if err := e.Verify(context.Background(), 0, found); err != nil {
		e.t.Errorf("Verify: %v", err)
	}
}

// Now returns what time it is for the engine.
func (e *Engine) Now() time.Time { return e.clock.Now() }

// Advance lets so much time pass, however time passes otherwise. It stops at every time at which something is
// due, and goes on when that is done; when it returns nothing is left to do. Signals of SignalWhenWaiting
// arrive meanwhile. It is not for an Engine whose time passes really.
func (e *Engine) Advance(d time.Duration) {
	e.t.Helper()
	e.must("Advance", func(ctx context.Context) error { return e.clock.Advance(ctx, d, e.deliver) })
}

// Settle waits, in real time, until nothing is left to do at the present time: every run has ended, or waits
// for a later time, a signal or a person. It is not for an Engine whose time passes really.
func (e *Engine) Settle() {
	e.t.Helper()
	e.must("Settle", func(ctx context.Context) error { return e.clock.Settle(ctx, e.deliver) })
}

func (e *Engine) must(what string, fn func(context.Context) error) {
	e.t.Helper()
	if e.clock == nil {
		e.t.Fatalf("%s: time passes really here", what)
	}
	ctx, cancel := context.WithTimeout(e.t.Context(), e.patience)
	defer cancel()
	if err := fn(ctx); err != nil {
		e.t.Fatalf("%s: %v", what, err)
	}
}
