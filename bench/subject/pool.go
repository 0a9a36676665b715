package subject

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
)

// Pool opens a pool of at most so many connections to a SQLite file, with transactions that take the write lock when
// they begin, and with the given pragmas on each connection: "synchronous(FULL)". The caller imports a driver
// called "sqlite".
func Pool(path string, conns int, pragmas ...string) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	params := url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}
	u := url.URL{Scheme: "file", Path: path, RawQuery: params.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// PoolPragmas reads how durable a commit is on each connection of a pool, all of which it holds meanwhile: they must
// agree.
func PoolPragmas(ctx context.Context, db *sql.DB) (string, error) {
	var first string
	for i := range db.Stats().MaxOpenConnections {
		conn, err := db.Conn(ctx)
		if err != nil {
			return "", err
		}
		defer conn.Close() //nolint:errcheck // it goes back to the pool
		text, err := Pragmas(ctx, conn)
		if err != nil {
			return "", err
		}
		if i == 0 {
			first = text
		}
		if text != first {
			return "", fmt.Errorf("connections of one pool differ: %s and %s", first, text)
		}
	}
	return first, nil
}
