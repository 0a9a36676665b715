package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/engine/internal/codec"
)

func TestQueryAnswers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	furnish(f)
	for _, tt := range []struct {
		name, query string
		limit       int
		args        []any
		want        Table
	}{
		{"values", "SELECT 1 AS a, 'x' AS b, NULL AS c, 1.5 AS d, x'00' AS e", 0, nil,
			Table{Columns: []string{"a", "b", "c", "d", "e"}, Rows: [][]any{{int64(1), "x", nil, 1.5, []byte{0}}}}},
		{"tables, in order", "SELECT id FROM wf_runs ORDER BY id DESC", 0, nil,
			Table{Columns: []string{"id"}, Rows: [][]any{{int64(3)}, {int64(2)}, {int64(1)}}}},
		{"limit", "SELECT id FROM wf_runs ORDER BY id DESC", 2, nil,
			Table{Columns: []string{"id"}, Rows: [][]any{{int64(3)}, {int64(2)}}, More: true}},
		{"limit that is just enough", "SELECT id FROM wf_runs", 3, nil,
			Table{Columns: []string{"id"}, Rows: [][]any{{int64(1)}, {int64(2)}, {int64(3)}}}},
		{"no rows", "SELECT id FROM wf_runs WHERE id > 99", 0, nil, Table{Columns: []string{"id"}}},
		{"argument", "SELECT status FROM wf_runs WHERE id = ?", 0, []any{2},
			Table{Columns: []string{"status"}, Rows: [][]any{{"failed"}}}},
		{"json of the state", "SELECT json_extract(state, '$.n') AS n FROM wf_runs WHERE id = 3", 0, nil,
			Table{Columns: []string{"n"}, Rows: [][]any{{int64(2)}}}},
		{"recursion", "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3) SELECT sum(n) AS s FROM c", 0, nil,
			Table{Columns: []string{"s"}, Rows: [][]any{{int64(6)}}}},
		{"values clause", "VALUES (1), (2)", 0, nil, Table{Columns: []string{"column1"}, Rows: [][]any{{int64(1)}, {int64(2)}}}},
		{"semicolons and comments", "/* ; */ SELECT ';' AS \"a;b\" -- one; two\n ; ; -- three", 0, nil,
			Table{Columns: []string{"a;b"}, Rows: [][]any{{";"}}}},
		{"view", "SELECT id, state ->> 'n' AS n FROM wf_view WHERE status = 'running'", 0, nil,
			Table{Columns: []string{"id", "n"}, Rows: [][]any{{int64(3), int64(2)}}}},
		{"json_each", "SELECT value FROM json_each('[7]')", 0, nil, Table{Columns: []string{"value"}, Rows: [][]any{{int64(7)}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := f.Query(t.Context(), tt.query, tt.limit, tt.args...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestQueryRefuses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	furnish(f)
	before := f.rows()
	outside := filepath.Join(t.TempDir(), "outside.db")
	for _, tt := range []struct {
		query string
		want  error
	}{
		{"DELETE FROM wf_runs", ErrBadQuery}, // is no SELECT, so it cannot stand where one must
		{"DELETE FROM wf_runs RETURNING id", ErrBadQuery},
		{"WITH x AS (SELECT 1) DELETE FROM wf_runs", ErrBadQuery},
		{"UPDATE wf_runs SET epoch = 0", ErrBadQuery},
		{"CREATE TABLE t (a)", ErrBadQuery},
		{"ATTACH '" + outside + "' AS o", ErrBadQuery},
		{"PRAGMA query_only = 0", ErrBadQuery},
		{"VACUUM INTO '" + outside + "'", ErrBadQuery},
		{"BEGIN", ErrBadQuery},
		{"SELECT * FROM pragma_query_only", ErrNotSelect},
		{"SELECT * FROM pragma_table_info('wf_runs')", ErrNotSelect},
		{"SELECT 1; SELECT 2", ErrNotSelect},
		{"SELECT 1; -- more\nDELETE FROM wf_runs", ErrNotSelect},
		{"SELECT '--'; DELETE FROM wf_runs", ErrNotSelect},
		// Whoever closes our bracket gets past single statements, and meets the authorizer.
		{"SELECT 1)) INSERT INTO wf_workers (uuid) WITH b AS (SELECT * FROM (SELECT 1", ErrNotSelect},
		{"SELECT load_extension('x')", ErrBadQuery},
		{"SELECT nothing FROM wf_runs", ErrBadQuery},
		{"SELECT 1 FROM", ErrBadQuery},
		{"", ErrBadQuery},
		{" -- nothing\n;", ErrBadQuery},
	} {
		t.Run(tt.query, func(t *testing.T) {
			got, err := f.Query(t.Context(), tt.query, 0)
			if !errors.Is(err, tt.want) {
				t.Errorf("answer %v, error %v, want %v", got, err, tt.want)
			}
		})
	}
	if diff := cmp.Diff(before, f.rows()); diff != "" {
		t.Errorf("rows changed:\n%s", diff)
	}
	if _, err := os.Stat(outside); err == nil {
		t.Error("a query has made a file")
	}
}

// TestInspectorRefuses lets the authorizer alone: without the frame that Query puts around a query.
func TestInspectorRefuses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	outside := filepath.Join(t.TempDir(), "outside.db")
	for _, query := range []string{
		"DELETE FROM wf_runs", "CREATE TEMP TABLE t (a)", "ATTACH '" + outside + "' AS o", "PRAGMA query_only", "PRAGMA query_only = 0",
		"VACUUM INTO '" + outside + "'", "BEGIN", "SAVEPOINT s", "ANALYZE", "REINDEX", "CREATE VIRTUAL TABLE temp.v USING fts5(a)",
	} {
		t.Run(query, func(t *testing.T) {
			db, err := f.inspect()
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.ExecContext(t.Context(), query); err == nil {
				t.Error("was run")
			}
		})
	}
	if _, err := os.Stat(outside); err == nil {
		t.Error("a query has made a file")
	}
}

func TestQueryEndsAtItsTimeLimit(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const endless = "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
	for _, query := range []string{
		endless + "SELECT count(*) FROM c",
		"SELECT 0 UNION ALL SELECT * FROM (" + endless + "SELECT count(*) FROM c)", // the first row comes at once
		endless + "SELECT n FROM c WHERE n < 0",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		begun := time.Now()
		_, err := f.Query(ctx, query, 0)
		if took := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) || took > 5*time.Second {
			t.Errorf("%s: ended with %v after %v, want %v", query, err, took, context.DeadlineExceeded)
		}
	}
	if got, err := f.Query(t.Context(), endless+"SELECT n FROM c", 5); err != nil || len(got.Rows) != 5 || !got.More {
		t.Errorf("endless rows with a limit: %+v, %v", got, err)
	}
}

func TestQueryJSON(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	type state struct {
		Total int64  `json:"total"`
		Name  string `json:"name"`
	}
	text, err := codec.Encode(codec.JSON, state{7, "a"})
	if err != nil {
		t.Fatal(err)
	}
	binary, err := codec.Encode(codec.CBOR, state{7, "a"})
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]codec.Payload{"json": text, "cbor": binary} {
		run := f.start(name, "")
		row := run
		row.Checkpoint = Checkpoint{State: Payload(p), Checksum: p.Checksum()}
		f.apply(&Change{Lease: run.Lease(), Row: row, State: true, History: []History{{Kind: "checkpoint", DurationUS: -1}}})
		got, err := f.Query(t.Context(), "SELECT wf_json(state, codec) ->> 'total', wf_json(state, codec) ->> 'name' FROM wf_runs WHERE workflow = ?", 0, name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff([][]any{{int64(7), "a"}}, got.Rows); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	got, err := f.Query(t.Context(), "SELECT wf_json(NULL, 'json') AS a, wf_json(x'00', NULL) AS b", 0)
	if err != nil || !cmp.Equal(got.Rows, [][]any{{nil, nil}}) {
		t.Errorf("wf_json of NULL: %+v, %v", got, err)
	}
	for _, query := range []string{"SELECT wf_json(x'ff', 'cbor')", "SELECT wf_json('1', 'xml')", "SELECT wf_json(1, 'json')"} {
		if got, err := f.Query(t.Context(), query, 0); !errors.Is(err, ErrBadQuery) {
			t.Errorf("%s: %+v, %v, want ErrBadQuery", query, got, err)
		}
	}
	f.wantClean()
}
