package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/jmoiron/sqlx"

	queries "github.com/durable-wf/wf/sql"
)

// HereError says why runs of a pack cannot be taken over: they are here, or what they need is taken.
type HereError struct {
	Run int64  // that is here; 0 if it is not about one
	Why string // one clause
}

func (e *HereError) Error() string {
	if e.Run == 0 {
		return e.Why
	}
	return fmt.Sprintf("run %d %s", e.Run, e.Why)
}

// unpacker takes the runs of a pack over.
type unpacker struct {
	pack, home *Store
	root       int64            // the eldest, in the pack
	seqs       map[string]int64 // number of each run's newest event when it was packed, by UUID
	runs       []doomed         // of the pack
	group      group
	known      []knownRun
	used       int64 // the newest number of a run here, before ours
	shift      shift
}

// knownRun is a run of a pack that is here.
type knownRun struct {
	Pack    int64  `db:"pack"` // its number in the pack
	ID      int64  `db:"id"`   // and here
	UUID    string `db:"uuid"`
	Seq     int64  `db:"seq"` // as it is here
	Head    []byte `db:"head_hash"`
	Packed  string `db:"packed"`
	Ended   bool   `db:"ended"`
	Follows bool   `db:"follows"` // the pack's goes on from it
	First   int64  `db:"first_history"`
	Last    int64  `db:"head_history"`
}

// Unpack takes over all runs of a pack's database: with new numbers, or in place of runs here that were packed
// to go on elsewhere and of which these are the continuations; those keep their numbers, if no other run has
// taken one that a new child needs. seqs has, by UUID, the number of the event with which each run was packed.
// It is one transaction, but for the numbers, which are taken before: all is taken over, or nothing; a *HereError says why not. The pack is used up: folders
// of runs are moved, not copied.
func (s *Store) Unpack(ctx context.Context, pack *Store, root int64, seqs map[string]int64) error {
	if s.writer == nil {
		return ErrReadOnly
	}
	u, err := s.unpacking(ctx, pack, root, seqs)
	if err != nil {
		return err
	}
	return u.run(ctx, u.reserve, u.take)
}

// unpacking brings what may be here before the rows are: the files that these name.
func (s *Store) unpacking(ctx context.Context, pack *Store, root int64, seqs map[string]int64) (*unpacker, error) {
	u := &unpacker{pack: pack, home: s, root: root, seqs: seqs}
	var err error
	if u.runs, err = list[doomed](ctx, pack, "packed runs", queries.PackFamily, sql.Named("root", root)); err != nil {
		return nil, err
	}
	if err := pack.findRows(ctx, u.runs); err != nil {
		return nil, err
	}
	u.group = groupOf(u.runs)
	named, err := list[string](ctx, pack, "files of payloads", queries.FilesNamed)
	if err != nil {
		return nil, err
	}
	return u, pack.copyFiles(ctx, s.files, filesIn(named), nil)
}

