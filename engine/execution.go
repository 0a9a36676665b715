package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	worker  *worker
	cancel  context.CancelCauseFunc
	unwatch [2]func() bool // stop watching what may end the run's context
	rest    Status         // to which an orderly stop takes the run: suspended, or pending for a worker's
	done    atomic.Int64
	total   atomic.Int64

	mu      sync.Mutex
	row     store.Run           // guarded by mu: as submitted last
	lease   *store.Lease        // guarded by mu
	begun   time.Time           // guarded by mu: of the attempt, or the last checkpoint in it
	records map[recordID]Record // guarded by mu: of this visit, as found before its first attempt here
	stored  map[string]int64    // guarded by mu: how many records of each name there may be in the database
}

type recordID struct {
	name string
	n    int64
}

// maxDeaths is how many owners may die at one checkpoint before the one before it is taken.
const maxDeaths = 3

// adopt registers a run that this process has just claimed, so that others can steer it.
func (e *Engine) adopt(ctx context.Context, row store.Run, rest Status) (*execution, context.Context) {
	own, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	x := &execution{eng: e, def: e.defs[row.Workflow], cancel: cancel, rest: rest, row: row, lease: row.Lease()}
	x.unwatch = [2]func() bool{
		context.AfterFunc(ctx, func() { cancel(ErrShutdown) }),
		context.AfterFunc(e.life, func() { cancel(ErrShutdown) }),
	}
	x.done.Store(row.Done)
	x.total.Store(row.Total)
	e.mu.Lock()
	x.worker = e.worker
	e.live[row.ID] = x
	e.mu.Unlock()
	if row.Want != "" {
		x.want(row.Want)
	}
	return x, own
}

// run executes steps until the run is not running here any more. Its error means that the run is
// in the database as it was last committed, but that this process could not go on with it.
func (x *execution) run(ctx context.Context) error {
	defer x.leave()
	if goOn, err := x.inspect(ctx); !goOn || err != nil {
		return err
	}
	for {
		if ctx.Err() != nil {
			x.row.Attempt-- // it has not begun
			return x.halt(ctx, context.Cause(ctx))
		}
		goOn, err := x.step(ctx)
		if !goOn || err != nil {
			return err
		}
	}
}

// leave takes the run off the list of those that execute here. If this process has lost the run and
// has got it again meanwhile, the later execution stays on it.
func (x *execution) leave() {
	x.cancel(ErrAttemptEnded)
	for _, stop := range x.unwatch {
		stop()
	}
	x.eng.mu.Lock()
	defer x.eng.mu.Unlock()
	if x.eng.live[x.row.ID] == x {
		delete(x.eng.live, x.row.ID)
	}
}

// step runs one attempt and commits what it came to. It reports whether the run goes on here.
func (x *execution) step(ctx context.Context) (bool, error) {
	begun := time.Now()
	x.begun = begun
	x.eng.log.DebugContext(ctx, "attempt", "run_id", x.row.ID, "workflow", x.row.Workflow, "step", x.row.Step, "attempt", x.row.Attempt)
	out := x.def.RunStep(ctx, x.visit(), x)
	x.mu.Lock()
	x.row.ActiveUS += time.Since(begun).Microseconds()
	x.mu.Unlock()
	cause := context.Cause(ctx)
	switch {
	case errors.Is(out.Refuse, ErrStopped):
		return false, x.halt(ctx, cause)
	case out.Refuse != nil:
		return false, out.Refuse
	case lost(cause):
		return false, cause
	case out.Err != nil && cause != nil:
		return false, x.halt(ctx, cause)
	case out.Err != nil:
		return false, x.fail(ctx, out.Err, time.Since(begun))
	case out.Next == "":
		return false, x.complete(ctx, out, time.Since(begun))
	}
	return true, x.advance(ctx, out, time.Since(begun))
}

