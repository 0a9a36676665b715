package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	queries "github.com/durable-wf/wf/sql"
)

// Origin is the visit of another run from which a new run goes on.
type Origin struct{ Run, Visit int64 }

// HistoryHash returns the hash of the event with that number of a run, or ErrNotFound. It walks back from the
// newest event.
func (s *Store) HistoryHash(ctx context.Context, run, seq int64) ([]byte, error) {
	return get[[]byte](ctx, s, fmt.Sprintf("event %d of run %d", seq, run), queries.HistoryHash, sql.Named("run", run), sql.Named("seq", seq))
}

// inherit copies what a new run takes along from the run that it goes on from: what it can be searched by,
// and the signal that has led to the visit.
func (b *batch) inherit(run int64, from *Origin) error {
	ctx := context.Background()
	if _, err := b.w.conn.ExecContext(ctx, queries.ForkAttributes, run, from.Run); err != nil {
		return err
	}
	b.mailed = true
	_, err := b.w.conn.ExecContext(ctx, queries.ForkSignals, run, from.Run, from.Visit)
	return err
}

// Undone reports whether a visit of a run was undone, or is left to a person.
func (tx *Tx) Undone(run int64) (bool, error) {
	var open, total int64
	row := tx.b.w.conn.QueryRowContext(context.Background(), queries.UndoLeft, sql.Named("run", run))
	err := row.Scan(&open, &total)
	return total > open, err
}

// RemoveDeadline lets a run take any time.
func (tx *Tx) RemoveDeadline(run int64) error {
	_, err := tx.exec(queries.RunTimeless, run)
	return err
}

// KeyHolder returns the UUID of the run that a key stands for, or ErrNotFound.
func (tx *Tx) KeyHolder(workflow, key string) (uuid string, err error) {
	var hash []byte
	err = tx.b.w.stmts.keyGet.QueryRowContext(context.Background(), workflow, key).Scan(&uuid, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("key %q of workflow %q: %w", key, workflow, ErrNotFound)
	}
	return uuid, err
}
