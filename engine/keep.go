package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// Retention selects runs that have ended, for removal. Zero fields select all of them.
type Retention struct {
	Statuses  []Status      // nil means completed, failed and cancelled
	Workflows []string      // nil means all
	OlderThan time.Duration // ended so long ago
	DryRun    bool          // only count
}

// Removed counts what Prune or Archive has removed, or would remove.
type Removed struct {
	Runs        int64
	Events      int64
	Checkpoints int64
	Bytes       int64 // by which the database file has become smaller; the next process to write back the log cuts it off
}

func (r Retention) store(now time.Time) store.Retention {
	return store.Retention{
		Statuses: texts(r.Statuses), Workflows: r.Workflows, EndedBeforeUS: now.Add(-r.OlderThan).UnixMicro(), DryRun: r.DryRun,
	}
}

func removedOf(r store.PruneResult) Removed {
	return Removed{Runs: r.Runs, Events: r.History, Checkpoints: r.Checkpoints, Bytes: max(r.Bytes, 0)}
}

// Prune deletes runs that have ended, with everything that depends on them, and gives the space back. It does so in
// transactions that take little longer than a commit, between which runs that execute have their turn, here and in other processes.
// What remains of each run is its UUID, the hash of its newest event and their number. Keys stay, so that a start is not
// repeated by mistake. After a crash each run is there or gone; what rows are left of a long history, the next process
// that opens the file deletes.
func (e *Engine) Prune(ctx context.Context, r Retention) (Removed, error) {
	removed, err := e.store.Prune(ctx, r.store(e.clock.Now()))
	return removedOf(removed), err
}

// Archive moves runs that have ended into one file per month of their end, in a folder beside the
// database. They are copied first and deleted then, so that it may be repeated after a crash at any
// point: each run is in one place in the end, and never in none. What somebody else prunes or archives meanwhile it leaves out.
func (e *Engine) Archive(ctx context.Context, r Retention) (Removed, error) {
	removed, err := e.store.Archive(ctx, r.store(e.clock.Now()), store.Shelf{AllowNetwork: e.cfg.AllowNetwork})
	return removedOf(removed), err
}

// Archives lists the files that Archive has written, oldest month first. Each is a database that
// opens with Access ReadOnly.
func (e *Engine) Archives() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(e.store.Path()+"-archive", "????-??.db"))
	if err != nil {
		return nil, fmt.Errorf("archives: %w", err)
	}
	slices.Sort(files)
	return files, nil
}

// Finding is something that is wrong with the database.
type Finding struct {
	Kind string // which check found it: integrity, orphan, chain, …
	Run  int64  // 0 if it concerns no single run
	Row  int64  // of the table in question; 0 if there is none
	Text string
}

// String returns the finding on one line.
func (f Finding) String() string { return store.Finding(f).String() }

// Check looks for damage: SQLite's own integrity, rows that belong to no run, statuses, checksums of
// checkpoints, and the number and chain of history rows. It calls found for each finding.
func (e *Engine) Check(ctx context.Context, found func(Finding)) error {
	return e.store.Check(ctx, func(f store.Finding) { found(Finding(f)) })
}

// Verify recomputes the hash chain of a run's history, of all runs if id is 0, and calls found for
// each row that was changed, removed, added or swapped. The chain is unkeyed: that it is whole
// proves something only against a head that was noted elsewhere.
func (e *Engine) Verify(ctx context.Context, id int64, found func(Finding)) error {
	err := e.store.Verify(ctx, id, func(f store.Finding) { found(Finding(f)) })
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("run %d: %w", id, ErrRunNotFound)
	}
	return err
}

// Backup writes a consistent copy of the database to a new file, while it is in use, and of its large
// states to the folder beside it, with "-files" appended to its name.
func (e *Engine) Backup(ctx context.Context, path string) error { return e.store.Backup(ctx, path) }

// Table is the answer to a query. Each value is nil, an int64, a float64, a string or a []byte.
type Table struct {
	Columns []string
	Rows    [][]any
	More    bool // there are more rows than the limit
}

// Query runs one SELECT and returns at most limit rows (0 means as many as it ever does, 100,000).
// It can neither write nor reach other files. The function wf_json(payload, codec) renders a state of
// any codec as JSON. Give ctx a deadline: as long as the query runs the WAL cannot shrink.
func (e *Engine) Query(ctx context.Context, sql string, limit int) (Table, error) {
	t, err := e.store.Query(ctx, sql, limit)
	if err != nil {
		return Table{}, err
	}
	return Table(*t), nil
}

// Schema returns the schema version of the file and the one that this program wants.
func Schema(ctx context.Context, path string) (have, want int64, err error) {
	return store.Schema(ctx, path)
}

// Migrate brings the schema of the file to a version, up or down. No other process may use the file
// meanwhile. To the newest version Open migrates by itself with Access Create.
func Migrate(ctx context.Context, path string, version int64) error {
	return store.Migrate(ctx, path, version)
}
