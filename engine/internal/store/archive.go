package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	queries "github.com/durable-wf/wf/sql"
)

// Shelf says where archived runs go.
type Shelf struct {
	Dir          string // folder of the files; "" for the database's path with "-archive" appended
	AllowNetwork bool   // accept a folder on a network file system
}

// Archive moves the runs that r lets go to one SQLite file per month of completion, named 2026-09.db.
// Such a file is a database that Open reads, but writes to no more (ErrArchive), and a run has the hashes and (unless
// another database was archived to the same file) the number that it had.
//
// A run is deleted only after its copy is on disk. A crash in between leaves it in both places until
// Archive runs again, which notices the copy: then it is in the archive exactly once.
func (s *Store) Archive(ctx context.Context, r Retention, shelf Shelf) (PruneResult, error) {
	a := &archiver{source: s, shelf: shelf, deletion: deletion{sweeper: sweeper{store: s}}}
	if a.shelf.Dir == "" {
		a.shelf.Dir = s.path + "-archive"
	}
	total, err := s.retire(ctx, &r, a.move)
	if err := errors.Join(err, a.close()); err != nil {
		return total, err
	}
	rest, err := s.pruneRest(ctx, &r)
	total.add(rest)
	return total, err
}

// archiver has one archive file open at a time.
type archiver struct {
	source *Store
	shelf  Shelf

	name   string // of the open file; "" if none
	target *Store // its schema is current and nobody migrates it while this is open
	db     *sql.DB
	conn   *sql.Conn // to the file, with the source attached for reading

	deletion deletion // of what was copied
}

// move copies runs that ended in one month and then deletes them. Those that somebody else prunes meanwhile, or that go on,
// stay behind.
func (a *archiver) move(ctx context.Context, runs []doomed) (PruneResult, error) {
	for err := a.copy(ctx, runs); err != nil; err = a.copy(ctx, runs) {
		final, finalErr := a.source.final(ctx, runs)
		if finalErr != nil || len(final) == len(runs) {
			return PruneResult{}, fmt.Errorf("archive: %w", errors.Join(err, finalErr))
		}
		if runs = final; len(runs) == 0 {
			return PruneResult{}, nil
		}
	}
	a.deletion.archive = a.name
	return a.deletion.delete(ctx, runs)
}

// final returns those of the runs that are still as they were found.
func (s *Store) final(ctx context.Context, runs []doomed) (final []doomed, err error) {
	found, err := foundOf(runs)
	if err != nil {
		return nil, err
	}
	numbers, err := list[int64](ctx, s, "runs to archive", queries.PruneFinal, found)
	for i := range runs {
		if slices.Contains(numbers, runs[i].ID) {
			final = append(final, runs[i])
		}
	}
	return final, err
}

// copy copies what the archive lacks of runs, in one transaction. When it returns, the copy is on disk.
func (a *archiver) copy(ctx context.Context, runs []doomed) error {
	if err := a.open(ctx, runs[0].month()+".db"); err != nil {
		return err
	}
	if err := a.source.findRows(ctx, runs); err != nil {
		return err
	}
	tx, err := a.conn.BeginTx(ctx, nil)
	if err != nil {
		return a.target.failure("begin", err)
	}
	defer tx.Rollback() //nolint:errcheck // does nothing after Commit
	missing, err := missingRuns(ctx, tx, runs)
	if err != nil {
		return a.target.failure("copy", err)
	}
	g := groupOf(missing)
	if len(g.runs) == 0 {
		return nil
	}
	if err := removeStale(ctx, tx, &g); err != nil {
		return a.target.failure("copy", err)
	}
	by, err := shiftOf(ctx, tx, &g)
	if err == nil {
		err = insertRuns(ctx, tx, archiveSteps(&g), by.args(g.args("open", false))...)
	}
	if err == nil {
		err = a.copyRest(ctx, tx, &g, by.run)
	}
	if err != nil {
		return a.target.failure("copy", err)
	}
	return a.target.failure("commit", tx.Commit())
}

// copyRest copies what of runs is not in rows: their folders, and the files of their payloads.
func (a *archiver) copyRest(ctx context.Context, tx *sql.Tx, g *group, shift int64) error {
	for _, id := range g.runs {
		if err := copyFolder(a.source.Folder(id), a.target.Folder(id+shift)); err != nil {
			return err
		}
	}
	return a.copyFiles(ctx, tx, g)
}

// missingRuns returns runs without those that the archive has.
func missingRuns(ctx context.Context, tx *sql.Tx, runs []doomed) (missing []doomed, err error) {
	g := groupOf(runs)
	rows, err := tx.QueryContext(ctx, queries.ArchiveKnown, sql.Named("runs", ids(g.runs)))
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	known := map[int64]bool{}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		known[id] = true
	}
	for i := range runs {
		if !known[runs[i].ID] {
			missing = append(missing, runs[i])
		}
	}
	return missing, rows.Err()
}

// removeStale deletes copies of runs that have gone on since they were copied: a crash, or a retry, had kept them
// from being deleted in the source.
func removeStale(ctx context.Context, tx *sql.Tx, g *group) error {
	rows, err := tx.QueryContext(ctx, queries.ArchiveStale, sql.Named("runs", ids(g.runs)))
	if err != nil {
		return err
	}
	stale, err := scanIDs(rows)
	if err != nil || len(stale) == 0 {
		return err
	}
	runs := sql.Named("runs", ids(stale))
	for _, query := range []string{
		queries.ArchiveStaleHistory, queries.PruneCheckpoints, queries.PruneCalls, queries.PruneSignals, queries.PruneAttributes,
		queries.PruneMetrics, queries.PruneUndos, queries.PruneRunsDelete,
	} {
		if _, err := tx.ExecContext(ctx, query, runs); err != nil {
			return err
		}
	}
	return nil
}

