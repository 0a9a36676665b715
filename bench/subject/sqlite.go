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
	var journal string
	var level int
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&journal); err != nil {
		return "", err
	}
	if err := db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&level); err != nil {
		return "", err
	}
	names := []string{"OFF", "NORMAL", "FULL", "EXTRA"}
	if level < 0 || level >= len(names) {
		return "", fmt.Errorf("PRAGMA synchronous is %d", level)
	}
	return strings.ToUpper(journal) + ", synchronous=" + names[level], nil
}
