package engine

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
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
	unwatch func() bool // stops watching the context that it was given
	calm    func()      // stops watching for stalls
	vacate  func()      // leaves its slot, as soon as the run does not go on here
	end     func(error) // told, once, that the execution is over; see drive
	outcome chan error  // of the change that the run's goroutine waits for
	answer  func(error) // sends it
	onBegin func(Run)   // told that the first step is about to begin; may be nil
	terms   terms       // said at the start
	halting stopping    // how it is being stopped
	rest    Status      // to which an orderly stop takes the run: suspended, or pending for a worker's
	told    bool        // guarded by eng.mu: those who wait were told that it goes on here no more
	done    atomic.Int64
	total   atomic.Int64
	said    atomic.Pointer[string] // brief of the newest checkpoint within a step
	slow    atomic.Int64           // how long it takes at worst to save it, as measured: a Duration

	reason  sync.Mutex
	cause   error     // guarded by reason: why the run must not go on here; nil if it may
	current *watchdog // guarded by reason: of the newest attempt; nil before the first

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

	// What the attempt under way is given, and what it comes to. One that was given up may still touch them: whoever goes on
	// with the run leaves them alone.
	given Visit
	out   Outcome

	undoable int64 // the visit of which it is known to be written that it may have to be undone
}

type recordID struct {
	name string
	n    int64
}

