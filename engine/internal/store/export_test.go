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