// visit is what the definition needs to know for the next attempt.
func (x *execution) visit() Visit {
	r := &x.row
	v := Visit{
		Ref: Ref{ID: r.ID, UUID: r.UUID, Workflow: r.Workflow, Key: r.Key, Step: r.Step, Visit: int(r.Visit),
			Attempt: int(r.Attempt), Epoch: r.Epoch},
		From:  Snapshot{State: Payload(r.Checkpoint.State), Random: r.Checkpoint.Random, Done: r.Done, Total: r.Total},
		Wrote: int(r.Version), Seed: r.Seed, MTBF: x.worker.mtbf, Widest: x.eng.cfg.Checkpoint,
	}
	if r.Policy != "" {
		_ = json.Unmarshal([]byte(r.Policy), &v.Policy) // written by start
	}
	if r.Checkpoint.Counters != "" {
		_ = json.Unmarshal([]byte(r.Checkpoint.Counters), &v.From.Counters) // covered by inspect
	}
	return v
}

// advance commits the move to the next step.
func (x *execution) advance(ctx context.Context, out Outcome, took time.Duration) error {
	h := x.event("transition", took)
	h.Next = out.Next
	h.Detail = detail("state", out.State.Brief)
	next := x.row
	x.checkpoint(&next, out.State)
	next.Step, next.Visit, next.Attempt = out.Next, x.row.Visit+1, 1
	next.Fingerprint = x.def.fingerprints[out.Next]
	x.mu.Lock()
	forget := len(x.stored) > 0
	x.stored, x.records = nil, nil
	x.mu.Unlock()
	return x.commit(ctx, &store.Change{Row: next, State: true, ForgetCalls: forget, History: []store.History{h}})
}

// complete commits the result and the clean-up of what it makes useless.
func (x *execution) complete(ctx context.Context, out Outcome, took time.Duration) error {
	h := x.event("completed", took)
	h.Detail = detail("state", out.State.Brief, "result", brief(out.Result))
	next := x.row
	x.checkpoint(&next, out.State)
	next.Status, next.Result, next.Owner = string(Completed), store.Payload(out.Result), 0
	next.Reason, next.Error = "", ""
	return x.commit(ctx, &store.Change{Row: next, State: true, History: []store.History{h}})
}

// fail commits a failed attempt: the run waits for the next one, fails, or is blocked.
func (x *execution) fail(ctx context.Context, err error, took time.Duration) error {
	if _, ok := errors.AsType[*blockedError](err); ok {
		return x.block(ctx, err)
	}
	h := x.event("attempt", took)
	h.Error = err.Error()
	if p, ok := errors.AsType[*PanicError](err); ok {
		h.Detail = detail("stack", p.Stack)
	}
	next := x.row
	next.Failures++
	next.Error, next.Owner = err.Error(), 0
	retry := x.def.retries[x.row.Step]
	if isPermanent(err) || retry.exhausted(next.Failures) {
		next.Status = string(Failed)
		end := x.event("failed", -1)
		end.Error = err.Error()
		return x.commit(ctx, &store.Change{Row: next, History: []store.History{h, end}})
	}
	pause := retry.pause(next.Failures)
	next.Status = string(Waiting)
	next.DueUS = time.Now().Add(pause).UnixMicro()
	next.Reason = fmt.Sprintf("retry %d of %s after an error", next.Failures+1, retry.limit())
	x.eng.log.WarnContext(ctx, "retry", "run_id", x.row.ID, "workflow", x.row.Workflow, "step", x.row.Step,
		"attempt", x.row.Attempt, "pause", pause, "error", err)
	return x.commit(ctx, &store.Change{Row: next, History: []store.History{h}})
}

// block commits that the run cannot go on until a person has looked at it.
func (x *execution) block(ctx context.Context, why error) error {
	h := x.event("blocked", -1)
	h.Error = why.Error()
	next := x.row
	next.Status, next.Reason, next.Owner = string(Blocked), why.Error(), 0
	x.eng.log.ErrorContext(ctx, "run blocked", "run_id", x.row.ID, "workflow", x.row.Workflow, "step", x.row.Step, "error", why)
	return x.commit(ctx, &store.Change{Row: next, History: []store.History{h}})
}

