package store

import (
	"context"
	"database/sql"
	"slices"
)

// write changes the rows of the moves, as far as their guards hold, and notes in each whether it did.
func (b *batch) write(moves []*move) error {
	var advancing, plain, saving []*move
	for _, m := range moves {
		switch {
		case m.advances():
			advancing = append(advancing, m)
		case m.saved.row != nil:
			saving = append(saving, m)
		default:
			plain = append(plain, m)
		}
	}
	st := b.w.stmts
	if err := b.writeWith(&st.changeAdvance, b.appendAdvance, advancing); err != nil {
		return err
	}
	for _, m := range advancing {
		if !m.found { // somebody wants something of the run, or it has another owner
			saving = append(saving, m)
		}
	}
	if err := b.writeWith(&st.changeUpdate, b.appendRow, plain); err != nil {
		return err
	}
	return b.writeWith(&st.changeUpdateState, b.appendRowState, saving)
}

// writeWith changes the rows of the moves with one statement, for which parameters appends those of a move. It asks
// which rows were changed and what others want of the runs only if that is open: change_advance.sql passes over runs of which
// something is wanted, and of those that have ended nobody wants anything any more.
func (b *batch) writeWith(stmt *multi, parameters func([]any, *move) []any, moves []*move) error {
	if len(moves) == 0 {
		return nil
	}
	args := b.w.args[:0]
	for _, m := range moves {
		args = parameters(args, m)
	}
	ctx := context.Background()
	n, err := stmt.exec(ctx, args)
	b.w.reuse(args)
	if err != nil || n == 0 {
		return err
	}
	asked := func(m *move) bool { return stmt != &b.w.stmts.changeAdvance && !hasEnded(m.row.Status) }
	if n == int64(len(moves)) && !slices.ContainsFunc(moves, asked) {
		for _, m := range moves {
			m.hit("")
		}
		return nil
	}
	byRun := make(map[int64]*move, len(moves))
	args = b.w.args[:0]
	for _, m := range moves {
		byRun[m.lease.Run] = m
		args = append(args, m.lease.Run, m.to.head)
	}
	err = b.w.stmts.changeHits.query(ctx, args, func(rows *sql.Rows) error {
		var id int64
		var want string
		if err := rows.Scan(&id, &want); err != nil {
			return err
		}
		byRun[id].hit(want)
		return nil
	})
	b.w.reuse(args)
	return err
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
	r := m.row
	return m.saved.row != nil && m.from.status == "running" && r.Status == "running" && r.Epoch == m.from.epoch &&
		r.DueUS == 0 && r.Wait == "" && r.Ending == "" && r.Result.Codec == ""
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
