package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	queries "github.com/durable-wf/wf/sql"
)

// takeKey takes the idempotency key that the new run is to have, or notes in r who has it. named are the
// UUIDs of the runs that the batch inserts only now.
func (b *batch) takeKey(r *request, named map[string]bool) error {
	run, ctx := &r.create.Run, context.Background()
	if run.Key == "" {
		return nil
	}
	hash := r.create.InputHash
	if hash == nil {
		hash = []byte{}
	}
	res, err := b.w.stmts.keyInsert.ExecContext(ctx, run.Workflow, run.Key, run.UUID, hash, b.now)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		var taken *KeyError
		if taken, err = b.keyHolder(run); err == nil {
			n, err = b.takeOver(r.create, taken, hash, named)
		}
		if n == 0 {
			r.run.UUID, r.err = taken.UUID, taken
		}
	}
	if n == 1 {
		named[run.UUID] = true
	}
	return err
}

// keyHolder reads which run has the key that another is to have.
func (b *batch) keyHolder(run *Run) (*KeyError, error) {
	taken := &KeyError{Workflow: run.Workflow, Key: run.Key}
	err := b.w.stmts.keyGet.QueryRowContext(context.Background(), run.Workflow, run.Key).Scan(&taken.UUID, &taken.InputHash)
	if errors.Is(err, sql.ErrNoRows) {
		err = errors.New("key is taken and not there")
	}
	return taken, err
}

// takeOver gives the key of an ended run to a new one, if the new one may have it. It returns how many keys
// it has taken: one or none.
func (b *batch) takeOver(c *Create, taken *KeyError, hash []byte, named map[string]bool) (int64, error) {
	if len(c.Reuse) == 0 || named[taken.UUID] {
		return 0, nil
	}
	status, ctx := "", context.Background()
	err := b.w.conn.QueryRowContext(ctx, queries.KeyStatus, taken.UUID).Scan(&status)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	if !slices.Contains(c.Reuse, status) {
		return 0, nil
	}
	res, err := b.w.conn.ExecContext(ctx, queries.KeyTake, c.Run.Workflow, c.Run.Key, c.Run.UUID, hash, b.now)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// moveKey tells the key of a run that it has ended, or goes on again. A key that stands for a later run by
// now is left alone.
func (b *batch) moveKey(m *move) error {
	ended := any(nil)
	if hasEnded(m.to.status) {
		ended = b.now
	}
	return b.w.exec(b.w.stmts.keyEnd, m.lease.workflow, m.lease.key, ended, m.lease.UUID)
}
