package engine

import (
	"encoding/json"
	"log/slog"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

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
	if row.Failures, row.Error, row.Reason = 0, "", ""; row.Deaths < maxDeaths || row.Visit > x.deadly {
		row.Deaths = 0 // else it has fallen back, and is on its way to where its owners died
	}
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
