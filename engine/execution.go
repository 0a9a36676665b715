package engine

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// execution is one run while this process executes it: the SQLite host of its steps.
type execution struct {
	eng     *Engine
	def     *definition
	id      int64 // of the run, if it was in the file when the execution began: see number
	worker  *worker
	cancel  context.CancelCauseFunc
	vacate  func()         // leaves its slot, as soon as the run does not go on here
	unwatch [2]func() bool // stop watching what may end the run's context
	onBegin func(Run)      // told that the first step is about to begin; may be nil
	terms   terms          // said at the start
	halting stopping       // how it is being stopped
	rest    Status         // to which an orderly stop takes the run: suspended, or pending for a worker's
	told    bool           // guarded by eng.mu: those who wait were told that it goes on here no more
	done    atomic.Int64
	total   atomic.Int64
	said    atomic.Pointer[string] // brief of the newest checkpoint within a step
	slow    atomic.Int64           // how long it takes at worst to save it, as measured: a Duration

	hurry     chan struct{} // ticks when a person wants the run cancelled: see mercy
	condemned atomic.Bool   // that is so
	mercy     atomic.Int64  // how long its step then has to stop: a Duration
	heedless  string        // says that the step which was to stop was given up

	mu      sync.Mutex
	row     store.Run                  // guarded by mu: as submitted last
	lease   *store.Lease               // guarded by mu
	begun   time.Time                  // guarded by mu: of the attempt, or the last checkpoint in it
	entered time.Time                  // guarded by mu: when the attempt began
	learned learned                    // guarded by mu: as the row has it, or newer
	tried   int64                      // guarded by mu: what attempts before it have used of the step's time, in microseconds
	active  int64                      // guarded by mu: what all attempts before it have taken, in microseconds
	records map[recordID]Record        // guarded by mu: of this visit, as found before its first attempt here
	stored  map[string]int64           // guarded by mu: how many records of each name there may be in the database
	notes   map[string]json.RawMessage // guarded by mu: for the next event
	undoes  *store.Undo                // guarded by mu: the visit that is undone; nil while steps are executed

	ahead   ahead // guarded by mu: what pure steps have come to and is not committed yet
	tidings tidings
	birth   *birth // nil for a run that was in the file before

	undoable int64 // the visit of which it is known to be written that it may have to be undone
}

type recordID struct {
	name string
	n    int64
}

// adopt registers a run that this process has just claimed, so that others can steer it.
func (e *Engine) adopt(ctx context.Context, row store.Run, rest Status) (*execution, context.Context) {
	x, own := e.execution(ctx, row, row.Lease(), rest)
	e.mu.Lock()
	e.live[row.ID] = x
	delete(e.adrift, row.ID)
	e.mu.Unlock()
	if row.Want != "" {
		x.want(row.Want, row.WantDetail)
	}
	return x, own
}

// execution makes the execution of a run, and its context.
func (e *Engine) execution(ctx context.Context, row store.Run, lease *store.Lease, rest Status) (*execution, context.Context) {
	own, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	x := &execution{
		eng: e, def: e.defs[row.Workflow], id: row.ID, cancel: cancel, vacate: func() {}, terms: termsOf(&row), rest: rest, row: row,
		lease: lease, hurry: make(chan struct{}, 1),
	}
	x.ahead.landed = sync.NewCond(&x.mu)
	if row.Deaths > 0 {
		x.ahead.wary = aheadMoves
	}
	x.unwatch = [2]func() bool{
		context.AfterFunc(ctx, func() { x.stop(shutdownCause(ctx)) }),
		context.AfterFunc(e.life, func() { x.stop(ErrShutdown) }),
	}
	if x.def != nil && x.def.sagas {
		x.lease.Undos = true
	}
	x.done.Store(row.Done)
	x.total.Store(row.Total)
	x.learned = learnedOf(&row)
	x.slow.Store(int64(x.learned.Pace.lead()))
	x.learned.Session = Session{Epoch: row.Epoch, Since: time.Now().UTC()}
	e.mu.Lock()
	x.worker = e.worker
	e.mu.Unlock()
	return x, own
}

// run executes steps until the run is not running here any more. Its error means that the run is
// in the database as it was last committed, but that this process could not go on with it.
func (x *execution) run(ctx context.Context) (err error) {
	adrift := true // unless it ends in order, not by a panic
	defer func() { x.leave(adrift) }()
	x.eng.observeRun(x.eng.cfg.Observer.RunClaimed, &x.row)
	defer x.watchStalls()()
	err = x.goOn(ctx)
	x.observeLoss(err)
	adrift = err != nil && !errors.Is(err, ErrLeaseLost)
	return err
}

func (x *execution) goOn(ctx context.Context) error {
	if x.row.Ending != "" {
		return x.compensate(ctx)
	}
	// To be stopped already is no reason not to read: the loop below halts the run.
	if goOn, err := x.inspect(context.WithoutCancel(ctx)); !goOn || err != nil {
		return err
	}
	if x.onBegin != nil {
		x.onBegin(x.eng.outlineOf(&x.row))
	}
	for {
		if err := x.catchUp(); err != nil {
			return err
		}
		if ctx.Err() != nil {
			x.row.Attempt-- // it has not begun
			x.halting.note()
			return x.halt(ctx, context.Cause(ctx))
		}
		if err := x.ensureUndo(context.WithoutCancel(ctx)); err != nil {
			return err
		}
		goOn, err := x.step(ctx)
		if !goOn || err != nil {
			return err
		}
	}
}

