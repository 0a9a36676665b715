package store

import (
	"context"
	"database/sql"
	"errors"

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

// PayHooks notes that the hooks of a run were fired after it had come to an end, with an event for each. Nothing
// happens if the run has moved on since: what is owed then is for its next end. The events are left out if its history
// was deleted: nothing depends on them.
func (tx *Tx) PayHooks(end *Run, events []History) error {
	run, err := tx.b.head(end.ID)
	switch {
	case errors.Is(err, ErrNotFound): // it was pruned, and what was owed with it
		return nil
	case err != nil || run.Status != end.Status || run.Epoch != end.Epoch || run.EndedUS != end.EndedUS:
		return err
	}
	if _, err := tx.exec(queries.HookPaid, run.ID); err != nil || run.Owner != 0 || run.FirstHistory == 0 {
		return err
	}
	at := lease{seq: run.Seq, head: run.HeadHistory, hash: run.HeadHash}
	for i := range events {
		if err := tx.b.extend(run.ID, run.UUID, &at, &events[i]); err != nil {
			return err
		}
	}
	n, err := tx.exec(queries.HookNote, run.ID, run.Seq, run.Status, at.seq, at.head, at.hash)
	if err != nil || n == 0 {
		return err
	}
	return tx.b.insertHistory(events)
}
