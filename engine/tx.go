package engine

import (
	"context"
	"database/sql"
)

// Tx is the transaction of a transition, as the user's own SQL sees it. It may read every table of the
// file and write to all but those named wf_*. It has no Commit and no Rollback: it is committed with
// what it belongs to, or not at all. It is valid during the call only. A statement ends with the
// transaction's time, not with the ctx given to it.
type Tx interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	GetContext(ctx context.Context, dest any, query string, args ...any) error
	SelectContext(ctx context.Context, dest any, query string, args ...any) error
}
