package store

import (
	"database/sql/driver"
	"fmt"
	"strings"

	"modernc.org/sqlite/vtab"
)

const (
	batchTableName  = "wf_batch"
	batchTableWidth = 48 // columns: more than any statement needs
)

// batchTable is the virtual table wf_batch, which only the write connection has: the rows of Go values that a
// statement is given, in columns c1, c2 and so on. One statement thus writes any number of rows, and no parameter is
// bound: binding cost as much as the writing. It is empty but while a statement that reads it is run, so that user
// SQL sees nothing in it. It is not safe for concurrent use, as the connection is not.
type batchTable struct {
	values []any // row by row, each of them a driver.Value
	width  int   // columns that the rows have
}

// empty forgets the rows.
func (t *batchTable) empty() { t.values = nil }

// Create implements vtab.Module.
func (t *batchTable) Create(ctx vtab.Context, args []string) (vtab.Table, error) {
	return t.Connect(ctx, args)
}

// Connect implements vtab.Module. SQLite calls it again after a change of the schema.
func (t *batchTable) Connect(ctx vtab.Context, _ []string) (vtab.Table, error) {
	columns := make([]string, batchTableWidth)
	for i := range columns {
		columns[i] = fmt.Sprintf("c%d", i+1)
	}
	return t, ctx.Declare("CREATE TABLE x(" + strings.Join(columns, ", ") + ")")
}

// BestIndex implements vtab.Table: all rows are read, in their order.
func (t *batchTable) BestIndex(info *vtab.IndexInfo) error {
	info.EstimatedRows, info.EstimatedCost = 100, 100
	return nil
}

// Open implements vtab.Table.
func (t *batchTable) Open() (vtab.Cursor, error) { return &batchCursor{table: t}, nil }

// Disconnect implements vtab.Table.
func (t *batchTable) Disconnect() error { return nil }

// Destroy implements vtab.Table.
func (t *batchTable) Destroy() error { return nil }

// batchCursor reads the rows.
type batchCursor struct {
	table *batchTable
	at    int // index of the row's first value
}

// Filter implements vtab.Cursor.
func (c *batchCursor) Filter(int, string, []vtab.Value) error {
	c.at = 0
	return nil
}

// Next implements vtab.Cursor.
func (c *batchCursor) Next() error {
	c.at += c.table.width
	return nil
}

// Eof implements vtab.Cursor.
func (c *batchCursor) Eof() bool { return c.at >= len(c.table.values) }

// Column implements vtab.Cursor.
func (c *batchCursor) Column(col int) (driver.Value, error) {
	if col >= c.table.width {
		return nil, fmt.Errorf("column c%d of rows that have %d", col+1, c.table.width)
	}
	return c.table.values[c.at+col], nil
}

// Rowid implements vtab.Cursor.
func (c *batchCursor) Rowid() (int64, error) { return int64(c.at / max(c.table.width, 1)), nil }

// Close implements vtab.Cursor.
func (c *batchCursor) Close() error { return nil }
