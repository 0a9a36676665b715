package store

import (
	"context"
	"database/sql"
)

// write changes the rows of the moves, as far as their guards hold, and notes in each whether it did.
func (b *batch) write(moves []*move) error {
	var advancing, others []*move
	for _, m := range moves {
		if m.advances() {
			advancing = append(advancing, m)
		} else {
			others = append(others, m)
		}
	}
	rest, err := b.advanceAll(advancing)
	if err != nil {
		return err
	}
	return b.updateAll(append(others, rest...))
}

// advanceAll changes the rows of moves that advance, and returns those that it could not change: somebody wants
// something of the run, or it has another owner.
func (b *batch) advanceAll(moves []*move) (rest []*move, err error) {
	if len(moves) == 0 {
		return nil, nil
	}
	args := make([]any, 0, len(moves)*30)
	for _, m := range moves {
		args = appendState(b.appendAdvance(args, m), m)
	}
	ctx := context.Background()
	n, err := b.w.stmts.changeAdvance.exec(ctx, args)
	if err != nil {
		return nil, err
	}
	if n == int64(len(moves)) {
		for _, m := range moves {
			m.hit("")
		}
		return nil, nil
	}
	args = args[:0]
	for _, m := range moves {
		args = append(args, m.lease.Run, m.to.head)
	}
	if err := b.w.stmts.changeAdvanced.query(ctx, args, hits(moves)); err != nil {
		return nil, err
	}
	for _, m := range moves {
		if !m.found {
			rest = append(rest, m)
		}
	}
	return rest, nil
}

// updateAll changes the rows of any moves.
func (b *batch) updateAll(moves []*move) error {
	var plain, saving []any
	for _, m := range moves {
		if m.saved.row == nil {
			plain = b.appendRow(plain, m)
		} else {
			saving = appendState(b.appendRow(saving, m), m)
		}
	}
	ctx, hit := context.Background(), hits(moves)
	if err := b.w.stmts.changeUpdate.query(ctx, plain, hit); err != nil {
		return err
	}
	return b.w.stmts.changeUpdateState.query(ctx, saving, hit)
}

// hits returns what notes the rows that were changed: the number of a run, and what others want of it.
func hits(moves []*move) func(*sql.Rows) error {
	byRun := make(map[int64]*move, len(moves))
	for _, m := range moves {
		byRun[m.lease.Run] = m
	}
	return func(rows *sql.Rows) error {
		var id int64
		var want string
		if err := rows.Scan(&id, &want); err != nil {
			return err
		}
		byRun[id].hit(want)
		return nil
	}
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

// appendAdvance appends the parameters of change_advance.sql but for those of appendState.
func (b *batch) appendAdvance(args []any, m *move) []any {
	r := m.row
	return append(args, m.lease.Run, m.from.epoch, m.from.seq, m.to.seq, m.to.head, m.to.hash, b.now, r.Version,
		r.Fingerprint, r.Step, r.Visit, r.Attempt, r.Failures, r.Deaths, nullText(r.Reason), nullText(r.Error),
		nullUnknown(r.Done), nullUnknown(r.Total), r.Saves, r.StallUS, r.ActiveUS, r.TriedUS, nullText(r.Learned))
}

// appendState appends the parameters of a checkpoint, the last ones of change_update_state.sql and
// change_advance.sql.
func appendState(args []any, m *move) []any {
	cp := &m.saved.row.Checkpoint
	return append(args, m.to.copies.text, m.to.copiedUS, cp.State.Codec, int64(cp.Checksum), nullBlob(cp.Random), nullText(cp.Counters), cp.State.column())
}
