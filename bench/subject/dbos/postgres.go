package dbos

import (
	"context"
	"errors"
	"fmt"

	transact "github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/durable-wf/wf/bench/postgres"
	"github.com/durable-wf/wf/bench/subject"
	"github.com/durable-wf/wf/bench/workload"
)

// onPostgres is DBOS with a server.
type onPostgres struct {
	system
	in inside
}

// openPostgres opens DBOS on a server of its own with stock settings, as DBOS recommends for production: it opens its
// pool itself. A server that a killed process has left goes on.
func openPostgres(ctx context.Context, o subject.Options) (subject.System, error) {
	server, err := postgres.Start(ctx, o.Dir)
	if errors.Is(err, postgres.ErrAbsent) {
		return nil, fmt.Errorf("%w: %w", workload.ErrUnable, err)
	}
	if err != nil {
		return nil, err
	}
	stop := func() error { return server.Stop(context.WithoutCancel(ctx)) }
	s := &onPostgres{system: system{step: o.Step, release: stop}}
	if err := s.launch(ctx, transact.Config{DatabaseURL: server.URL("bench")}); err != nil {
		return nil, errors.Join(err, stop())
	}
	if s.in, err = lookInside(s.root); err != nil {
		return nil, errors.Join(err, s.Close(ctx))
	}
	return s, nil
}

// Durability asks a connection of DBOS's own pool.
func (s *onPostgres) Durability(ctx context.Context) (string, error) {
	var version, fsync, commit string
	err := s.in.QueryRow(ctx, "SELECT current_setting('server_version_num'), current_setting('fsync'), current_setting('synchronous_commit')").
		Scan(&version, &fsync, &commit)
	if err == nil && len(version) > 4 {
		version = version[:len(version)-4]
	}
	return fmt.Sprintf("Postgres %s, fsync=%s, synchronous_commit=%s", version, fsync, commit), err
}

// Bytes is the size of the database, without the log that Postgres writes ahead: it keeps that from 64 MB to 1 GB.
func (s *onPostgres) Bytes(ctx context.Context) (n int64, err error) {
	err = s.in.QueryRow(ctx, "SELECT pg_database_size(current_database())").Scan(&n)
	return n, err
}
