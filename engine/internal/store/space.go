package store

import (
	"context"

	queries "github.com/durable-wf/wf/sql"
)

// giveBack makes the file smaller by the pages that are not in use, in short transactions, and has the log written
// back, since only that cuts the file off.
func (s *Store) giveBack(ctx context.Context) (total PruneResult, err error) {
	var p pace
	if total, err = s.shrink(ctx, &p); err != nil {
		return total, err
	}
	return total, s.Update(ctx, func(tx *Tx) error {
		tx.b.w.wal.now = true
		return nil
	})
}

// shrink takes the pages that are not in use off the end of the file, where the log cuts it off once it is written back. It
// is to be called when something was deleted and before much has been: SQLite looks for each page through the list of all.
func (s *Store) shrink(ctx context.Context, p *pace) (total PruneResult, err error) {
	for {
		result, err := s.paced(ctx, p, func(tx *Tx) (PruneResult, error) { return PruneResult{}, tx.takePages(p.size()) })
		total.add(result)
		if err != nil || result.Bytes == 0 {
			return total, err
		}
	}
}

// takePages takes up to n pages off the end of the file. In a database that another program has made it may be able to take none.
func (tx *Tx) takePages(n int) error {
	rows, err := tx.query(queries.VacuumStep)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for taken := 0; taken < n && rows.Next(); taken++ {
		continue // each row is a page
	}
	return rows.Err()
}

// saved returns by how many bytes the file is smaller after fn than before, which may be less than none.
func (tx *Tx) saved(fn func() error) (bytes int64, err error) {
	before, err := tx.number(queries.VacuumPages)
	if err != nil {
		return 0, err
	}
	if err := fn(); err != nil {
		return 0, err
	}
	after, err := tx.number(queries.VacuumPages)
	if err != nil || after == before {
		return 0, err
	}
	size, err := tx.number(queries.VacuumPageSize)
	return (before - after) * size, err
}
