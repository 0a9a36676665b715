package store

import (
	"context"
	"time"

	queries "github.com/durable-wf/wf/sql"
)

// space says how much of the file is in use, in pages.
type space struct {
	pages, free int64
	possible    bool // pages that are not in use can be given back: a database that another program has made may not be able to
	pageSize    int64
}

func (s space) bytes() int64 { return s.pages * s.pageSize }

func (tx *Tx) space() (s space, err error) {
	rows, err := tx.query(queries.VacuumFree)
	if err != nil {
		return s, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		if err := rows.Scan(&s.pages, &s.free, &s.possible, &s.pageSize); err != nil {
			return s, err
		}
	}
	return s, rows.Err()
}

// vacuum takes pages that are not in use off the end of the file, for up to d, and returns what it is like then. It is
// quick as long as there are few: SQLite looks through the list of them for each.
func (tx *Tx) vacuum(d time.Duration) (space, error) {
	end := time.Now().Add(d)
	now, err := tx.space()
	if err != nil || !now.possible || now.free == 0 {
		return now, err
	}
	if err := tx.takePages(end); err != nil {
		return now, err
	}
	return tx.space()
}

// takePages takes a page after the other off the end of the file, until a time or until none is free.
func (tx *Tx) takePages(end time.Time) error {
	rows, err := tx.query(queries.VacuumStep)
	if err != nil {
		return err
	}
	defer rows.Close()                          //nolint:errcheck // rows.Err tells
	for rows.Next() && time.Now().Before(end) { // each row is a page
	}
	return rows.Err()
}

// giveBack makes the file smaller by the pages that are not in use, in short transactions, and has the log written
// back, since only that cuts the file off.
func (s *Store) giveBack(ctx context.Context) (total PruneResult, err error) {
	for {
		var before, after space
		var done bool
		begun := time.Now()
		err := s.Update(ctx, func(tx *Tx) (err error) {
			if before, err = tx.space(); err != nil {
				return err
			}
			after, err = tx.vacuum(paceTarget)
			done = after.pages == before.pages || after.free == 0
			tx.b.w.wal.now = done
			return err
		})
		if err != nil {
			return total, err
		}
		total.Bytes += before.bytes() - after.bytes()
		if done {
			return total, nil
		}
		rest(ctx, time.Since(begun))
	}
}
