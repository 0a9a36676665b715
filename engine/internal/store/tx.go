package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"

	"modernc.org/sqlite"

	queries "github.com/durable-wf/wf/sql"
)

// Tx is the writer's transaction as closures given to Store.Update see it. It is valid during the
// call only, and not safe for concurrent use.
type Tx struct {
	NowUS int64 // the transaction's one clock reading

	b      *batch
	failed error // of a change that may be half applied: the closure cannot succeed
}

// update runs an administrative closure.
func (b *batch) update(fn func(*Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	tx := &Tx{NowUS: b.now, b: b}
	err = cmp.Or(fn(tx), tx.failed)
	if _, ours := errors.AsType[*sqlite.Error](err); ours {
		return b.w.store.failure("update", err)
	}
	return err
}

// Run returns a run as it is in the transaction, or ErrNotFound. Large payloads stay in their files: the
// writer must not wait for them.
func (tx *Tx) Run(id int64) (Run, error) {
	run, err := scanRun(tx.b.w.stmts.runGet.QueryRowContext(context.Background(), sql.Named("id", id)))
	if errors.Is(err, sql.ErrNoRows) {
		return Run{}, fmt.Errorf("run %d: %w", id, ErrNotFound)
	}
	return run, err
}

// Create inserts a run. A key that is taken is a *KeyError, as from Store.Create, and undoes nothing. The
// state is stored in the row whatever its size, so that nothing waits for a file.
func (tx *Tx) Create(c *Create) (Run, error) {
	r := &request{create: c}
	if err := tx.b.create([]*request{r}); err != nil {
		tx.failed = err
		return Run{}, err
	}
	return r.made(), r.err
}

// Apply applies a change at once. Its Effect, if any, runs with it. A missed compare-and-set is ErrGuard.
// Payloads are stored in the row as they are given, so that nothing waits for a file.
func (tx *Tx) Apply(c *Change) error {
	r := &request{change: c}
	apply := tx.b.one
	if c.special() {
		apply = tx.b.applyEffect
	}
	err := apply(r)
	if err != nil && !errors.Is(err, ErrGuard) {
		tx.failed = err
	}
	return err
}

// SetWant tells the owner of a run what others want of it ("" takes it back); detail is JSON. It does
// not look at the run's status.
func (tx *Tx) SetWant(id int64, want, detail string) error {
	n, err := tx.exec(queries.RunWant, id, nullText(want), nullText(detail))
	if err == nil && n == 0 {
		return fmt.Errorf("run %d: %w", id, ErrNotFound)
	}
	return err
}

// Wanted returns the waiting runs of which something is wanted and that nobody owns: their owner was asked too
// late for its step, and died before it could do it.
func (tx *Tx) Wanted() ([]int64, error) {
	var ids []int64
	err := tx.b.w.conn.SelectContext(context.Background(), &ids, queries.RunWanted)
	return ids, err
}

// InsertWorker inserts w and sets its ID and, if it is zero, StartedUS.
func (tx *Tx) InsertWorker(w *Worker) error {
	if w.StartedUS == 0 {
		w.StartedUS = tx.NowUS
	}
	row := tx.b.w.conn.QueryRowContext(context.Background(), queries.WorkerInsert, w.UUID, w.Host, w.PID, w.Program, w.Version, w.StartedUS)
	return row.Scan(&w.ID)
}

// TraceWorker notes where what a worker computes comes from, as JSON.
func (tx *Tx) TraceWorker(id int64, provenance string) error {
	_, err := tx.exec(queries.WorkerTrace, id, provenance)
	return err
}

// StopWorker notes that a worker has ended. The first note counts.
func (tx *Tx) StopWorker(id int64, died bool) error {
	_, err := tx.exec(queries.WorkerStop, id, tx.NowUS, died)
	return err
}

// ReleaseRuns takes a worker's runs away from it: running ones are pending again, with the next
// epoch, and count a death if the worker died. It returns their numbers.
func (tx *Tx) ReleaseRuns(worker int64, died bool) ([]int64, error) {
	rows, err := tx.query(queries.RunRelease, worker, died, tx.NowUS)
	if err != nil {
		return nil, err
	}
	return scanIDs(rows)
}

// exec runs a statement and returns the number of rows it changed.
func (tx *Tx) exec(query string, args ...any) (int64, error) {
	res, err := tx.b.w.stmts.named(query).ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// query runs a statement that returns rows; the caller closes them before the next call.
func (tx *Tx) query(query string, args ...any) (*sql.Rows, error) {
	return tx.b.w.stmts.named(query).QueryContext(context.Background(), args...)
}

// number runs a statement that returns one number.
func (tx *Tx) number(query string) (n int64, err error) {
	err = tx.b.w.stmts.named(query).QueryRowContext(context.Background()).Scan(&n)
	return n, err
}
