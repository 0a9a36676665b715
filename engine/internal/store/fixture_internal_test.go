package store

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/durable-wf/wf/engine/internal/codec"
)

// fixture is a store with a worker that owns the runs which the test makes.
type fixture struct {
	*Store
	tb     testing.TB
	worker Worker
}

func newFixture(tb testing.TB) *fixture {
	tb.Helper()
	return openFixture(tb, filepath.Join(tb.TempDir(), "wf.db"))
}

func openFixture(tb testing.TB, path string) *fixture {
	tb.Helper()
	s, err := Open(context.Background(), Options{Path: path, Create: true})
	if err != nil {
		tb.Fatalf("open: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	f := &fixture{Store: s, tb: tb, worker: Worker{UUID: uuid.NewString(), Host: "here", PID: 7, Program: "test", Version: "v1"}}
	f.update(func(tx *Tx) error { return tx.InsertWorker(&f.worker) })
	return f
}

func openReadOnly(tb testing.TB, path string) *fixture {
	tb.Helper()
	s, err := Open(context.Background(), Options{Path: path, ReadOnly: true})
	if err != nil {
		tb.Fatalf("open for reading: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("close what was read: %v", err)
		}
	})
	return &fixture{Store: s, tb: tb}
}

func (f *fixture) update(fn func(*Tx) error) {
	f.tb.Helper()
	if err := f.Update(context.Background(), fn); err != nil {
		f.tb.Fatalf("update: %v", err)
	}
}

// start creates a run that the fixture's worker owns.
func (f *fixture) start(workflow, key string) Run {
	f.tb.Helper()
	return f.startKeeping(workflow, key, "")
}

// startKeeping is start with a policy of which older checkpoints are kept.
func (f *fixture) startKeeping(workflow, key, policy string) Run {
	f.tb.Helper()
	run, err := f.Create(context.Background(), &Create{
		Run: Run{
			UUID: uuid.Must(uuid.NewV7()).String(), Workflow: workflow, Version: 1, Fingerprint: "f", Key: key, Step: "one", Preserve: policy,
			Keep: "history", Owner: f.worker.ID, Checkpoint: checkpointOf("json", `{"total":42}`),
		},
		InputHash: []byte("input"),
		History:   History{Kind: "created", Step: "one", DurationUS: -1},
	})
	if err != nil {
		f.tb.Fatalf("create: %v", err)
	}
	return run
}

func checkpointOf(name, data string) Checkpoint {
	p := codec.Payload{Codec: name, Data: []byte(data)}
	return Checkpoint{State: Payload(p), Checksum: p.Checksum()}
}

// advance appends n transitions to a run that is owned, and returns the run as it is then.
func (f *fixture) advance(run Run, n int) Run {
	f.tb.Helper()
	if n == 0 {
		return run
	}
	lease := run.Lease()
	rows := make([]History, n)
	for i := range rows {
		rows[i] = History{Kind: "transition", Step: "one", Next: "two", Visit: 1, Attempt: 1, DurationUS: 5, Worker: f.worker.ID}
	}
	f.apply(&Change{Lease: lease, Row: run, History: rows})
	return f.mustRun(run.ID)
}

// save writes a checkpoint and, as the last copy is taken to be old, a copy of it.
func (f *fixture) save(run Run, state string) Run {
	f.tb.Helper()
	run.CopiedUS = 0
	row := run
	row.Checkpoint = checkpointOf("json", state)
	f.apply(&Change{Lease: run.Lease(), Row: row, State: true, History: []History{{Kind: "checkpoint", Step: "one", DurationUS: -1, Worker: f.worker.ID}}})
	return f.mustRun(run.ID)
}

// end gives a run its last status.
func (f *fixture) end(run Run, status string) Run {
	f.tb.Helper()
	row := run
	row.Status, row.Owner = status, 0
	cause := ""
	if status == "failed" {
		cause = "it broke"
	}
	row.Error = cause
	f.apply(&Change{Lease: run.Lease(), Row: row, History: []History{{Kind: status, Step: "one", Error: cause, DurationUS: -1, Worker: f.worker.ID}}})
	return f.mustRun(run.ID)
}

func (f *fixture) apply(c *Change) {
	f.tb.Helper()
	if err := f.Apply(context.Background(), c); err != nil {
		f.tb.Fatalf("apply: %v", err)
	}
}

func (f *fixture) mustRun(id int64) Run {
	f.tb.Helper()
	run, err := f.Run(context.Background(), id)
	if err != nil {
		f.tb.Fatalf("run %d: %v", id, err)
	}
	return run
}

// exec changes the file behind the store's back.
func (f *fixture) exec(query string, args ...any) {
	f.tb.Helper()
	db, err := sql.Open("sqlite", dsn(f.path, "mode=rw"))
	if err != nil {
		f.tb.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query, args...); err != nil {
		f.tb.Fatalf("%s: %v", query, err)
	}
}

// rows returns the number of rows of each of our tables that hold rows of runs.
func (f *fixture) rows() map[string]int {
	f.tb.Helper()
	counts := map[string]int{}
	for _, table := range []string{"wf_runs", "wf_history", "wf_checkpoints", "wf_calls", "wf_keys", "wf_pruned", "wf_workers"} {
		var n int
		if err := f.read.Get(&n, "SELECT count(*) FROM "+table); err != nil {
			f.tb.Fatal(err)
		}
		counts[table] = n
	}
	return counts
}

// findings returns what Check and Verify find in s, a line each.
func findings(tb testing.TB, s *Store) (lines []string) {
	tb.Helper()
	found := func(f Finding) { lines = append(lines, f.String()) }
	if err := s.Check(context.Background(), found); err != nil {
		tb.Fatalf("check: %v", err)
	}
	if err := s.Verify(context.Background(), 0, found); err != nil {
		tb.Fatalf("verify: %v", err)
	}
	return lines
}

func (f *fixture) wantClean() {
	f.tb.Helper()
	if got := findings(f.tb, f.Store); len(got) > 0 {
		f.tb.Fatalf("check and verify found: %q, want nothing", got)
	}
}

func mustLen[T any](tb testing.TB, what string, rows []T, err error, want int) {
	tb.Helper()
	if err != nil || len(rows) != want {
		tb.Fatalf("%s: got %d rows, error %v, want %d", what, len(rows), err, want)
	}
}
