package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/durable-wf/wf/engine/internal/clock"
	"github.com/durable-wf/wf/engine/internal/fault"
	"github.com/durable-wf/wf/engine/internal/oslock"
	"github.com/durable-wf/wf/engine/internal/store"
)

// Engine is an open database with the definitions that this program knows. It is safe for
// concurrent use.
type Engine struct {
	cfg   Config
	store *store.Store
	defs  map[string]*definition
	names []string // of defs, sorted; never nil, which would stand for all workflows
	log   *slog.Logger
	spare time.Duration // before cfg.StopAt
	actor string        // who acts, for the history: user@host pid N

	clock   *clock.Clock // the wall time by which runs are due
	unclock func()       // the clock does not ask this engine any more
	cut     *fault.Cut   // tests alone let an engine die
	serving atomic.Int32 // calls of Serve

	work  hub // there may be runs to claim
	news  hub // anything may have changed
	rings pulse
	plans hub // schedules may have something to do
	bell  *oslock.Bell
	stop  context.CancelFunc // ends the engine's own goroutines
	life  context.Context    // ends with Close
	tasks sync.WaitGroup     // those goroutines, and executions in the foreground
	hooks sync.WaitGroup     // hooks that are being fired, each of which has a limit
	gate  sync.Mutex         // held while a task begins: none does once life has ended

	closing  sync.Once
	closeErr error // set by closing

	listening sync.Once // starts listen

	mu      sync.Mutex
	worker  *worker              // guarded by mu: this process, once it owns runs
	live    map[int64]*execution // guarded by mu: runs executing here
	serves  []*dispatcher        // guarded by mu: of the calls of Serve
	held    map[int64]store.Run  // guarded by mu: started here, not yet executed
	adrift  map[int64]bool       // guarded by mu: owned here, but this process could not go on with them
	waiters map[int64][]*waiter  // guarded by mu: by run
}

// Open opens the database and checks the definitions, reporting all their faults at once. It starts
// the goroutine that writes; runs are executed by Serve, Run and Execute only. Close must be called.
func Open(ctx context.Context, cfg Config, defs ...Definition) (*Engine, error) {
	cfg = cfg.withDefaults()
	if err := errors.Join(cfg.validate(), validate(defs)); err != nil {
		return nil, err
	}
	e := &Engine{
		cfg: cfg, defs: map[string]*definition{}, names: []string{}, log: cfg.Logger, actor: actor(), spare: spareOf(cfg.StopAt), clock: clock.From(ctx), cut: fault.From(ctx),
		live: map[int64]*execution{}, held: map[int64]store.Run{}, adrift: map[int64]bool{}, waiters: map[int64][]*waiter{},
	}
	for _, def := range defs {
		name := def.Describe().Name
		e.defs[name] = newDefinition(def)
		e.names = append(e.names, name)
	}
	slices.Sort(e.names)
	st, err := store.Open(ctx, store.Options{
		Path: cfg.Path, Create: cfg.Access == Create, ReadOnly: cfg.Access == ReadOnly,
		Adopt: cfg.Adopt, AllowNetwork: cfg.AllowNetwork, Logger: cfg.Logger, Observe: e.watcher(), Aside: e.aside,
	})
	if err != nil {
		return nil, err
	}
	e.store = st
	if cfg.Access != ReadOnly {
		if e.bell, err = oslock.OpenBell(st.LockDir()); err != nil {
			return nil, errors.Join(err, st.Close())
		}
	}
	e.life, e.stop = context.WithCancel(context.WithoutCancel(ctx))
	e.unclock = e.clock.Attach(e.quiet)
	if err := e.setup(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Close stops what this engine executes (as if its context had ended), waits up to DrainTimeout for
// it, and closes the database. What was acknowledged is durable. Closing again does nothing and returns
// the same error.
func (e *Engine) Close() error {
	e.closing.Do(func() { e.closeErr = e.shut() })
	return e.closeErr
}

// begin counts a task that Close waits for, unless the engine is closed; tasks.Done ends it.
func (e *Engine) begin() bool {
	e.gate.Lock()
	defer e.gate.Unlock()
	if e.life.Err() != nil {
		return false
	}
	e.tasks.Add(1)
	return true
}

// task runs fn as a goroutine that Close waits for, unless the engine is closed.
func (e *Engine) task(fn func()) {
	if !e.begin() {
		return
	}
	go func() {
		defer e.tasks.Done()
		fn()
	}()
}

func (e *Engine) shut() error {
	e.gate.Lock()
	e.stop()
	e.gate.Unlock()
	e.unclock()
	e.hooks.Wait()
	e.await(e.cfg.DrainTimeout)
	err := e.leave()
	e.rings.flush()
	if e.bell != nil {
		err = errors.Join(err, e.bell.Close())
	}
	return errors.Join(err, e.store.Close())
}

// await waits for the engine's goroutines, at most d.
func (e *Engine) await(d time.Duration) {
	ended := make(chan struct{})
	go func() { // ends with the last task
		e.tasks.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(d):
		e.log.Error("steps did not stop in time", "timeout", d)
	}
}

// Path returns the database file's path.
func (e *Engine) Path() string { return e.store.Path() }

// Workflows describes the definitions that this program knows, by name.
func (e *Engine) Workflows() []Description {
	list := make([]Description, len(e.names))
	for i, name := range e.names {
		list[i] = e.defs[name].Describe()
	}
	return list
}

func (e *Engine) definition(name string) (*definition, error) {
	if def, ok := e.defs[name]; ok {
		return def, nil
	}
	if len(e.names) == 0 {
		return nil, fmt.Errorf("%w %q: this program has none", ErrWorkflowUnknown, name)
	}
	return nil, fmt.Errorf("%w %q: %s", ErrWorkflowUnknown, name, nearest(name, e.names))
}

// changed tells everybody who waits, here and in other processes, that something has changed.
func (e *Engine) changed() {
	e.news.notify()
	e.ring()
}

// enqueued is changed when there is work for a worker.
func (e *Engine) enqueued() {
	e.work.notify()
	e.changed()
}

// ring wakes other processes, at once unless that was done a moment ago.
func (e *Engine) ring() { e.rings.beat(e.ringNow) }

func (e *Engine) ringNow() {
	if err := e.bell.Ring(); err != nil && e.life.Err() == nil { // others find out within a second by themselves
		e.log.Warn("ringing the doorbell", "error", err)
	}
}

// actor names the user and process that act, for the history.
func actor() string {
	name, host := "unknown", "localhost"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return fmt.Sprintf("%s@%s pid %d", name, host, os.Getpid())
}
