package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

const (
	copyEvery  = int64(time.Second / time.Microsecond) // at most one copy of a run's checkpoint in this time
	copiesKept = 3
)

// move is what becomes of one run: one row of the UPDATE, for one or more changes of one lease.
type move struct {
	lease    *Lease
	reqs     []*request
	from, to lease

	row     *Run // of the last change
	saved   *Run // of the last change with a checkpoint; nil for none
	history []History
	forget  bool    // delete the recorded calls
	calls   []Call  // to insert then
	old     []int64 // copies to delete
	copy    int64   // number of the copy to insert; 0 for none
	found   bool    // the compare-and-set has hit
}

// change applies changes in rounds, since an UPDATE silently ignores the second of two rows for
// one run. A round takes the first changes of each run that can share a row; those with the user's SQL
// have a savepoint each.
func (b *batch) change(reqs []*request) error {
	for len(reqs) > 0 {
		moves, effects, later, err := b.round(reqs)
		if err != nil {
			return err
		}
		if err := b.apply(moves); err != nil {
			return err
		}
		for _, r := range effects {
			if err := b.savepoint(r, func() error { return b.applyEffect(r) }); err != nil {
				return err
			}
		}
		reqs = later
	}
	return nil
}

// round sorts out what can be done at once. Requests of one run keep their order.
func (b *batch) round(reqs []*request) (moves []*move, effects, later []*request, err error) {
	open := map[int64]*move{} // of each run; more may be added
	full := map[int64]bool{}  // runs whose further changes are for the next round
	for _, r := range reqs {
		l := r.change.Lease
		if r.err = l.usable(); r.err != nil {
			continue
		}
		m := open[l.Run]
		switch {
		case full[l.Run], m != nil && (r.change.Effect != nil || !m.accepts(r.change)):
			full[l.Run] = true
			later = append(later, r)
		case r.change.Effect != nil:
			full[l.Run] = true
			effects = append(effects, r)
		case m == nil:
			m = &move{lease: l, from: b.at(l)}
			m.to = m.from
			open[l.Run] = m
			moves = append(moves, m)
			fallthrough
		default:
			if err := b.add(m, r); err != nil {
				return nil, nil, nil, err
			}
		}
	}
	return moves, effects, later, nil
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
	for _, h := range c.History {
		h, err := b.extend(m.lease.Run, m.lease.UUID, &m.to, h)
		if err != nil {
			return err
		}
		m.history = append(m.history, h)
	}
	m.reqs = append(m.reqs, r)
	m.row = &c.Row
	m.to.status, m.to.epoch = c.Row.Status, c.Row.Epoch
	if c.State {
		m.saved = &c.Row
	}
	if c.ForgetCalls || hasEnded(c.Row.Status) {
		m.forget, m.calls = m.to.calls, nil
	}
	if !hasEnded(c.Row.Status) {
		m.calls = append(m.calls, c.Calls...)
	}
	m.to.calls = len(m.calls) > 0 || m.to.calls && !m.forget
	return nil
}

func hasEnded(status string) bool {
	return status == "completed" || status == "failed" || status == "cancelled"
}

// apply runs the moves, and notes in the requests of those that missed.
func (b *batch) apply(moves []*move) error {
	if len(moves) == 0 {
		return nil
	}
	var plain, saving []any
	byRun := make(map[int64]*move, len(moves))
	for _, m := range moves {
		byRun[m.lease.Run] = m
		b.finish(m)
		if m.saved == nil {
			plain = b.appendRow(plain, m)
			continue
		}
		saving = b.appendRow(saving, m)
		var err error
		if saving, err = appendState(saving, m); err != nil {
			return err
		}
	}
	hit := func(rows *sql.Rows) error {
		var id int64
		var want string
		if err := rows.Scan(&id, &want); err != nil {
			return err
		}
		m := byRun[id]
		m.found = true
		for _, r := range m.reqs {
			r.change.Want = want
		}
		return nil
	}
	ctx := context.Background()
	if err := b.w.stmts.changeUpdate.query(ctx, plain, hit); err != nil {
		return err
	}
	if err := b.w.stmts.changeUpdateState.query(ctx, saving, hit); err != nil {
		return err
	}
	return b.follow(moves)
}

// finish decides what else goes with the move: a copy of the checkpoint, or the end of the copies.
func (b *batch) finish(m *move) {
	if m.to.status == "completed" && m.lease.keep != "all" {
		m.old, m.to.copies = m.to.copies, nil
		m.saved = &Run{} // nothing to resume from any more
		return
	}
	if m.saved == nil || b.now-m.to.copiedUS < copyEvery {
		return
	}
	b.lastCopy++
	m.copy = b.lastCopy
	copies := append(slices.Clone(m.to.copies), m.copy)
	keep := max(len(copies)-copiesKept, 0)
	m.old, m.to.copies, m.to.copiedUS = copies[:keep], copies[keep:], b.now
}

