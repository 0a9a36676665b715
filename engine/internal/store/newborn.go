package store

import (
	"cmp"
	"maps"
	"slices"
)

// newborn is a new run of which the batch also has the end: both are written at once, as a run that has ended. What it was in
// between nobody sees, and it saves the change of a row and a page of an index.
type newborn struct {
	run   *Run
	event History // of its creation
}

// ending tells of new runs, by their leases, whether the last of their changes in a batch completes them, and nothing is to be
// done for them but to write rows.
func ending(creates, changes []*request) map[*Lease]bool {
	var ends map[*Lease]bool
	for _, r := range creates {
		if r.create.Lease == nil || !r.create.plain() {
			continue
		}
		if ends == nil {
			ends = map[*Lease]bool{}
		}
		ends[r.create.Lease] = false
	}
	if ends == nil {
		return nil
	}
	for _, r := range changes {
		switch _, begins := ends[r.change.Lease]; {
		case !begins:
		case r.change.special():
			delete(ends, r.change.Lease)
		default:
			ends[r.change.Lease] = r.change.Row.Status == "completed"
		}
	}
	return ends
}

// plain reports whether a run that is to be created concerns no other rows, but for its history and attributes.
func (c *Create) plain() bool {
	return c.Run.Key == "" && c.Run.Parent == 0 && c.Run.Schedule == 0 && c.Run.Keep != "none" && !c.Undo && !c.Hooks && c.From == nil
}

// await lets a new run wait until its changes are written.
func (b *batch) await(l *Lease, n newborn) {
	if b.newborns == nil {
		b.newborns = map[*Lease]newborn{}
	}
	b.newborns[l] = n
}

// writeNewborns writes the runs that wait for it: those that a move completes with what the move makes of them, and the others
// as they begin. It returns the moves that are left to be written.
func (b *batch) writeNewborns(moves []*move) (rest []*move, err error) {
	if len(b.newborns) == 0 {
		return moves, nil
	}
	insert := &b.w.stmts.runInsertEnded
	rows := insert.rows()
	for _, m := range moves {
		n, begins := b.newborns[m.lease]
		if !begins || m.to.status != "completed" || m.saved.row == nil {
			rest = append(rest, m)
			continue
		}
		delete(b.newborns, m.lease)
		rows = appendEnded(rows, n.run, m)
		m.history = append([]History{n.event}, m.history...)
		m.hit("")
	}
	if _, err := insert.exec(rows); err != nil {
		return nil, err
	}
	return rest, b.insertNewborns()
}

// insertNewborns inserts the runs that still wait for it as they begin.
func (b *batch) insertNewborns() error {
	if len(b.newborns) == 0 {
		return nil
	}
	insert := &b.w.stmts.runInsert
	rows, events := insert.rows(), make([]History, 0, len(b.newborns))
	inOrder := func(a, b newborn) int { return cmp.Compare(a.run.ID, b.run.ID) }
	for _, n := range slices.SortedFunc(maps.Values(b.newborns), inOrder) {
		rows, events = appendRun(rows, n.run), append(events, n.event)
	}
	clear(b.newborns)
	if _, err := insert.exec(rows); err != nil {
		return err
	}
	return b.insertHistory(events)
}

// appendEnded appends the parameters of run_insert_ended.sql: run is as it begins, and m completes it.
func appendEnded(args []any, run *Run, m *move) []any {
	r := m.row
	var result any
	if r.Result.Codec != "" {
		result = r.Result.column()
	}
	args = append(args, run.ID, run.UUID, run.Workflow, r.Version, r.Fingerprint, r.Step, r.Visit, r.Attempt, r.Failures, r.Deaths,
		m.to.seq, r.Epoch, nullInt(run.DeadlineUS), run.Queue, run.Priority, nullText(run.FairKey), run.Rank, run.CreatedUS,
		nullInt(run.StartedUS), run.FirstHistory, m.to.head, m.to.hash, run.Keep, nullText(run.Policy), nullText(run.Preserve), run.Seed,
		nullText(r.Reason), nullText(r.Error), nullUnknown(r.Done), nullUnknown(r.Total), r.Saves, r.StallUS, r.ActiveUS, r.TriedUS,
		nullText(r.Learned), nullText(r.Result.Codec), result)
	return appendState(args, m)
}
