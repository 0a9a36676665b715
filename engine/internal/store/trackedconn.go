package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"modernc.org/sqlite"

	"github.com/durable-wf/wf/engine/internal/tally"
)

// sqliteConn is what the driver's connections can do and the writer or database/sql uses.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
	sqlite.AuthorizerRegisterer
	sqlite.DBStatus
	sqlite.FileControl
}

// trackedConn remembers the rows that unprepared queries return until they are closed. User SQL may
// leave some open (a QueryRow that is never scanned), and SQLite neither releases a savepoint nor commits
// while a statement that writes is open. database/sql would close them too, but some time later.
type trackedConn struct {
	sqliteConn
	open map[*trackedRows]struct{}
}

// openTracked opens a pool of such connections. They know the module of table if that is not nil.
func openTracked(table *batchTable, dsn string) (*sql.DB, error) {
	d := &sqlite.Driver{}
	if table != nil {
		if err := d.RegisterModule(batchTableName, table); err != nil {
			return nil, err
		}
	}
	return sql.OpenDB(trackedConnector{connector{d, dsn}}), nil
}

// connector opens connections of a driver that is not registered under a name. The one that is registered as "sqlite"
// belongs to the whole program, whose functions could stand in for those that our indexes and checks call.
type connector struct {
	driver *sqlite.Driver
	dsn    string
}

// Connect implements driver.Connector.
func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return c.driver }

type trackedConnector struct{ driver.Connector }

// Connect implements driver.Connector.
func (t trackedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := t.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	inner, ok := c.(sqliteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("driver's connection %T lacks what the writer needs", c), c.Close())
	}
	return &trackedConn{sqliteConn: counted(inner, tally.From(ctx).Writer()), open: map[*trackedRows]struct{}{}}, nil
}

// QueryContext implements driver.QueryerContext. database/sql holds the connection's lock.
func (c *trackedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	inner, err := c.sqliteConn.QueryContext(ctx, query, args)
	if err != nil {
		return nil, err
	}
	rows := &trackedRows{Rows: inner, conn: c}
	c.open[rows] = struct{}{}
	return rows, nil
}

// closeRows closes all rows that are open. The caller holds the connection's lock.
func (c *trackedConn) closeRows() error {
	var errs []error
	for rows := range c.open {
		errs = append(errs, rows.Close())
	}
	return errors.Join(errs...)
}

// trackedRows may be closed behind the back of who reads them.
type trackedRows struct {
	driver.Rows
	conn   *trackedConn
	closed bool
}

// Next implements driver.Rows.
func (r *trackedRows) Next(dest []driver.Value) error {
	if r.closed {
		return errTxOver
	}
	return r.Rows.Next(dest)
}

// Close implements driver.Rows; closing again does nothing.
func (r *trackedRows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	delete(r.conn.open, r)
	return r.Rows.Close()
}

// closeRows closes the rows that user SQL has left open.
func (w *writer) closeRows() error {
	return w.conn.Raw(func(any) error { return w.driver.closeRows() })
}