// follow does for the moves that have hit what goes with the row.
func (b *batch) follow(moves []*move) error {
	var history []History
	var calls, copies []any
	for _, m := range moves {
		if !m.found {
			for _, r := range m.reqs {
				r.err = ErrGuard
			}
			continue
		}
		if err := b.clean(m); err != nil {
			return err
		}
		if !m.unlinks() {
			history = append(history, m.history...)
		}
		calls = b.appendCalls(calls, m)
		copies = b.appendCopy(copies, m)
		b.moved[m.lease] = m.to
	}
	ctx := context.Background()
	if err := b.insertHistory(history); err != nil {
		return err
	}
	if err := b.w.stmts.callInsert.exec(ctx, calls); err != nil {
		return err
	}
	return b.w.stmts.copyInsert.exec(ctx, copies)
}

// unlinks reports whether the run's history goes with the move.
func (m *move) unlinks() bool { return m.to.status == "completed" && m.lease.keep == "none" }

// clean deletes what the move makes obsolete.
func (b *batch) clean(m *move) error {
	st := b.w.stmts
	for _, id := range m.old {
		if err := b.w.exec(st.copyDelete, id); err != nil {
			return err
		}
	}
	if m.forget {
		if err := b.w.exec(st.callForget, m.lease.Run); err != nil {
			return err
		}
	}
	if m.lease.key != "" && hasEnded(m.to.status) {
		if err := b.w.exec(st.keyEnd, m.lease.workflow, m.lease.key, b.now); err != nil {
			return err
		}
	}
	if !m.unlinks() {
		return nil
	}
	m.to.head = 0
	if err := b.w.exec(st.historyForget, m.from.head); err != nil {
		return err
	}
	return b.w.exec(st.runUnlink, m.lease.Run)
}

// appendRow appends the parameters of change_update.sql.
func (b *batch) appendRow(args []any, m *move) []any {
	r := m.row
	var result any
	if r.Result.Codec != "" {
		result = r.Result.column()
	}
	return append(args, m.lease.Run, m.from.epoch, m.from.seq, m.from.status,
		r.Status, r.Epoch, m.to.seq, m.to.head, m.to.hash, nullInt(r.Owner), b.now, hasEnded(r.Status), r.Version,
		r.Fingerprint, r.Step, r.Visit, r.Attempt, r.Failures, r.Deaths, nullInt(r.DueUS), nullText(r.Reason), nullText(r.Error),
		nullUnknown(r.Done), nullUnknown(r.Total), r.Saves, r.StallUS, r.ActiveUS, nullText(r.Result.Codec), result)
}

// appendState appends the parameters that change_update_state.sql has beyond those.
func appendState(args []any, m *move) ([]any, error) {
	copies := "[]"
	if len(m.to.copies) > 0 {
		text, err := json.Marshal(m.to.copies)
		if err != nil {
			return nil, err
		}
		copies = string(text)
	}
	cp := &m.saved.Checkpoint
	return append(args, copies, m.to.copiedUS, cp.State.Codec, int64(cp.Checksum), nullBlob(cp.Random), nullText(cp.Counters), cp.State.column()), nil
}

// appendCalls appends the parameters of call_insert.sql.
func (b *batch) appendCalls(args []any, m *move) []any {
	for i := range m.calls {
		c := &m.calls[i]
		args = append(args, m.lease.Run, c.Visit, c.Name, c.N, b.now, c.Value.Codec, int64(c.Checksum), nullBlob(c.Random), c.Value.column())
	}
	return args
}

// appendCopy appends the parameters of copy_insert.sql, if the move makes a copy.
func (b *batch) appendCopy(args []any, m *move) []any {
	if m.copy == 0 {
		return args
	}
	r, cp := m.saved, &m.saved.Checkpoint
	return append(args, m.copy, m.lease.Run, m.to.seq, b.now, r.Version, r.Fingerprint, r.Step, r.Visit,
		cp.State.Codec, int64(cp.Checksum), nullBlob(cp.Random), nullText(cp.Counters), cp.State.column())
}

// one applies a change that shares its row with no other.
func (b *batch) one(r *request) error {
	if err := r.change.Lease.usable(); err != nil {
		return err
	}
	m := &move{lease: r.change.Lease, from: b.at(r.change.Lease)}
	m.to = m.from
	if err := b.add(m, r); err != nil {
		return err
	}
	if err := b.apply([]*move{m}); err != nil {
		return err
	}
	return r.err
}

// applyEffect applies a change, and then runs the user's SQL that goes with it.
func (b *batch) applyEffect(r *request) error {
	if err := b.one(r); err != nil {
		return err
	}
	if err := b.user(r.change.Effect); err != nil {
		return &effectError{err}
	}
	return nil
}

// effectError marks an error of the user's own SQL: it leaves the lease as it was.
type effectError struct{ error }

func isEffect(err error) bool {
	_, ok := err.(*effectError)
	return ok
}

func effectCause(err error) error {
	if e, ok := err.(*effectError); ok {
		return e.error
	}
	return err
}
