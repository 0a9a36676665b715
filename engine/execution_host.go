package engine

import (
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/durable-wf/wf/engine/internal/codec"
	"github.com/durable-wf/wf/engine/internal/store"
)

// checkpoint puts a snapshot into a row.
func (x *execution) checkpoint(row *store.Run, s *Snapshot) {
	row.Checkpoint = store.Checkpoint{State: store.Payload(s.State), Random: s.Random}
	if len(s.State.Data) <= codec.MaxInline { // else the store does it, behind the back of the step
		row.Checkpoint.Checksum = s.State.Checksum()
	}
	if len(s.Counters) > 0 {
		counters, err := json.Marshal(s.Counters)
		if err == nil { // a map of integers always marshals
			row.Checkpoint.Counters = string(counters)
		}
	}
	row.Done, row.Total = s.Done, s.Total
	row.StallUS += s.Stall.Microseconds()
	if row.Ending == "" { // else Error is why it is to end so
		row.Failures, row.Error, row.Reason = 0, "", ""
	}
	x.survive(row, s.Done)
	row.Version = x.def.version
	x.learn(row, s)
}

// Save commits a checkpoint within the visit, see [Host].
func (x *execution) Save(s Snapshot, done func(error)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.halting.note()
	x.checkpoint(&x.row, &s)
	x.said.Store(&s.Brief)
	x.row.Saves++
	x.stamp()
	x.row.Fingerprint = x.def.fingerprints[x.row.Step]
	h := x.event("checkpoint", time.Since(x.begun))
	h.Detail = s.detail(s.told()...)
	x.begun = time.Now()
	c := s.change(&x.row)
	c.ForgetCalls, c.History = x.forget(s.Counters), []store.History{h}
	x.submit(c, done)
}

// Record commits the result of a recorded call, see [Host].
func (x *execution) Record(r Record, done func(error)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.keep(r.Name, r.N)
	x.stamp()
	h := x.event("call", r.Took)
	h.Detail = callDetail(r)
	call := store.Call{Visit: x.callVisit(), Name: r.Name, N: r.N, Value: store.Payload(r.Value), Checksum: r.Value.Checksum(), Random: r.Random}
	c := &store.Change{Row: x.row, Calls: []store.Call{call}, History: []store.History{h}}
	if r.Tx != nil {
		c.Effect, done = x.recording(r.Tx), x.recordedTx(c, done)
	}
	x.submit(c, done)
}

// recordedTx does, before done is called, what the outcome of a call's own SQL means: there is no record if
// it has failed, and others may have to be woken if it has not.
func (x *execution) recordedTx(c *store.Change, done func(error)) func(error) {
	return func(err error) {
		if _, failed := errors.AsType[*TxError](err); failed {
			x.unkeep(c.Calls[0].Name, c.Calls[0].N)
		} else if err == nil && c.Wakes {
			x.eng.task(x.eng.enqueued) // not here: the writer waits
		}
		done(err)
	}
}

// submit hands a change to the writer. The caller holds mu, so changes are queued in the order made.
func (x *execution) submit(c *store.Change, done func(error)) {
	g := x.behind()
	x.note(c)
	x.addTo(g, c, done)
	x.eng.store.SubmitGroup(g)
}

// addTo adds a change to a group. The caller holds mu.
func (x *execution) addTo(g *store.Group, c *store.Change, done func(error)) {
	c.Lease = x.lease
	g.Change(c, func(err error) {
		if err != nil {
			err = x.storageError(err)
		}
		_, failed := errors.AsType[*TxError](err)
		switch {
		case failed: // the step may go on
		case err != nil:
			x.cancel(err)
		case c.Want != "":
			x.want(c.Want, "")
		}
		done(err)
	})
}

// callVisit is the visit to which recorded calls belong. The caller holds mu, or is the run's goroutine.
func (x *execution) callVisit() int64 {
	if x.undoes != nil {
		return x.undoes.Visit
	}
	return x.row.Visit
}

// Recorded returns a committed result, see [Host]. Whoever finds none makes the call next, so it waits until all
// that is behind the step is committed.
func (x *execution) Recorded(name string, n int64) (Record, bool, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := x.settle(); err != nil {
		return Record{}, false, err
	}
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

// calling is told of each recorded call that is made.
func (x *execution) calling(key string) { x.eng.cut.Called(key) }

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

// LiveBrief returns the short form of the state that this process has saved last, within a step, of a run that it
// executes right now; "" if there is none. It costs next to nothing.
func (e *Engine) LiveBrief(id int64) string {
	e.mu.Lock()
	x := e.live[id]
	e.mu.Unlock()
	if x == nil {
		return ""
	}
	if brief := x.said.Load(); brief != nil {
		return *brief
	}
	return ""
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

// unkeep takes back what keep has noted.
func (x *execution) unkeep(name string, n int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.stored[name] = n; n == 0 {
		delete(x.stored, name)
	}
}