// shift is by how much the ids of rows that come from another database are raised.
type shift struct{ run, history, checkpoint int64 }

// shiftOf is the shift by which ids clash with none in the archive: mostly zero.
func shiftOf(ctx context.Context, tx *sql.Tx, g *group) (by shift, err error) {
	err = tx.QueryRowContext(ctx, queries.ArchiveShift, g.args()...).Scan(&by.run, &by.history, &by.checkpoint)
	if err == nil && (by.run != 0 || by.history != 0) {
		_, err = tx.ExecContext(ctx, queries.ArchiveRenumbered)
	}
	return by, err
}

// args adds the shift to the parameters of a statement.
func (s shift) args(args []any) []any {
	return append(args, sql.Named("run_shift", s.run), sql.Named("history_shift", s.history), sql.Named("checkpoint_shift", s.checkpoint))
}

// args are the ids as parameters of statements, with further ones as name and value.
func (g *group) args(more ...any) []any {
	args := []any{sql.Named("runs", ids(g.runs)), sql.Named("history", ids(g.history)), sql.Named("checkpoints", ids(g.checkpoints))}
	for i := 0; i+1 < len(more); i += 2 {
		args = append(args, sql.Named(more[i].(string), more[i+1])) //nolint:errcheck,forcetypeassert // it is a name
	}
	return args
}

// insertion copies the rows of one table.
type insertion struct {
	query string
	want  int // rows; -1 for any number
}

// archiveSteps copy runs with all their rows.
func archiveSteps(g *group) []insertion {
	return []insertion{
		{queries.ArchiveWorkers, -1},
		{queries.ArchiveRuns, len(g.runs)},
		{queries.ArchiveHistory, len(g.history)},
		{queries.ArchiveCheckpoints, len(g.checkpoints)},
		{queries.ArchiveCalls, -1},
		{queries.ArchiveSignals, -1},
		{queries.ArchiveAttributes, -1},
		{queries.ArchiveMetrics, -1},
		{queries.ArchiveUndos, -1},
		{queries.ArchiveKeys, -1},
	}
}

// insertRuns runs the steps, which have to copy as many rows as were found.
func insertRuns(ctx context.Context, tx *sql.Tx, steps []insertion, args ...any) error {
	for _, step := range steps {
		res, err := tx.ExecContext(ctx, step.query, args...)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || step.want >= 0 && int(n) != step.want {
			return errors.Join(err, fmt.Errorf("copied %d rows of %d: pruned by somebody else or damaged", n, step.want))
		}
	}
	return nil
}

// copyFiles copies the files of the runs' large payloads, which are on disk when it returns. Collecting
// in the archive waits for the transaction.
func (a *archiver) copyFiles(ctx context.Context, tx *sql.Tx, g *group) error {
	rows, err := tx.QueryContext(ctx, queries.ArchiveFiles, sql.Named("runs", ids(g.runs)), sql.Named("checkpoints", ids(g.checkpoints)))
	if err != nil {
		return err
	}
	texts, err := columns(rows)
	if err != nil {
		return err
	}
	names := filesIn(texts)
	missing := slices.DeleteFunc(slices.Clone(names), a.source.files.exists)
	return a.source.copyFiles(ctx, a.target.files, names, missing)
}

// open opens the archive file called name, and creates it if it is not there.
func (a *archiver) open(ctx context.Context, name string) (err error) {
	if a.name == name {
		return nil
	}
	if err := a.close(); err != nil {
		return err
	}
	if err := makeFolder(a.shelf.Dir); err != nil {
		return wrap("create", a.shelf.Dir, err)
	}
	a.name = name
	a.target, err = Open(ctx, Options{
		Path: filepath.Join(a.shelf.Dir, name), Create: true, AllowNetwork: a.shelf.AllowNetwork, Logger: a.source.log, archive: true})
	if err != nil {
		return err
	}
	if os.SameFile(a.target.file, a.source.file) { // all would be known there, and deleted
		return fmt.Errorf("%s: a database cannot be archived into itself", a.target.path)
	}
	a.db, err = sql.Open("sqlite", dsn(a.target.path, "mode=rw&_txlock=immediate", "synchronous(FULL)", "fullfsync(1)"))
	if err != nil {
		return a.target.failure("open", err)
	}
	if a.conn, err = a.db.Conn(ctx); err != nil {
		return a.target.failure("open", err)
	}
	if _, err := a.conn.ExecContext(ctx, queries.ArchiveMark); err != nil {
		return a.target.failure("mark", err)
	}
	_, err = a.conn.ExecContext(ctx, queries.ArchiveAttach, sql.Named("uri", dsn(a.source.path, "mode=ro")))
	return a.target.failure("attach", err)
}

// makeFolder makes dir, for its owner alone, and its name durable.
func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(dir))
}

// close closes the open archive file, if any. The last to close it puts its WAL into the file.
func (a *archiver) close() error {
	var errs []error
	if a.conn != nil {
		errs = append(errs, a.conn.Close())
	}
	if a.db != nil {
		errs = append(errs, a.db.Close())
	}
	if a.target != nil {
		errs = append(errs, a.target.Close())
	}
	a.name, a.target, a.db, a.conn = "", nil, nil, nil
	return errors.Join(errs...)
}