// adopt registers a run that this process has just claimed, so that others can steer it.
func (e *Engine) adopt(ctx context.Context, row *store.Run, rest Status) (*execution, context.Context) {
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

// execution makes the execution of a run, and its context, which has the values of ctx. When ctx ends the run is stopped in
// order.
func (e *Engine) execution(ctx context.Context, row *store.Run, lease *store.Lease, rest Status) (*execution, context.Context) {
	x := &execution{
		eng: e, def: e.defs[row.Workflow], id: row.ID, vacate: func() {}, terms: termsOf(row), rest: rest, row: *row,
		lease: lease, outcome: make(chan error, 1), hurry: make(chan struct{}, 1),
	}
	x.answer = func(err error) { x.outcome <- err }
	x.ahead.landed.L = &x.mu
	if row.Deaths > 0 {
		x.ahead.wary = aheadMoves
	}
	x.unwatch = context.AfterFunc(ctx, func() { x.stop(shutdownCause(ctx)) })
	if x.def != nil && x.def.sagas {
		x.lease.Undos = true
	}
	x.done.Store(row.Done)
	x.total.Store(row.Total)
	x.learned = learnedOf(row)
	x.slow.Store(int64(x.learned.Pace.lead()))
	x.learned.Session = Session{Epoch: row.Epoch, Since: time.Now().UTC()}
	e.mu.Lock()
	x.worker = e.worker
	e.mu.Unlock()
	return x, context.WithoutCancel(ctx)
}

// run drives the run in the foreground, and is over when it is not running here any more.
func (x *execution) run(ctx context.Context) error {
	defer context.AfterFunc(x.eng.life, func() { x.stop(ErrShutdown) })() //nolint:contextcheck // the engine may end before ctx
	ended := make(chan error, 1)
	x.end = func(err error) { ended <- err }
	go x.drive(ctx) // ends with the run, unless a step keeps it that was given up
	return <-ended
}

// drive executes steps, on the caller's goroutine, until the run is not running here any more, and then calls x.end. An
// error means that the run is in the database as it was last committed, but that this process could not go on with it.
func (x *execution) drive(ctx context.Context) {
	x.calm = x.watchStalls()
	err := errGoexit // unless it returns
	defer func() {
		if !x.relieved() {
			x.finish(err)
		}
	}()
	x.eng.observeRun(x.eng.cfg.Observer.RunClaimed, &x.row)
	err = x.goOn(ctx)
}

// finish ends the execution, even if a hook ends the goroutine.
func (x *execution) finish(err error) {
	defer func() {
		x.calm()
		x.leave(err != nil && !errors.Is(err, ErrLeaseLost))
		x.end(err)
	}()
	x.observeLoss(err)
}

func (x *execution) goOn(ctx context.Context) error {
	if x.row.Ending != "" {
		return x.compensate(ctx)
	}
	if goOn, err := x.inspect(ctx); !goOn || err != nil {
		return err
	}
	x.tellBegin()
	for {
		if err := x.catchUp(); err != nil {
			return err
		}
		if cause := x.stopped(); cause != nil {
			x.row.Attempt-- // it has not begun
			x.halting.note()
			return x.halt(ctx, cause)
		}
		if err := x.ensureUndo(ctx); err != nil {
			return err
		}
		goOn, err := x.step(ctx)
		if !goOn || err != nil {
			return err
		}
	}
}

// tellBegin tells whoever wants to know that the first step is about to begin.
func (x *execution) tellBegin() {
	if x.onBegin != nil {
		x.onBegin(x.eng.outlineOf(&x.row))
	}
}

// leave takes the run off the list of those that execute here, and lets those look who wait for it and have not been
// told how it stands: others may have ended it. If this process has lost the run and has got it again meanwhile,
// the later execution stays on the list. A run that is adrift is still owned here.
func (x *execution) leave(adrift bool) {
	x.cancel(ErrAttemptEnded)
	x.drop()
	x.unwatch()
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

// step runs one attempt and commits what it came to. It reports whether the run goes on here, driven by the caller.
func (x *execution) step(ctx context.Context) (goOn bool, err error) {
	if x.expired() {
		x.row.Attempt-- // it has not begun
		return false, x.expire(ctx, &Snapshot{}, -1, "")
	}
	x.begun = time.Now()
	if log := x.eng.log; log.Enabled(ctx, slog.LevelDebug) {
		log.DebugContext(ctx, "attempt", "run_id", x.row.ID, "workflow", x.row.Workflow, "step", x.row.Step, "attempt", x.row.Attempt)
	}
	limits := x.limits()
	w := x.watch(ctx, &limits, x.ref())
	x.observeBegin(w.ref)
	if !x.attempt(w) {
		return false, nil
	}
	return x.conclude(ctx, w, &x.out)
}

// attempt runs one attempt of the step where the run is, within its limits. It reports whether the caller drives the run, as
// perform does.
func (x *execution) attempt(w *watchdog) (mine bool) {
	x.mu.Lock()
	x.tried, x.active, x.entered = x.spent(), x.row.ActiveUS, time.Now()
	x.mu.Unlock()
	if w.limits.timeout > 0 && w.limits.left <= 0 { // its process died, or was stopped, before it could say so
		w.reins.stop(w.limits.timedOut())
		x.out = Outcome{Refuse: ErrStopped}
		return w.leave(returned)
	}
	x.visit(w)
	return w.perform(&x.given, &x.out)
}

// conclude commits what an attempt came to. It reports whether the run goes on here.
func (x *execution) conclude(ctx context.Context, w *watchdog, out *Outcome) (goOn bool, err error) {
	if x.undoes != nil {
		return x.concludeUndo(ctx, w, out)
	}
	x.mu.Lock()
	x.stamp()
	x.mu.Unlock()
	if out.Err != nil || out.Refuse != nil || out.Wait != nil || len(out.Sends) > 0 {
		if _, err := x.born(); err != nil {
			return false, err
		}
	}
	cause, took, over := x.stopped(), time.Since(w.begun), w.verdict(out.Err)
	if x.observesSteps() {
		defer func() { x.observeStep(StepEvent{Ref: w.ref, Took: took}, out, cause, over, err) }()
	}
	switch {
	case lost(cause):
		return false, cause
	case out.Refuse != nil && !errors.Is(out.Refuse, ErrStopped):
		return false, out.Refuse
	case errors.Is(cause, ErrDeadline):
		return false, x.expire(ctx, &out.State, took, w.heedless())
	case over != nil:
		return false, x.fail(ctx, &Outcome{Err: over}, took)
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

// ref names the run and where it is.
func (x *execution) ref() Ref {
	r := &x.row
	return Ref{ID: r.ID, UUID: r.UUID, Workflow: r.Workflow, Key: r.Key, Step: r.Step, Visit: int(r.Visit),
		Attempt: int(r.Attempt), Epoch: r.Epoch, Scheduled: timeOf(r.ScheduledUS)}
}

// visit puts together what the definition needs to know for the attempt.
func (x *execution) visit(w *watchdog) {
	r := &x.row
	x.given = Visit{
		Ref: w.ref,
		From: Snapshot{
			State: Payload(r.Checkpoint.State), Random: r.Checkpoint.Random, Counters: countersOf(r.Checkpoint.Counters), Done: r.Done, Total: r.Total,
		},
		Wrote: int(r.Version), Seed: r.Seed, MTBF: x.worker.mtbf, Policy: x.terms.Checkpoint, Widest: x.eng.cfg.Checkpoint, Best: preserveOf(r).Best,
		Pace: x.learned.Pace, Until: x.until(&w.limits),
	}
}

// countersOf reads the counters of a checkpoint, nil for none.
func countersOf(text string) (counters map[string]int64) {
	if text != "" {
		_ = json.Unmarshal([]byte(text), &counters) // covered by inspect
	}
	return counters
}
