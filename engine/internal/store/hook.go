package store

import (
	"context"
	"database/sql"

	queries "github.com/durable-wf/wf/sql"
)

// OwedHooks returns the runs that have ended, or are blocked, and whose hooks are still to be fired, a thousand at
// most; first and last are the range of their numbers.
func (s *Store) OwedHooks(ctx context.Context, first, last int64) ([]int64, error) {
	return list[int64](ctx, s, "hooks", queries.HookOwed, sql.Named("first", first), sql.Named("last", last))
}

// OweHooks notes that the hooks of a run are to be fired when it ends.
func (tx *Tx) OweHooks(run int64) error {
	_, err := tx.exec(queries.HookOwe, run)
	return err
}

// PayHooks notes that the hooks of a run were fired, after it had come to a status, with an event for each. The events
// are left out if the run has moved on since, or if its history was deleted: nothing depends on them.
func (tx *Tx) PayHooks(id int64, status string, events []History) error {
	if _, err := tx.exec(queries.HookPaid, id); err != nil {
		return err
	}
	run, err := tx.b.head(id)
	if err != nil || run.Status != status || run.Owner != 0 || run.FirstHistory == 0 {
		return err
	}
	at := lease{seq: run.Seq, head: run.HeadHistory, hash: run.HeadHash}
	for i, h := range events {
		if events[i], err = tx.b.extend(id, run.UUID, &at, h); err != nil {
			return err
		}
	}
	n, err := tx.exec(queries.HookNote, id, run.Seq, status, at.seq, at.head, at.hash)
	if err != nil || n == 0 {
		return err
	}
	return tx.b.insertHistory(events)
}
