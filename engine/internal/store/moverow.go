package store

import (
	"database/sql"
	"slices"
)

// way is by which statement a move is written.
type way uint8

const (
	stepping  way = iota // change_step.sql: the run goes to its next step, and that is all
	advancing            // change_advance.sql: it stays with its owner
	plain                // change_update.sql: its checkpoint stays as it is
	saving               // change_update_state.sql: anything
	ways
)

func (m *move) way() way {
	switch {
	case m.steps():
		return stepping
	case m.advances():
		return advancing
	case m.saved.row == nil:
		return plain
	}
	return saving
}

// write changes the rows of the moves, as far as their guards hold, and notes in each whether it did.
func (b *batch) write(moves []*move) error {
	moves, err := b.writeNewborns(moves)
	if err != nil {
		return err
	}
	sorted := &b.w.byWay
	for _, m := range moves {
		w := m.way()
		sorted[w] = append(sorted[w], m)
	}
	defer func() {
		for w := range sorted {
			clear(sorted[w])
			sorted[w] = sorted[w][:0]
		}
	}()
	st := b.w.stmts
	for w, by := range [ways]struct {
		stmt   *multi
		append func([]any, *move) []any
	}{{&st.changeStep, b.appendStep}, {&st.changeAdvance, b.appendAdvance}, {&st.changeUpdate, b.appendRow}, {&st.changeUpdateState, b.appendRowState}} {
		if err := b.writeWith(by.stmt, by.append, sorted[w]); err != nil {
			return err
		}
		if way(w) > advancing {
			continue
		}
		for _, m := range sorted[w] {
			if !m.found { // somebody wants something of the run, or it has another owner
				sorted[saving] = append(sorted[saving], m)
			}
		}
	}
	return nil
}

// writeWith changes the rows of the moves with one statement, for which parameters appends those of a move. It asks
// which rows were changed and what others want of the runs only if that is open: change_step.sql and change_advance.sql pass
// over runs of which something is wanted, and of those that have ended nobody wants anything any more.
func (b *batch) writeWith(stmt *multi, parameters func([]any, *move) []any, moves []*move) error {
	if len(moves) == 0 {
		return nil
	}
	args := stmt.rows()
	for _, m := range moves {
		args = parameters(args, m)
	}
	n, err := stmt.exec(args)
	if err != nil || n == 0 {
		return err
	}
	st := b.w.stmts
	told := stmt == &st.changeStep || stmt == &st.changeAdvance
	asked := func(m *move) bool { return !told && !hasEnded(m.row.Status) }
	if n == int64(len(moves)) && !slices.ContainsFunc(moves, asked) {
		for _, m := range moves {
			m.hit("")
		}
		return nil
	}
	byRun := make(map[int64]*move, len(moves))
	args = st.changeHits.rows()
	for _, m := range moves {
		byRun[m.lease.Run] = m
		args = append(args, m.lease.Run, m.to.head)
	}
	return st.changeHits.query(args, func(rows *sql.Rows) error {
		var id int64
		var want string
		if err := rows.Scan(&id, &want); err != nil {
			return err
		}
		byRun[id].hit(want)
		return nil
	})
}

// hit notes that the row was changed, and what others want of the run.
func (m *move) hit(want string) {
	m.found = true
	for _, r := range m.reqs {
		r.change.Want = want
	}
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
		r.Fingerprint, r.Step, r.Visit, r.Attempt, r.Failures, r.Deaths, nullInt(r.DueUS), nullText(r.Wait), nullText(r.Ending), r.Children,
		nullText(r.Reason), nullText(r.Error), nullUnknown(r.Done), nullUnknown(r.Total), r.Saves, r.StallUS, r.ActiveUS, r.TriedUS,
		nullText(r.Learned), nullText(r.Result.Codec), result)
}

// advances reports whether the run stays with its owner, and only goes on.
func (m *move) advances() bool {
	was, is := &m.from.quiet, &m.to.quiet
	return m.saved.row != nil && m.from.status == "running" && m.row.Status == "running" && m.row.Epoch == m.from.epoch &&
		!was.bound && !is.bound && was.children == is.children
}

// steps reports whether the run only goes on, and changes nothing of its row but what each step does.
func (m *move) steps() bool {
	return m.advances() && m.to.quiet == m.from.quiet && !m.to.quiet.random &&
		m.to.copies.text == m.from.copies.text && m.to.copiedUS == m.from.copiedUS
}

// appendStep appends the parameters of change_step.sql.
func (b *batch) appendStep(args []any, m *move) []any {
	r, cp := m.row, &m.saved.row.Checkpoint
	return append(args, m.lease.Run, m.from.epoch, m.from.seq, m.to.seq, m.to.head, m.to.hash, b.now,
		r.Fingerprint, r.Step, r.Visit, r.ActiveUS, int64(cp.Checksum), cp.State.column())
}

// appendRowState appends the parameters of change_update_state.sql.
func (b *batch) appendRowState(args []any, m *move) []any {
	return appendState(b.appendRow(args, m), m)
}

// appendAdvance appends the parameters of change_advance.sql.
func (b *batch) appendAdvance(args []any, m *move) []any {
	r := m.row
	args = append(args, m.lease.Run, m.from.epoch, m.from.seq, m.to.seq, m.to.head, m.to.hash, b.now, r.Version,
		r.Fingerprint, r.Step, r.Visit, r.Attempt, r.Failures, r.Deaths, nullText(r.Reason), nullText(r.Error),
		nullUnknown(r.Done), nullUnknown(r.Total), r.Saves, r.StallUS, r.ActiveUS, r.TriedUS, nullText(r.Learned))
	return appendState(args, m)
}

// appendState appends the parameters of a checkpoint, the last ones of change_update_state.sql and
// change_advance.sql.
func appendState(args []any, m *move) []any {
	cp := &m.saved.row.Checkpoint
	return append(args, m.to.copies.text, m.to.copiedUS, cp.State.Codec, int64(cp.Checksum), nullBlob(cp.Random), nullText(cp.Counters), cp.State.column())
}
