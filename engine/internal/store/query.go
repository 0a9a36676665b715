package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	sqlite3 "modernc.org/sqlite/lib"

	queries "github.com/durable-wf/wf/sql"
)

// QueryRows is the most that Query returns.
const QueryRows = 100_000

// Errors of Query that are the query's fault.
var (
	ErrNotSelect = errors.New("only one SELECT is allowed")
	ErrBadQuery  = errors.New("query is wrong")
)

// Table is the answer to a query: one value per column and row, each nil, an int64, a float64, a
// string or a []byte.
type Table struct {
	Columns []string // where two have the same name, SQLite appends a number to the second
	Rows    [][]any
	More    bool // there are more rows than the limit
}

// Query runs one SELECT of the user's and returns at most limit rows (0 for QueryRows, the most).
// The SQL can read all tables and call wf_json(payload, codec), which renders a state or result as
// JSON whatever its codec; wf_view is the runs with that done. It can neither write nor reach other files. It stops when ctx ends; give
// it a deadline, since as long as it runs the WAL cannot be reset. args are bound to its parameters.
func (s *Store) Query(ctx context.Context, query string, limit int, args ...any) (*Table, error) {
	query, err := single(query)
	if err != nil {
		return nil, err
	}
	if limit <= 0 || limit > QueryRows {
		limit = QueryRows
	}
	db, err := s.inspect()
	if err != nil {
		return nil, s.failure("query", err)
	}
	defer db.Close() //nolint:errcheck // it has only read
	bounded := strings.Replace(queries.QueryBounded, "SELECT NULL\n", query+"\n", 1)
	rows, err := db.QueryxContext(ctx, bounded, append(slices.Clone(args), sql.Named("wf_limit", limit+1))...)
	if err != nil {
		return nil, s.queryFailure(ctx, err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	table, err := collect(rows, limit)
	if err != nil {
		return nil, s.queryFailure(ctx, err)
	}
	return table, nil
}

// collect reads up to limit rows and whether there are more.
func collect(rows *sqlx.Rows, limit int) (*Table, error) {
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	table := &Table{Columns: columns}
	for rows.Next() {
		if len(table.Rows) == limit {
			table.More = true
			return table, nil
		}
		values, err := rows.SliceScan()
		if err != nil {
			return nil, err
		}
		table.Rows = append(table.Rows, values)
	}
	return table, rows.Err()
}

// queryFailure tells the user's mistakes from failures of the database.
func (s *Store) queryFailure(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("query: %w", context.Cause(ctx))
	case isCode(err, sqlite3.SQLITE_AUTH):
		return fmt.Errorf("query: %w: %w", ErrNotSelect, err)
	case isCode(err, sqlite3.SQLITE_ERROR), isCode(err, sqlite3.SQLITE_RANGE), isCode(err, sqlite3.SQLITE_TOOBIG):
		return fmt.Errorf("query: %w: %w", ErrBadQuery, err)
	default:
		return s.failure("query", err)
	}
}

// single returns query without the semicolons and space at its end. It refuses an empty query and one
// of several statements. The authorizer is what keeps a query from writing; this keeps it from being
// a script, of which only a part would be answered.
func single(query string) (string, error) {
	end := -1 // of the first statement
	for i := 0; i < len(query); {
		next := token(query, i)
		switch text := query[i:next]; {
		case text == ";":
			if end < 0 {
				end = i
			}
		case isBlank(text):
		case end >= 0:
			return "", fmt.Errorf("query: %w: it has several statements", ErrNotSelect)
		}
		i = next
	}
	if end >= 0 {
		query = query[:end]
	}
	if strings.TrimSpace(query) == "" {
		return "", fmt.Errorf("query: %w: it is empty", ErrBadQuery)
	}
	return query, nil
}

// token returns where the token that begins at i ends: a comment, something quoted, or one byte.
func token(query string, i int) int {
	rest := query[i:]
	closing, skip := "", 1
	switch c := query[i]; {
	case strings.HasPrefix(rest, "--"):
		closing, skip = "\n", 2
	case strings.HasPrefix(rest, "/*"):
		closing, skip = "*/", 2
	case c == '\'' || c == '"' || c == '`': // a doubled quote inside reads as two strings, which does no harm
		closing = string(c)
	case c == '[':
		closing = "]"
	default:
		return i + 1
	}
	if n := strings.Index(rest[skip:], closing); n >= 0 {
		return i + skip + n + len(closing)
	}
	return len(query)
}

// isBlank reports whether a token is a comment or white space.
func isBlank(token string) bool {
	return strings.HasPrefix(token, "--") || strings.HasPrefix(token, "/*") || strings.TrimSpace(token) == ""
}
