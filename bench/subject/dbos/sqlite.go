package dbos

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"time"

	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite" // lets DBOS use the driver below

	transact "github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/durable-wf/wf/bench/subject"
)

// connections is what DBOS gets by on best here: its default of 8 has them wait for each other's lock.
const connections = 2

// openStock opens DBOS as its documentation begins. It opens the database itself.
func openStock(ctx context.Context, o subject.Options) (subject.System, error) {
	s := &system{step: o.Step, release: func() error { return nil }, recvEvery: time.Second}
	s.durability = func(ctx context.Context) (string, error) {
		in, err := lookInside(s.root)
		if err != nil {
			return "", err
		}
		return subject.PragmasBy(func(query string) subject.Row { return in.QueryRow(ctx, query) })
	}
	return s, s.launch(ctx, transact.Config{DatabaseURL: "sqlite:" + filepath.Join(o.Dir, "dbos.db")})
}

// openFull opens DBOS on connections of ours. A pragma in the URL would not do: DBOS sets synchronous=NORMAL on one
// connection of its pool all the same, and whether a commit is flushed then depends on who commits.
func openFull(ctx context.Context, o subject.Options) (subject.System, error) {
	db, err := subject.Pool(filepath.Join(o.Dir, "dbos.db"), connections,
		"busy_timeout(5000)", "foreign_keys(ON)", "journal_mode(WAL)", "synchronous(FULL)")
	if err != nil {
		return nil, err
	}
	s := &system{
		step: o.Step, queue: "bench", release: db.Close, recvEvery: time.Second,
		durability: func(ctx context.Context) (string, error) { return subject.PoolPragmas(ctx, db) },
		begin:      func(ctx context.Context) (transaction, error) { return db.BeginTx(ctx, nil) },
	}
	if err := s.launch(ctx, transact.Config{SQLiteSystemDB: db, ApplicationVersion: "1"}); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

var _ transaction = (*sql.Tx)(nil)
