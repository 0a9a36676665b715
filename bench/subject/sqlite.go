package subject

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// Rower is a connection to SQLite, or a pool of alike ones.
type Rower interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Pragmas reads from a live connection to SQLite how durable a commit on it is: "WAL, synchronous=FULL".
func Pragmas(ctx context.Context, db Rower) (string, error) {
	return PragmasBy(func(query string) Row { return db.QueryRowContext(ctx, query) })
}

// Row is one row of a result, or the error instead.
type Row interface{ Scan(dest ...any) error }

// PragmasBy is Pragmas for a connection that is asked in a way of its own.
func PragmasBy(ask func(query string) Row) (string, error) {
	var journal string
	var level int
	if err := ask("PRAGMA journal_mode").Scan(&journal); err != nil {
		return "", err
	}
	if err := ask("PRAGMA synchronous").Scan(&level); err != nil {
		return "", err
	}
	names := []string{"OFF", "NORMAL", "FULL", "EXTRA"}
	if level < 0 || level >= len(names) {
		return "", fmt.Errorf("PRAGMA synchronous is %d", level)
	}
	return strings.ToUpper(journal) + ", synchronous=" + names[level], nil
}
