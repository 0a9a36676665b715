// Package sqlite writes a document as a SQLite database of its own: an ordinary file for other programs, with
// nothing in it that the engine would read.
package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver

	"github.com/durable-wf/wf/export"
)

// Format is the format sqlite: all tables of a document, each a table in SQL. Whole numbers and truth values
// are INTEGER, floats REAL (SQLite knows no NaN and stores NULL), texts, times (in [export.TimeLayout],
// which SQLite's functions read) and JSON are TEXT. The names of tables and columns are those of the document,
// with a number behind where they differ in upper and lower case alone.
func Format() export.Format {
	return export.Format{
		Name: "sqlite", Suffixes: []string{".sqlite", ".sqlite3", ".db"}, Doc: "a SQLite database: a table for each table",
		Holds: export.AllTables, File: write,
	}
}

func write(ctx context.Context, f *os.File, doc *export.Document) (err error) {
	// The file counts only once it is whole, so it needs no journal, and its caller syncs it.
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: f.Name()}).EscapedPath(), RawQuery: url.Values{
		"_pragma": {"journal_mode(off)", "synchronous(off)", "locking_mode(exclusive)"},
	}.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // no-op after Commit
	tables := export.Flat(doc)
	if about := export.About(doc); about != nil {
		tables = append(tables, about)
	}
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.Name
		if strings.HasPrefix(strings.ToLower(t.Name), "sqlite_") { // SQLite keeps these for itself
			names[i] = "_" + t.Name
		}
	}
	for i, name := range export.Distinct(names, 0) {
		if err := fill(ctx, tx, name, tables[i]); err != nil {
			return &export.FormatError{Format: "sqlite", Where: "table " + tables[i].Name, Err: err}
		}
	}
	return tx.Commit()
}

// fill creates a table and inserts its rows.
func fill(ctx context.Context, tx *sql.Tx, name string, t *export.Table) error {
	if len(t.Columns) == 0 {
		return errors.New("it has no columns, which SQLite does not allow")
	}
	heads := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		heads[i] = c.Name
	}
	for i, head := range export.Distinct(heads, 0) {
		heads[i] = quote(head) + " " + affinity(t.Columns[i].Kind)
	}
	if _, err := tx.ExecContext(ctx, "CREATE TABLE "+quote(name)+" ("+strings.Join(heads, ", ")+")"); err != nil {
		return err
	}
	marks := strings.Repeat("?, ", len(heads)-1) + "?"
	insert, err := tx.PrepareContext(ctx, "INSERT INTO "+quote(name)+" VALUES ("+marks+")") //nolint:sqlclosecheck // it is, below
	if err != nil {
		return err
	}
	defer insert.Close() //nolint:errcheck // ends with the transaction
	values, n := make([]any, len(t.Columns)), 0
	for row, err := range t.Checked(ctx) {
		if err != nil {
			return err
		}
		n++
		for i, v := range row {
			values[i] = stored(v)
		}
		if _, err := insert.ExecContext(ctx, values...); err != nil {
			return fmt.Errorf("row %d: %w", n, err)
		}
	}
	return nil
}

// quote makes any text an identifier.
func quote(name string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(name, "\x00", "_"), `"`, `""`) + `"`
}

func affinity(k export.Kind) string {
	switch k {
	case export.Int, export.Bool:
		return "INTEGER"
	case export.Float:
		return "REAL"
	case export.Text, export.Time, export.JSON:
	}
	return "TEXT"
}

// stored is a value as the driver takes it.
func stored(v any) any {
	switch v := v.(type) {
	case time.Time:
		return export.Plain(v)
	case json.RawMessage:
		return string(v)
	}
	return v
}