// leave takes the run off the list of those that execute here, and lets those look who wait for it and have not been
// told how it stands: others may have ended it. If this process has lost the run and has got it again meanwhile,
// the later execution stays on the list. A run that is adrift is still owned here.
func (x *execution) leave(adrift bool) {
	x.cancel(ErrAttemptEnded)
	x.drop()
	for _, stop := range x.unwatch {
		stop()
	}
	x.eng.mu.Lock()
	defer x.eng.mu.Unlock()
	if x.birth != nil {
		x.birth.left = true
	}
	if x.eng.live[x.number()] != x {
		return
	}
	delete(x.eng.live, x.number())
	if !x.told {
		x.eng.rouse(x.number(), nil)
	}
	x.eng.clock.Moved()
	if adrift {
		x.eng.adrift[x.number()] = true
	}
}

// step runs one attempt and commits what it came to. It reports whether the run goes on here.
func (x *execution) step(ctx context.Context) (goOn bool, err error) {
	if x.expired() {
		x.row.Attempt-- // it has not begun
		return false, x.expire(ctx, Snapshot{}, -1, "")
	}
	begun := time.Now()
	x.begun = begun
	x.eng.log.DebugContext(ctx, "attempt", "run_id", x.row.ID, "workflow", x.row.Workflow, "step", x.row.Step, "attempt", x.row.Attempt)
	ref := x.ref()
	x.observeBegin(ref)
	out, w := x.attempt(ctx)
	if out.Err != nil || out.Refuse != nil || out.Wait != nil || len(out.Sends) > 0 {
		if _, err := x.born(); err != nil {
			return false, err
		}
	}
	cause, took := context.Cause(ctx), time.Since(begun)
	over := w.verdict(out.Err)
	defer func() { x.observeStep(StepEvent{Ref: ref, Took: took}, out, cause, over, err) }()
	switch {
	case lost(cause):
		return false, cause
	case out.Refuse != nil && !errors.Is(out.Refuse, ErrStopped):
		return false, out.Refuse
	case errors.Is(cause, ErrDeadline):
		return false, x.expire(ctx, out.State, took, w.heedless())
	case over != nil:
		return false, x.fail(ctx, Outcome{Err: over}, took)
	case out.Refuse != nil, out.Err != nil && cause != nil:
		x.heedless = w.heedless()
		return false, x.halt(ctx, cause)
	case out.Err != nil:
		return false, x.fail(ctx, out, took)
	case out.Next == "":
		return false, x.complete(ctx, out, took)
	}
	return x.advance(ctx, out, took)
}

// attempt runs one attempt of the step where the run is, within its limits.
func (x *execution) attempt(ctx context.Context) (Outcome, *watchdog) {
	w := x.watch(ctx, x.limits())
	if w.limits.timeout > 0 && w.limits.left <= 0 { // its process died, or was stopped, before it could say so
		w.cancel(w.limits.timedOut())
		w.end()
		return Outcome{Refuse: ErrStopped}, w
	}
	x.mu.Lock()
	x.tried, x.active, x.entered = x.spent(), x.row.ActiveUS, time.Now()
	x.mu.Unlock()
	out := w.perform(x.visit(), x.def.RunStep)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.stamp()
	return out, w
}

// ref names the run and where it is.
func (x *execution) ref() Ref {
	r := &x.row
	return Ref{ID: r.ID, UUID: r.UUID, Workflow: r.Workflow, Key: r.Key, Step: r.Step, Visit: int(r.Visit),
		Attempt: int(r.Attempt), Epoch: r.Epoch, Scheduled: timeOf(r.ScheduledUS)}
}

// visit is what the definition needs to know for the next attempt.
func (x *execution) visit() Visit {
	r := &x.row
	v := Visit{
		Ref:   x.ref(),
		From:  Snapshot{State: Payload(r.Checkpoint.State), Random: r.Checkpoint.Random, Done: r.Done, Total: r.Total},
		Wrote: int(r.Version), Seed: r.Seed, MTBF: x.worker.mtbf, Policy: x.terms.Checkpoint, Widest: x.eng.cfg.Checkpoint, Best: preserveOf(r).Best,
		Pace: x.learned.Pace, Until: x.until(x.limits()),
	}
	if r.Checkpoint.Counters != "" {
		_ = json.Unmarshal([]byte(r.Checkpoint.Counters), &v.From.Counters) // covered by inspect
	}
	return v
}

// stop tells the step to stop in order.
func (x *execution) stop(cause error) {
	x.halting.tell()
	x.cancel(cause)
}

// want stops the step because a person has asked for it, in the words of said. It must not block.
func (x *execution) want(want, said string) {
	switch want {
	case "pause":
		x.stop(ErrPaused)
	case "cancel":
		x.stop(ErrCancelled)
		if said == "" { // who has asked, and how patient they are, is heard later
			return
		}
		grace := int64(graceOf(said, x.eng.cfg.Grace))
		if was := x.mercy.Swap(grace); x.condemned.Swap(true) && was == grace {
			return
		}
		select {
		case x.hurry <- struct{}{}:
		default: // it is being looked at
		}
	}
}
