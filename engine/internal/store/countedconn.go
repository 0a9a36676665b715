package store

import (
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/durable-wf/wf/engine/internal/tally"
)

// countedConn is a connection of which a test counts the statements.
type countedConn struct {
	sqliteConn
	count *tally.Connection
}

// counted returns conn as it is if there is nothing to count for, which is so in all programs.
func counted(conn sqliteConn, count *tally.Connection) sqliteConn {
	if count == nil {
		return conn
	}
	return &countedConn{conn, count}
}

// countedConnector opens such connections.
type countedConnector struct {
	driver.Connector
	count *tally.Connection
}

// Connect implements driver.Connector.
func (c countedConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil || c.count == nil {
		return conn, err
	}
	return counted(conn.(sqliteConn), c.count), nil
}

// ExecContext implements driver.ExecerContext.
func (c *countedConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	c.count.Execute(text)
	return c.sqliteConn.ExecContext(ctx, text, args)
}

// QueryContext implements driver.QueryerContext.
func (c *countedConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	c.count.Execute(text)
	return c.sqliteConn.QueryContext(ctx, text, args)
}

// PrepareContext implements driver.ConnPrepareContext.
func (c *countedConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	c.count.Prepare(text)
	inner, err := c.sqliteConn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	stmt, ok := inner.(sqliteStmt)
	if !ok {
		return nil, fmt.Errorf("driver's statement %T lacks what database/sql uses", inner)
	}
	return &countedStmt{stmt, text, c.count}, nil
}

// sqliteStmt is what the driver's statements can do and database/sql uses.
type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type countedStmt struct {
	sqliteStmt
	text  string
	count *tally.Connection
}

// ExecContext implements driver.StmtExecContext.
func (s *countedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.count.Execute(s.text)
	return s.sqliteStmt.ExecContext(ctx, args)
}

// QueryContext implements driver.StmtQueryContext.
func (s *countedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.count.Execute(s.text)
	return s.sqliteStmt.QueryContext(ctx, args)
}
