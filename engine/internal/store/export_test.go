package store

import (
	"context"
	"database/sql"
	"fmt"
)

// LimitPages lets the database grow by that many pages and no further, as a full disk would.
func (s *Store) LimitPages(ctx context.Context, more int64) error {
	return s.Update(ctx, func(tx *Tx) error {
		var pages int64
		if err := tx.b.w.conn.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages); err != nil {
			return err
		}
		var limit int64
		row := tx.b.w.conn.QueryRowContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages+more))
		return row.Scan(&limit)
	})
}

// Scalar reads one value through the read pool.
func (s *Store) Scalar(ctx context.Context, dest any, query string, args ...any) error {
	return s.read.QueryRowContext(ctx, query, args...).Scan(dest)
}

// Exec runs SQL in the writer as the store's own.
func (s *Store) Exec(ctx context.Context, query string, args ...any) error {
	return s.Update(ctx, func(tx *Tx) error { _, err := tx.exec(query, args...); return err })
}

// PagesTouched is how many pages all connections have asked their caches for so far, those that this call reads included.
func (s *Store) PagesTouched(ctx context.Context) (n int, err error) {
	err = s.Update(ctx, func(tx *Tx) error { n, err = pagesTouched(tx.b.w.conn.Raw); return err })
	if err != nil {
		return 0, err
	}
	read, err := s.pagesRead(ctx)
	return n + read, err
}

// pagesRead is the same of the read pool alone, all of whose connections are open afterwards; the one that watches is left out.
func (s *Store) pagesRead(ctx context.Context) (sum int, err error) {
	for range readers - 1 { // one watches
		conn, err := s.read.Conn(ctx)
		if err != nil {
			return 0, err
		}
		defer conn.Close() // not before all of them were asked
		n, err := pagesTouched(conn.Raw)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// ReadConn returns a connection of the read pool.
func (s *Store) ReadConn(ctx context.Context) (*sql.Conn, error) { return s.read.Conn(ctx) }

// ChainHash is chainHash.
func ChainHash(prev []byte, uuid string, h *History, workerUUID string) []byte {
	return chainHash(prev, uuid, h, workerUUID)
}

// NetworkFS is networkFS.
func NetworkFS(dir string) (string, error) { return networkFS(dir) }

// ApplicationID is what our files say they are.
const ApplicationID = applicationID

// Queued returns the number of requests that wait for the writer.
func (s *Store) Queued() int {
	s.writer.mu.Lock()
	defer s.writer.mu.Unlock()
	return len(s.writer.queue)
}
