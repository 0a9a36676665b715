package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// pageRows is the number of rows that a reader reads at a time, each time in a transaction of its
// own: a transaction that stays open while somebody writes to a slow output would keep the WAL from
// being reset.
const pageRows = 1000

// get reads one row. ErrNotFound, with what was looked for, if there is none.
func get[T any](ctx context.Context, s *Store, what, query string, args ...any) (T, error) {
	var row T
	stmt, err := s.prepared(ctx, query)
	if err == nil {
		err = stmt.GetContext(ctx, &row, args...)
	}
	if err == nil {
		return row, nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return row, fmt.Errorf("%s: %w", what, ErrNotFound)
	}
	return row, s.failure("read "+what, err)
}

// list reads all rows of a query that is known to have few, or of a page.
func list[T any](ctx context.Context, s *Store, what, query string, args ...any) ([]T, error) {
	var rows []T
	stmt, err := s.prepared(ctx, query)
	if err == nil {
		err = stmt.SelectContext(ctx, &rows, args...)
	}
	return rows, s.failure("read "+what, err)
}

// prepared returns a statement of the read pool, which lives as long as the store: compiling takes
// longer than reading a row. The queries are those of package sql, so there are few.
//
// From within user SQL nothing is read: it would be what was committed before, which is not what the
// transaction sees.
func (s *Store) prepared(ctx context.Context, query string) (*sqlx.Stmt, error) {
	if InTx(ctx) {
		return nil, ErrInTx
	}
	if stmt, ok := s.stmts.Load(query); ok {
		return stmt.(*sqlx.Stmt), nil
	}
	stmt, err := s.read.PreparexContext(ctx, bare(query))
	if err != nil {
		return nil, err
	}
	if first, taken := s.stmts.LoadOrStore(query, stmt); taken {
		return first.(*sqlx.Stmt), stmt.Close()
	}
	return stmt, nil
}

// jsonList encodes a list for json_each, the way that a statement takes as many values as there are.
// A nil list is NULL, which filters take for "all".
func jsonList[T int64 | string](list []T) any {
	if list == nil {
		return nil
	}
	text, err := json.Marshal(list)
	if err != nil { // integers and strings, so only a string that is not UTF-8; nothing is called that
		return "[]"
	}
	return string(text)
}
