package store

import "errors"

// move is what becomes of one run: one row of the UPDATE, for one or more changes of one lease.
type move struct {
	lease    *Lease
	reqs     []*request
	first    [1]*request // most moves are one change
	from, to lease

	row     *Run  // of the last change
	saved   saved // the last checkpoint; its row is nil for none
	history []History
	forget  bool     // delete the recorded calls from a visit on
	since   int64    // that visit
	undos   []Undo   // to write, in this order
	calls   []Call   // to insert then
	gone    []int64  // copies to delete
	copied  []copied // copies to insert
	spoilt  *Spoilt  // copies to mark
	found   bool     // the compare-and-set has hit

	attributes []Attribute // to set, in this order
	metrics    []Metric    // to append
}

// maxSlab is for how many moves the writer keeps room.
const maxSlab = 256

// room returns room for the moves of a round. That of the first round is used again by the next batch, see freeRoom.
func (b *batch) room(n int) []move {
	if b.slab != nil || n > maxSlab {
		return make([]move, 0, n)
	}
	if cap(b.w.slab) < n {
		b.w.slab = make([]move, min(2*n, maxSlab))
	}
	b.slab = b.w.slab[:n]
	return b.slab[:0]
}

// freeRoom gives back what room has returned: the batch is over, and no lease stands on its moves.
func (b *batch) freeRoom() { clear(b.slab) }

// begin lets the move begin where its lease stands.
func (m *move) begin(l *Lease, at lease) {
	m.lease, m.from, m.to, m.reqs = l, at, at, m.first[:0]
}

// accepts reports whether c can share the row of the changes before it: the same owner's, and the
// status has not moved, since the schema checks each single move.
func (m *move) accepts(c *Change) bool {
	return m.lease == c.Lease && m.to.status == m.from.status && m.to.epoch == m.from.epoch
}

// add puts one more change into the move.
func (b *batch) add(m *move, r *request) error {
	c := r.change
	if len(c.History) == 0 {
		return errors.New("change without a history row")
	}
	for i := range c.History {
		if err := b.extend(m.lease.Run, m.lease.UUID, &m.to, &c.History[i]); err != nil {
			return err
		}
	}
	if m.history == nil {
		m.history = c.History[:len(c.History):len(c.History)]
	} else {
		m.history = append(m.history, c.History...)
	}
	m.reqs = append(m.reqs, r)
	m.attributes, m.metrics = append(m.attributes, c.Attributes...), append(m.metrics, c.Metrics...)
	m.row = &c.Row
	m.to.status, m.to.epoch = c.Row.Status, c.Row.Epoch
	m.to.quiet.row(m.row)
	if c.Spoilt != nil {
		if err := b.spoil(m, c.Spoilt); err != nil {
			return err
		}
	}
	if c.State {
		m.to.quiet.checkpoint(&c.Row.Checkpoint)
		if err := b.save(m, c); err != nil {
			return err
		}
	}
	m.undos = append(m.undos, c.Undo...)
	m.to.undos = m.to.undos || len(c.Undo) > 0
	if all := forgetsAll(m.from.status, c.Row.Status); all || c.ForgetCalls {
		m.forgetCalls(c.Row.Visit-1, all) // the visit that the change ends, at the most
	}
	if !forgetsAll(m.from.status, c.Row.Status) && c.Effect == nil { // which makes the call's value first
		m.calls = append(m.calls, c.Calls...)
	}
	m.to.calls = len(m.calls) > 0 || m.to.calls && (!m.forget || m.to.undos) || c.Effect != nil && len(c.Calls) > 0
	return nil
}

// forgetCalls notes that the calls recorded before this are not needed any more: all of them, or those of
// a visit and later ones.
func (m *move) forgetCalls(visit int64, all bool) {
	m.calls = nil
	if !m.to.calls {
		return
	}
	switch {
	case all:
		m.since = 0
	case m.forget:
		m.since = min(m.since, visit)
	default:
		m.since = visit
	}
	m.forget = true
}

func hasEnded(status string) bool {
	return status == "completed" || status == "failed" || status == "cancelled"
}

// written fills in, for whoever has asked for the move, what the writer has put into the row.
func (m *move) written(nowUS int64) {
	r := m.row
	r.Seq, r.HeadHistory, r.HeadHash, r.UpdatedUS = m.to.seq, m.to.head, m.to.hash, nowUS
	r.EndedUS = 0
	if hasEnded(r.Status) {
		r.EndedUS = nowUS
	}
	if m.unlinks() {
		r.FirstHistory = 0
	}
}

// unlinks reports whether the run's history goes with the move.
func (m *move) unlinks() bool { return m.to.status == "completed" && m.lease.keep == "none" }

// appendCalls appends the parameters of call_insert.sql.
func (b *batch) appendCalls(args []any, m *move) []any {
	for i := range m.calls {
		c := &m.calls[i]
		args = append(args, m.lease.Run, c.Visit, c.Name, c.N, b.now, c.Value.Codec, int64(c.Checksum), nullBlob(c.Random), c.Value.column())
	}
	return args
}