// halt commits that the run stops here because of cause.
func (x *execution) halt(ctx context.Context, cause error) error {
	next := x.row
	next.Owner, next.Want, next.WantDetail, next.Deaths, next.Reason = 0, "", "", 0, ""
	kind := ""
	switch {
	case lost(cause):
		return cause
	case errors.Is(cause, ErrPaused):
		next.Status, kind = string(Paused), "paused"
	case errors.Is(cause, ErrCancelled):
		next.Status, kind = string(Cancelled), "cancelled"
	case x.rest == Pending:
		next.Status, kind = string(Pending), "released"
	default:
		next.Status, kind = string(Suspended), "suspended"
	}
	h := x.event(kind, -1)
	if kind == "paused" || kind == "cancelled" {
		h.Detail = x.wanted(ctx)
		next.Reason = reasonOf(h.Detail)
	}
	return x.commit(ctx, &store.Change{Row: next, History: []store.History{h}})
}

// wanted tells who wants the run to stop, and why. That is for people: without it the run stops as well.
func (x *execution) wanted(ctx context.Context) string {
	wants, err := x.eng.store.Wants(context.WithoutCancel(ctx), x.worker.id)
	if err != nil {
		x.eng.log.WarnContext(ctx, "looking for requests", "run_id", x.row.ID, "error", err)
	}
	for _, w := range wants {
		if w.Run == x.row.ID {
			return w.Detail
		}
	}
	return ""
}

// wantDetail reads who wants the run to stop, and why.
func (x *execution) wantDetail(ctx context.Context) string {
	row, err := x.eng.store.Run(context.WithoutCancel(ctx), x.row.ID)
	if err != nil {
		return "" // the commit that follows tells what is wrong
	}
	return row.WantDetail
}

// commit applies a change under the lease and takes it over, or reports why this process is not the
// owner any more. A shutdown does not interrupt it: finished work is saved.
func (x *execution) commit(ctx context.Context, c *store.Change) error {
	c.Lease = x.lease
	if err := x.eng.store.Apply(context.WithoutCancel(ctx), c); err != nil {
		return x.storageError(err)
	}
	x.mu.Lock()
	x.row = c.Row
	x.mu.Unlock()
	if status := Status(c.Row.Status); status != Running {
		if status.Ended() {
			x.eng.ended(c.Row.ID)
		}
		x.eng.changed()
		if c.Want != "" && !status.Ended() { // it came too late for the step
			return x.eng.fulfil(ctx, c.Row.ID)
		}
	} else if c.Want != "" {
		x.want(c.Want)
	}
	return nil
}

// storageError maps what the store says about an owner's write.
func (x *execution) storageError(err error) error {
	switch {
	case errors.Is(err, store.ErrGuard):
		x.eng.log.Warn("lease lost", "run_id", x.row.ID, "worker", x.worker.id)
		return fmt.Errorf("run %d: %w", x.row.ID, ErrLeaseLost)
	case errors.Is(err, ErrStorage):
		return fmt.Errorf("run %d: %w", x.row.ID, err)
	}
	return fmt.Errorf("run %d: %w: %w", x.row.ID, ErrStorage, err)
}

// want stops the step because a person has asked for it.
func (x *execution) want(want string) {
	switch want {
	case "pause":
		x.cancel(ErrPaused)
	case "cancel":
		x.cancel(ErrCancelled)
	}
}

// event begins a history row of the run's present attempt. took is negative if nothing was timed.
func (x *execution) event(kind string, took time.Duration) store.History {
	h := store.History{
		Kind: kind, Step: x.row.Step, Visit: x.row.Visit, Attempt: x.row.Attempt, Worker: x.worker.id, DurationUS: -1,
	}
	if took >= 0 {
		h.DurationUS = took.Microseconds()
	}
	return h
}

