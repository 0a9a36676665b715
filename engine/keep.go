package engine

import (
	"context"
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
	Files       []string // archive files written to
}

func (r Retention) store(now time.Time) store.Retention {
	return store.Retention{
		Statuses: texts(r.Statuses), Workflows: r.Workflows, EndedBeforeUS: now.Add(-r.OlderThan).UnixMicro(), DryRun: r.DryRun,
	}
}

func removedOf(r store.Removed) Removed {
	return Removed{Runs: r.Runs, Events: r.History, Checkpoints: r.Checkpoints, Files: r.Files}
}

// Prune deletes runs that have ended, with everything that depends on them, in several short
// transactions. What remains of each is its UUID, the hash of its newest event and their number.
// Keys stay, so that a start is not repeated by mistake.
func (e *Engine) Prune(ctx context.Context, r Retention) (Removed, error) {
	removed, err := e.store.Prune(ctx, r.store(time.Now()))
	return removedOf(removed), err
}

// Archive moves runs that have ended into one file per month of their end, in a folder beside the
// database. They are copied first and deleted then, so that it may be repeated after a crash at any
// point: each run is in one place in the end, and never in none.
func (e *Engine) Archive(ctx context.Context, r Retention) (Removed, error) {
	removed, err := e.store.Archive(ctx, r.store(time.Now()))
	return removedOf(removed), err
}

// Archives lists the archive files, oldest month first. Each opens with ReadOnly.
func (e *Engine) Archives(ctx context.Context) ([]string, error) { return e.store.Archives(ctx) }

// Finding is something that is wrong with the database.
type Finding struct {
	Run     int64 // 0 if it concerns no single run
	Table   string
	Problem string
}

// Check looks for damage: SQLite's own integrity, rows that belong to no run, statuses, checksums of
// checkpoints, and the number and chain of history rows. It calls found for each finding.
func (e *Engine) Check(ctx context.Context, found func(Finding)) error {
	return e.store.Check(ctx, func(f store.Finding) { found(Finding(f)) })
}

// VerifyReport counts what Verify has read.
type VerifyReport struct {
	Runs   int64
	Events int64
}

// Verify recomputes the hash chains of the given runs, of all if ids is nil, and calls found for
// each break. The chain is unkeyed: it is evidence only against a head that was exported before.
func (e *Engine) Verify(ctx context.Context, ids []int64, found func(Finding)) (VerifyReport, error) {
	report, err := e.store.Verify(ctx, ids, func(f store.Finding) { found(Finding(f)) })
	return VerifyReport(report), err
}

// Backup writes a consistent copy of the database to a new file, while it is in use.
func (e *Engine) Backup(ctx context.Context, path string) error { return e.store.Backup(ctx, path) }

// Query runs one read-only SQL statement and calls row for at most limit rows (0 means no limit);
// an error of row ends it and is returned. The function wf_json(state, codec) renders a state of any
// codec as JSON. ctx bounds its time. Columns is the same slice in every call.
func (e *Engine) Query(ctx context.Context, sql string, limit int, row func(columns []string, values []any) error) error {
	return e.store.Query(ctx, sql, limit, row)
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
