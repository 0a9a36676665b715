package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	queries "github.com/durable-wf/wf/sql"
)

// packName is the database in a folder that is packed; what belongs to it is beside it, as always.
const packName = "wf.db"

// Family returns a run and all its descendants, the eldest first, as they are in the transaction.
func (tx *Tx) Family(root int64) ([]int64, error) {
	rows, err := tx.query(queries.RunFamily, root)
	if err != nil {
		return nil, err
	}
	return scanIDs(rows)
}

// Suspended returns the descendants of a run that were suspended with it.
func (tx *Tx) Suspended(root int64) ([]int64, error) {
	rows, err := tx.query(queries.RunSuspended, root)
	if err != nil {
		return nil, err
	}
	return scanIDs(rows)
}

// Family returns a run and all its descendants, the eldest first, without payloads.
func (s *Store) Family(ctx context.Context, root int64) ([]Run, error) {
	ids, err := list[int64](ctx, s, fmt.Sprintf("family of run %d", root), queries.RunFamily, root)
	if err != nil {
		return nil, err
	}
	runs := make([]Run, 0, len(ids))
	for _, id := range ids {
		r, err := get[Run](ctx, s, fmt.Sprintf("run %d", id), queries.RunHead, sql.Named("id", id))
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	return runs, nil
}

// SetPacked notes into which file a run was packed, as JSON; "" takes it back.
func (tx *Tx) SetPacked(id int64, packed string) error {
	_, err := tx.exec(queries.RunPacked, id, nullText(packed))
	return err
}

// WritePack copies a run with its descendants, and all that belongs to them, to a database of their own in the
// empty folder dir. seqs has, by UUID, the number of the newest event of each: it is an error if they have gone on since.
func (s *Store) WritePack(ctx context.Context, root int64, dir string, seqs map[string]int64) error {
	a := &archiver{source: s, shelf: Shelf{Dir: dir, AllowNetwork: true}}
	err := a.open(ctx, packName)
	if err == nil {
		err = a.pack(ctx, root, seqs)
	}
	return errors.Join(err, a.close())
}

func (a *archiver) pack(ctx context.Context, root int64, seqs map[string]int64) error {
	runs, err := list[doomed](ctx, a.source, fmt.Sprintf("family of run %d", root), queries.PackFamily, sql.Named("root", root))
	if err != nil {
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
	g := groupOf(runs)
	steps := append(archiveSteps(&g), insertion{queries.PackHooks, -1})
	err = insertRuns(ctx, tx, steps, shift{}.args(g.args("open", true))...)
	if err == nil {
		err = asListed(ctx, tx, seqs)
	}
	if err == nil {
		err = a.copyRest(ctx, tx, &g, 0)
	}
	if err != nil {
		return a.target.failure("pack", err)
	}
	return a.target.failure("commit", tx.Commit())
}

// asListed reports an error if the runs that were copied are not those listed, as they were then: their rows and those
// of their histories do not fit together in that case.
func asListed(ctx context.Context, tx *sql.Tx, seqs map[string]int64) error {
	rows, err := tx.QueryContext(ctx, queries.PackSeqs)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	found := 0
	for ; rows.Next(); found++ {
		var id, seq int64
		var uuid string
		if err := rows.Scan(&id, &uuid, &seq); err != nil {
			return err
		}
		if want, ok := seqs[uuid]; !ok || seq != want {
			return fmt.Errorf("run %d has gone on meanwhile: pause it first", id)
		}
	}
	if err := rows.Err(); err != nil || found == len(seqs) {
		return err
	}
	return fmt.Errorf("%d runs are there of %d: some were pruned meanwhile", found, len(seqs))
}

// Unpackable reports whether a file or folder in a folder that WritePack has filled is to be packed: locks and
// what SQLite needs only while it writes are not.
func Unpackable(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return first == packName || strings.HasPrefix(first, packName+"-") &&
		first != packName+"-locks" && first != packName+"-wal" && first != packName+"-shm"
}

// OpenPack opens the database that WritePack has written, in a copy of its folder that is the caller's to change.
// A pack of an older schema is migrated, one of a newer is ErrSchemaTooNew.
func OpenPack(ctx context.Context, dir string, o Options) (*Store, error) {
	o.Path, o.Create, o.AllowNetwork, o.archive = filepath.Join(dir, packName), true, true, true
	return Open(ctx, o)
}