// checkpoint puts a snapshot into a row.
func (x *execution) checkpoint(row *store.Run, s Snapshot) {
	row.Checkpoint = store.Checkpoint{State: store.Payload(s.State), Checksum: s.State.Checksum(), Random: s.Random}
	if len(s.Counters) > 0 {
		counters, err := json.Marshal(s.Counters)
		if err == nil { // a map of integers always marshals
			row.Checkpoint.Counters = string(counters)
		}
	}
	row.Done, row.Total = s.Done, s.Total
	row.StallUS += s.Stall.Microseconds()
	row.Failures, row.Deaths, row.Error, row.Reason = 0, 0, "", ""
	row.Version = x.def.version
}

// Save commits a checkpoint within the visit, see [Host].
func (x *execution) Save(s Snapshot, done func(error)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.checkpoint(&x.row, s)
	x.row.Saves++
	x.row.Fingerprint = x.def.fingerprints[x.row.Step]
	h := x.event("checkpoint", time.Since(x.begun))
	h.Detail = detail("state", s.Brief)
	x.begun = time.Now()
	x.submit(&store.Change{Row: x.row, State: true, ForgetCalls: x.forget(s.Counters), History: []store.History{h}}, done)
}

// forget reports whether a checkpoint with these counters deletes the records in the database: only if
// it covers them all. A concurrent call may have been recorded since the checkpoint was made; then those
// that it covers stay until the next one, and are never read again. The caller holds mu.
func (x *execution) forget(covered map[string]int64) bool {
	for name, n := range x.stored {
		if covered[name] < n {
			return false
		}
	}
	forget := len(x.stored) > 0
	x.stored = nil
	return forget
}

// keep notes that occurrence n of a call is recorded. The caller holds mu.
func (x *execution) keep(name string, n int64) {
	if x.stored == nil {
		x.stored = map[string]int64{}
	}
	x.stored[name] = max(x.stored[name], n+1)
}

// Record commits the result of a recorded call, see [Host].
func (x *execution) Record(r Record, done func(error)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.keep(r.Name, r.N)
	h := x.event("call", r.Took)
	h.Detail = detail("call", r.Name, "n", r.N)
	call := store.Call{Visit: x.row.Visit, Name: r.Name, N: r.N, Value: store.Payload(r.Value), Checksum: r.Value.Checksum(), Random: r.Random}
	x.submit(&store.Change{Row: x.row, Calls: []store.Call{call}, History: []store.History{h}}, done)
}

// submit hands a change to the writer. The caller holds mu, so changes are queued in the order made.
func (x *execution) submit(c *store.Change, done func(error)) {
	c.Lease = x.lease
	x.eng.store.Submit(c, func(err error) {
		switch {
		case err != nil:
			err = x.storageError(err)
			x.cancel(err)
		case c.Want != "":
			x.want(c.Want)
		}
		done(err)
	})
}

// Recorded returns a committed result, see [Host].
func (x *execution) Recorded(name string, n int64) (Record, bool, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	rec, ok := x.records[recordID{name, n}]
	return rec, ok, nil
}

// Progress is read by Live, see [Host].
func (x *execution) Progress(done, total int64) {
	x.done.Store(done)
	x.total.Store(total)
}

// Logger returns the engine's logger, for Context.Log.
func (x *execution) Logger() *slog.Logger { return x.eng.log }

// Live returns the progress of a run that this process executes right now. It costs next to nothing.
func (e *Engine) Live(id int64) (Progress, bool) {
	e.mu.Lock()
	x := e.live[id]
	e.mu.Unlock()
	if x == nil {
		return Progress{Done: -1, Total: -1}, false
	}
	return Progress{Done: x.done.Load(), Total: x.total.Load()}, true
}