// run runs steps, each a transaction, on a connection of its own that has the pack attached, while it is our turn to write.
func (u *unpacker) run(ctx context.Context, steps ...func(context.Context, *sqlx.Tx) error) (err error) {
	db, err := sqlx.Open("sqlite", dsn(u.home.path, "mode=rw&_txlock=immediate", "synchronous(FULL)", "fullfsync(1)", "wal_autocheckpoint(0)"))
	if err != nil {
		return u.home.failure("open", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Connx(ctx)
	if err != nil {
		return u.home.failure("open", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, queries.ArchiveAttach, sql.Named("uri", dsn(u.pack.path, "mode=ro"))); err != nil {
		return u.home.failure("attach", err)
	}
	turn := u.home.writer.turn
	if err := turn.Take(ctx, u.home.writer.warnTurn); err != nil {
		return u.home.failure("wait for the write turn", err)
	}
	defer func() { err = errors.Join(err, turn.Give()) }()
	for _, step := range steps {
		if err := u.transact(ctx, conn, step); err != nil {
			return err
		}
	}
	return nil
}

// transact runs fn in a transaction.
func (u *unpacker) transact(ctx context.Context, conn *sqlx.Conn, fn func(context.Context, *sqlx.Tx) error) error {
	tx, err := conn.BeginTxx(ctx, nil)
	if err != nil {
		return u.home.failure("begin", err)
	}
	defer tx.Rollback() //nolint:errcheck // does nothing after Commit
	if err := fn(ctx, tx); err != nil {
		if _, here := errors.AsType[*HereError](err); here {
			return err
		}
		return u.home.failure("unpack", err)
	}
	return u.home.failure("commit", tx.Commit())
}

// reserve takes the numbers that the runs get. They are in their folders' names before the runs are there: should we
// die between, no other run may get the number, and with it the folder of a stranger.
func (u *unpacker) reserve(ctx context.Context, tx *sqlx.Tx) error {
	if err := tx.QueryRowContext(ctx, queries.BatchHeads).Scan(&u.used, new(int64), new(int64), new(int64), new(bool), new(bool)); err != nil {
		return err
	}
	if err := u.look(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, queries.UnpackReserveFirst); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, queries.UnpackReserve, sql.Named("last", slices.Max(u.group.runs)+u.shift.run))
	return err
}

// take does what the transaction is for.
func (u *unpacker) take(ctx context.Context, tx *sqlx.Tx) error {
	if err := u.look(ctx, tx); err != nil {
		return err
	}
	if err := u.forget(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, queries.ArchiveRenumbered); err != nil { // old events get new ids
		return err
	}
	steps := archiveSteps(&u.group)
	steps[0].query, steps[len(steps)-1].query = queries.UnpackWorkers, queries.UnpackKeys
	steps = append(steps, insertion{queries.UnpackSettle, -1}, insertion{queries.UnpackHooks, -1}, insertion{queries.UnpackPruned, -1})
	args := u.shift.args(u.group.args("open", true, "now_us", u.home.clock.NowUS()))
	if err := insertRuns(ctx, tx.Tx, steps, args...); err != nil {
		return err
	}
	return u.moveFolders()
}

// look finds out whether the runs may be taken over, and under which numbers.
func (u *unpacker) look(ctx context.Context, tx *sqlx.Tx) error {
	u.known = nil
	if err := tx.SelectContext(ctx, &u.known, queries.UnpackKnown); err != nil {
		return err
	}
	comesHome := slices.ContainsFunc(u.known, func(k knownRun) bool { return k.Pack == u.root && k.Packed != "" })
	for i := range u.known {
		if err := u.known[i].refusal(u.seqs, comesHome); err != nil {
			return err
		}
	}
	var taken []string
	if err := tx.SelectContext(ctx, &taken, queries.UnpackKeyTaken); err != nil {
		return err
	}
	if len(taken) > 0 {
		return &HereError{Why: fmt.Sprintf("the key of workflow %s stands for another run here: unpack it into a database of its own", taken[0])}
	}
	var history, checkpoint int64
	if err := tx.QueryRowContext(ctx, queries.BatchHeads).Scan(new(int64), &history, &checkpoint, new(int64), new(bool), new(bool)); err != nil {
		return err
	}
	u.shift = shift{u.runShift(u.used), above(history, u.group.history), above(checkpoint, u.group.checkpoints)}
	return nil
}

// refusal says why a run that is here does not make room for the one in the pack. Of a family that comes home, one that had
// ended when it left has not been packed to go on, and is the same as it was, or was retried.
func (k *knownRun) refusal(seqs map[string]int64, comesHome bool) error {
	switch {
	case k.Packed == "" && k.Ended && comesHome && k.Follows:
		return nil
	case k.Packed == "":
		return &HereError{k.ID, "is here already, and has not been packed to go on elsewhere"}
	case seqs[k.UUID] <= k.Seq && k.Follows:
		return &HereError{k.ID, "is here already, as it was packed"}
	case !k.Follows:
		return &HereError{k.ID, "is here already, and the pack does not go on from where it is"}
	}
	return nil
}

// above is the shift that raises ids above all that were ever used.
func above(used int64, ids []int64) int64 {
	if len(ids) == 0 {
		return 0
	}
	return used + 1 - slices.Min(ids)
}

// runShift is the shift of runs: that by which those that are known keep their numbers, if it gives the others
// numbers that were never used.
func (u *unpacker) runShift(used int64) int64 {
	fresh := above(used, u.group.runs)
	if len(u.known) == 0 {
		return fresh
	}
	known := map[int64]int64{}
	for i := range u.known {
		known[u.known[i].Pack] = u.known[i].ID
	}
	back := u.known[0].ID - u.known[0].Pack
	for _, id := range u.group.runs {
		if here, ok := known[id]; ok && here != id+back || !ok && id+back <= used {
			return fresh
		}
	}
	return back
}

// forget deletes the runs that make room, with all their rows.
func (u *unpacker) forget(ctx context.Context, tx *sqlx.Tx) error {
	if len(u.known) == 0 {
		return nil
	}
	var here []int64
	first, last := u.known[0].First, int64(0)
	for i := range u.known {
		here = append(here, u.known[i].ID)
		first, last = min(first, u.known[i].First), max(last, u.known[i].Last)
	}
	args := []any{sql.Named("runs", ids(here)), sql.Named("first", first), sql.Named("last", last)}
	for _, query := range []string{
		queries.UnpackHistoryForget, queries.PruneCheckpoints, queries.PruneCalls, queries.PruneSignals, queries.PruneAttributes,
		queries.PruneMetrics, queries.PruneUndos, queries.PruneHooks,
	} {
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			return err
		}
	}
	return insertRuns(ctx, tx.Tx, []insertion{{queries.UnpackForget, len(here)}}, args...)
}

// moveFolders gives the runs' folders to them, in place of those that are there.
func (u *unpacker) moveFolders() error {
	for i := range u.known {
		if err := os.RemoveAll(u.home.Folder(u.known[i].ID)); err != nil {
			return err
		}
	}
	for _, id := range u.group.runs {
		from, to := u.pack.Folder(id), u.home.Folder(id+u.shift.run)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := os.RemoveAll(to); err != nil {
			return err
		}
		if err := errors.Join(syncTree(from), unlessGone(os.Rename(from, to))); err != nil {
			return err
		}
	}
	return syncFolder(foldersOf(u.home.path))
}
