package store

import "time"

// Committed is one transaction of the writer, as Options.Observe is told of it. Runs are without payloads.
type Committed struct {
	Requests int           // committed together
	Took     time.Duration // the wait for the write lock included
	Err      error         // nil if it is durable
	Created  []Run         // runs that are new
	Moved    []Run         // runs of which this process has changed the status, as they are now
}

// observed collects what Options.Observe is told of a batch; nil if nobody wants to know.
type observed struct{ created, moved []Run }

func (w *writer) observes() *observed {
	if w.store.observe == nil {
		return nil
	}
	return &observed{}
}

// create notes a new run.
func (o *observed) create(run *Run) {
	if o == nil {
		return
	}
	o.created = append(o.created, withoutPayloads(run))
}

// move notes a change of a run's status.
func (o *observed) move(m *move) {
	if o == nil || m.from.status == m.to.status {
		return
	}
	o.moved = append(o.moved, withoutPayloads(m.row))
}

func withoutPayloads(run *Run) Run {
	r := *run
	r.Checkpoint, r.Result = Checkpoint{}, Payload{}
	return r
}

// mark returns what takes back all that is noted from here on.
func (o *observed) mark() (forget func()) {
	if o == nil {
		return func() {}
	}
	created, moved := len(o.created), len(o.moved)
	return func() { o.created, o.moved = o.created[:created], o.moved[:moved] }
}

// tell tells of a transaction that has been committed, or could not be. It comes before the requests are
// acknowledged, so that whoever learns of a commit finds it told.
func (w *writer) tell(reqs []*request, begun time.Time, o *observed, err error) {
	if w.store.observe == nil {
		return
	}
	c := Committed{Requests: len(reqs), Took: time.Since(begun), Err: err}
	if err == nil && o != nil {
		c.Created, c.Moved = o.created, o.moved
	}
	w.store.observe(c)
}
