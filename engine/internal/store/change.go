package store

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
)

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
	open := b.w.byRun // of each run; nil for one whose further changes are for the next round
	defer clear(open)
	slab := b.room(len(reqs))
	moves = make([]*move, 0, len(reqs))
	b.steps = slices.Grow(b.steps, len(reqs))
	for _, r := range reqs {
		l := r.change.Lease
		m, some := open[l.Run]
		if some && m == nil {
			later = append(later, r)
			continue
		}
		if r.err = cmp.Or(l.usable(), b.unfit[l], r.fit(b.w.store.files)); r.err != nil {
			b.leaveOut(l, r.err)
			continue
		}
		switch {
		case m != nil && (r.change.special() || !m.accepts(r.change)):
			open[l.Run] = nil
			later = append(later, r)
		case r.change.special():
			open[l.Run] = nil
			effects = append(effects, r)
		case m == nil:
			slab = append(slab, move{})
			m = &slab[len(slab)-1]
			m.begin(l, b.at(l))
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

// leaveOut notes why a change is left out, with all of its lease that follow.
func (b *batch) leaveOut(l *Lease, why error) {
	if b.unfit == nil {
		b.unfit = map[*Lease]error{}
	}
	b.unfit[l] = why
}

// apply runs the moves, and notes in the requests of those that missed.
func (b *batch) apply(moves []*move) error {
	if len(moves) == 0 {
		return nil
	}
	for _, m := range moves {
		if err := b.finish(m); err != nil {
			return err
		}
	}
	if err := b.write(moves); err != nil {
		return err
	}
	return b.follow(moves)
}

// follow does for the moves that have hit what goes with the row.
func (b *batch) follow(moves []*move) error {
	var gone []int64
	insert := &b.w.stmts.historyInsert
	history := insert.rows()
	var calls, copies, attributes, metrics []any
	if err := b.putUndos(moves); err != nil {
		return err
	}
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
			history = appendHistory(history, m.history)
		}
		if m.to.status != "running" && !hasEnded(m.to.status) {
			b.stir()
		}
		calls = b.appendCalls(calls, m)
		copies, gone = b.appendCopies(copies, m), append(gone, m.gone...)
		m.written(b.now)
		b.step(m.lease, &m.to)
		b.seen.move(m)
		var err error
		if attributes, err = b.appendAttributes(attributes, m.lease.Run, m.attributes); err != nil {
			return err
		}
		if metrics, err = b.appendMetrics(metrics, m.lease.Run, m.metrics); err != nil {
			return err
		}
	}
	if _, err := insert.exec(history); err != nil {
		return err
	}
	if _, err := b.w.stmts.callInsert.exec(calls); err != nil {
		return err
	}
	if _, err := b.w.stmts.copyInsert.exec(copies); err != nil {
		return err
	}
	if len(gone) > 0 {
		if err := b.w.exec(b.w.stmts.copyDelete, jsonList(gone)); err != nil {
			return err
		}
	}
	if err := b.setAttributes(attributes); err != nil {
		return err
	}
	if err := b.insertMetrics(metrics); err != nil {
		return err
	}
	return b.after(moves)
}

// after does what the moves mean for others, once all of their own rows are written.
func (b *batch) after(moves []*move) error {
	var over []int64 // for good: nobody will read their signals
	for _, m := range moves {
		if !m.found {
			continue
		}
		if m.to.status == "completed" || m.to.status == "cancelled" {
			over = append(over, m.lease.Run)
		}
		if err := b.relatives(m); err != nil {
			return err
		}
	}
	if len(over) == 0 || !b.mailed {
		return nil
	}
	return b.w.exec(b.w.stmts.signalForget, jsonList(over))
}

// clean deletes what the move makes obsolete.
func (b *batch) clean(m *move) error {
	st := b.w.stmts
	if err := b.mark(m); err != nil {
		return err
	}
	if err := b.settleUndos(m); err != nil {
		return err
	}
	if m.forget {
		if err := b.w.exec(st.callForget, m.lease.Run, m.since); err != nil {
			return err
		}
	}
	if m.lease.key != "" && hasEnded(m.from.status) != hasEnded(m.to.status) {
		if err := b.moveKey(m); err != nil {
			return err
		}
	}
	if !m.unlinks() {
		return nil
	}
	m.to.head = 0
	if err := b.forgetHistory(m); err != nil {
		return err
	}
	return b.w.exec(st.runUnlink, m.lease.Run)
}

// forgetHistory deletes the history of a run that keeps none, a long one in small steps later.
func (b *batch) forgetHistory(m *move) error {
	if m.from.seq <= longHistory {
		return b.w.exec(b.w.stmts.historyForget, m.from.head)
	}
	b.leaves = true
	return b.w.exec(b.w.stmts.leftoverUnlink, m.lease.Run, m.from.head)
}

// one applies a change that shares its row with no other.
func (b *batch) one(r *request) error {
	if err := r.change.Lease.usable(); err != nil {
		return err
	}
	if err := b.undoFirst(r.change); err != nil {
		return err
	}
	m := &move{}
	m.begin(r.change.Lease, b.at(r.change.Lease))
	if err := b.add(m, r); err != nil {
		return err
	}
	if err := b.apply([]*move{m}); err != nil {
		return err
	}
	return r.err
}

// special reports whether a change touches more than its run, or has to look before it waits: it is then
// applied on its own, in a savepoint.
func (c *Change) special() bool {
	return c.Effect != nil || len(c.Spawn) > 0 || len(c.Sends) > 0 || c.Row.Status == "waiting" && c.Row.Wait != "" || c.fails()
}

// applyEffect applies a special change: its row, what goes with it to other runs, and then the user's SQL.
func (b *batch) applyEffect(r *request) error {
	if err := b.answer(r); err != nil {
		return err
	}
	if err := b.one(r); err != nil {
		return err
	}
	if err := b.spawn(r.change); err != nil {
		return err
	}
	for _, sig := range r.change.Sends {
		switch err := b.deliver(sig); {
		case errors.Is(err, ErrEnded): // nothing that the sender could mend
			b.w.store.log.Warn("signal dropped", slog.Int64("run_id", sig.Run), slog.String("signal", sig.Name), slog.Any("error", err))
		case err != nil:
			return &EffectError{fmt.Errorf("signal %q: %w", sig.Name, err)}
		}
	}
	return b.effect(r.change)
}
