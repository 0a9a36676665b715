package store

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strconv"
)

// maxRoom is how many values a statement keeps room for: 256 KB.
const maxRoom = 16 << 10

// batchColumn matches a column of wf_batch.
var batchColumn = regexp.MustCompile(`\bc(\d+)\b`)

// multi is a statement that reads its rows from wf_batch: all rows of a batch at once.
type multi struct {
	statement
	width int   // columns that it reads; 0 until that is known
	room  []any // for rows, used again and again; nil while it is in use
}

// rows returns room for rows: values are appended to it, and then given to exec or query, which take it back.
func (m *multi) rows() []any {
	room := m.room
	m.room = nil
	return room
}

// keepRoom takes room back.
func (m *multi) keepRoom(args []any) {
	clear(args)
	if cap(args) <= maxRoom {
		m.room = args[:0]
	}
}

// fill puts the rows in args where the statement reads them; the caller empties the table.
func (m *multi) fill(args []any) error {
	if m.width == 0 {
		for _, c := range batchColumn.FindAllStringSubmatch(m.text, -1) {
			n, _ := strconv.Atoi(c[1]) //nolint:errcheck // digits
			m.width = max(m.width, n)
		}
	}
	if len(args)%m.width != 0 { // the table would end within a row
		return fmt.Errorf("%d values for rows of %d: %s", len(args), m.width, m.text)
	}
	m.keep.table.values, m.keep.table.width = args, m.width
	return nil
}

// exec runs the statement for all rows in args, and returns how many rows it has written.
func (m *multi) exec(args []any) (int64, error) {
	defer m.keepRoom(args)
	if len(args) == 0 {
		return 0, nil
	}
	if err := m.fill(args); err != nil {
		return 0, err
	}
	defer m.keep.table.empty()
	res, err := m.ExecContext(context.Background())
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// query runs the statement for all rows in args and calls each for every row returned.
func (m *multi) query(args []any, each func(*sql.Rows) error) error {
	defer m.keepRoom(args)
	if len(args) == 0 {
		return nil
	}
	if err := m.fill(args); err != nil {
		return err
	}
	defer m.keep.table.empty()
	rows, err := m.QueryContext(context.Background())
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
