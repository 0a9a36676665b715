package raw

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// conn is the one connection that writes, with its statements prepared.
type conn struct {
	sql                                             *sql.Conn
	begin, commit, insertRun, updateRun, insertPast *sql.Stmt
}

const (
	insertRun = `INSERT INTO runs (uuid, workflow, status, step, seq, epoch, created_us, updated_us, head, state)
VALUES (?, 'count', 'running', 'work', 0, 1, ?, ?, NULL, ?)`
	updateRun = `UPDATE runs SET status = ?, step = ?, seq = ?, updated_us = ?, head = ?, state = ?
WHERE id = ? AND epoch = 1 AND seq = ? AND status = 'running'`
	insertHistory = `INSERT INTO history (run, seq, prev, time_us, kind, step, next, visit, attempt, duration_us, worker, hash)
VALUES (?, ?, ?, ?, ?, 'work', ?, ?, 1, ?, 1, ?)`
)

func prepare(ctx context.Context, db *sql.DB) (*conn, error) {
	one, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	c := &conn{sql: one}
	for text, stmt := range map[string]**sql.Stmt{
		"BEGIN IMMEDIATE": &c.begin, "COMMIT": &c.commit,
		insertRun: &c.insertRun, updateRun: &c.updateRun, insertHistory: &c.insertPast,
	} {
		if *stmt, err = one.PrepareContext(ctx, text); err != nil { //nolint:sqlclosecheck // close does
			return nil, err
		}
	}
	return c, nil
}

// close closes the statements before the connection: else SQLite would not copy the log into the database and remove it.
func (c *conn) close() error {
	var err error
	for _, stmt := range []*sql.Stmt{c.begin, c.commit, c.insertRun, c.updateRun, c.insertPast} {
		err = errors.Join(err, stmt.Close())
	}
	return errors.Join(err, c.sql.Close())
}

// row is what the writer knows of a run.
type row struct {
	number, seq, head, total int64
}

// create inserts a run: in a transaction of its own, unless one is open.
func (c *conn) create(ctx context.Context, id string, now time.Time) (row, error) {
	us := now.UnixMicro()
	res, err := c.insertRun.ExecContext(ctx, id, us, us, state(0, 0))
	if err != nil {
		return row{}, err
	}
	number, err := res.LastInsertId()
	return row{number: number}, err
}

// write writes a step: the history row, and the row of the run if nobody else has changed it. A transaction is open.
func (c *conn) write(ctx context.Context, r *row, begun time.Time, last bool) error {
	now, status, kind, next := time.Now(), "running", "transition", "work"
	if last {
		status, kind, next = "completed", "completed", ""
	}
	var prev any
	if r.head != 0 {
		prev = r.head
	}
	res, err := c.insertPast.ExecContext(ctx, r.number, r.seq+1, prev, now.UnixMicro(), kind, next, r.seq+1,
		now.Sub(begun).Microseconds(), []byte(hash))
	if err != nil {
		return err
	}
	if r.head, err = res.LastInsertId(); err != nil {
		return err
	}
	res, err = c.updateRun.ExecContext(ctx, status, next, r.seq+1, now.UnixMicro(), r.head, state(r.seq+1, r.total), r.number, r.seq)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(fmt.Errorf("run %d: %d rows changed, want 1", r.number, n), err)
	}
	r.seq++
	return nil
}

// hash stands for the hash of a history row: as long as one, and not computed.
const hash = "32 bytes, as those of a SHA-256."

// state is what a step leaves: how many there were, and the sum of what they have returned.
func state(n, total int64) []byte {
	b := append([]byte(`{"n":`), strconv.FormatInt(n, 10)...)
	b = strconv.AppendInt(append(b, `,"total":`...), total, 10)
	return append(b, '}')
}
