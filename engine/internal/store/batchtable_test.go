package store_test

import (
	"errors"
	"testing"

	"github.com/durable-wf/wf/engine/internal/store"
)

// P5: one statement changes all runs of a batch. The one that another process owns now is not changed, what others want
// of one reaches its owner, and the rest are as if they were alone.
func TestOneStatementForAll(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	worker := newWorker(t, s)
	runs := make([]store.Run, 5)
	leases := make([]*store.Lease, len(runs))
	for i := range runs {
		runs[i] = mustCreate(t, s, worker)
		leases[i] = runs[i].Lease()
	}
	const wanted, deposed = 1, 3
	must(t, s.Update(t.Context(), func(tx *store.Tx) error { return tx.SetWant(runs[wanted].ID, "pause", "") }))
	must(t, s.Exec(t.Context(), "UPDATE wf_runs SET epoch = epoch + 1 WHERE id = ?", runs[deposed].ID))
	release := hold(t, s)
	changes := make([]*store.Change, len(runs))
	outcomes := make([]chan error, len(runs))
	for i := range runs {
		changes[i], outcomes[i] = step(leases[i], &runs[i]), make(chan error, 1)
		s.Submit(changes[i], func(err error) { outcomes[i] <- err })
	}
	release()
	for i := range runs {
		err := <-outcomes[i]
		if got := errors.Is(err, store.ErrGuard); got != (i == deposed) || !got && err != nil {
			t.Errorf("change of run %d: %v", i, err)
		}
		if want := map[int]string{wanted: "pause"}[i]; changes[i].Want != want {
			t.Errorf("change of run %d: want is %q, want %q", i, changes[i].Want, want)
		}
		if got := mustRun(t, s, runs[i].ID); (got.Visit == 2) == (i == deposed) {
			t.Errorf("run %d is in visit %d", i, got.Visit)
		}
		checkChain(t, s, runs[i].ID)
	}
}

// Numbers are known without asking only as long as nobody else writes to the file.
func TestNumbersBesideAnotherWriter(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	other := mustOpen(t, store.Options{Path: s.Path()})
	last := int64(0)
	for i := range 12 {
		by := s
		if i%4 >= 2 {
			by = other
		}
		run := mustCreate(t, by, 0)
		if run.ID != last+1 || run.HeadHistory != last+1 {
			t.Fatalf("run %d, history %d after %d runs", run.ID, run.HeadHistory, last)
		}
		last = run.ID
		checkChain(t, s, run.ID)
	}
}

// User SQL neither sees the rows of a batch nor breaks the table that they stand in, whatever it does to the schema.
func TestUserSQLBesideTheBatchTable(t *testing.T) {
	t.Parallel()
	s := newUserStore(t, store.Options{})
	run := mustCreate(t, s, newWorker(t, s))
	l := run.Lease()
	for _, ddl := range []string{"CREATE TABLE yours (a)", "CREATE TEMP TABLE scratch (a)", "DROP TABLE yours"} {
		c := step(l, &run)
		c.Effect = func(u *store.UserTx) error {
			var n int
			if err := u.QueryRowContext(u.Context(), "SELECT count(*) FROM wf_batch").Scan(&n); err != nil || n != 0 {
				t.Errorf("user SQL sees %d rows in wf_batch, %v", n, err)
			}
			_, err := u.ExecContext(u.Context(), ddl)
			return err
		}
		mustApply(t, s, c)
		mustApply(t, s, step(l, &run))
	}
	err := userSQL(t.Context(), s, func(u *store.UserTx) error {
		_, err := u.ExecContext(u.Context(), "DROP TABLE temp.wf_batch")
		return err
	})
	if !errors.Is(err, store.ErrDenied) {
		t.Errorf("dropping wf_batch: %v, want ErrDenied", err)
	}
	mustApply(t, s, step(l, &run))
	checkChain(t, s, run.ID)
}
