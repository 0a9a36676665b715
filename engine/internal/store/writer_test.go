package store_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// A full disk fails what does not fit and nothing else; and nothing is acknowledged that is not there.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	worker := newWorker(t, s)
	run, other := mustCreate(t, s, worker), mustCreate(t, s, worker)
	big := jsonState(`"` + strings.Repeat("x", 1<<20-2) + `"`)
	must(t, s.LimitPages(t.Context(), 20))
	release := hold(t, s)
	type result struct {
		run store.Run
		big bool
		err error
	}
	const n = 24
	results := make(chan result, n)
	for i := range n {
		go func() {
			c := newCreate(0)
			r := result{big: i%8 == 5}
			if r.big {
				c.Run.Checkpoint = big
			}
			r.run, r.err = s.Create(t.Context(), c)
			results <- r
		}()
	}
	changed, updated, user, affected := make(chan error, 1), make(chan error, 1), make(chan error, 1), make(chan error, 1)
	change := step(run.Lease(), &run)
	change.Row.Checkpoint = big
	s.Submit(change, func(err error) { changed <- err })
	go func() {
		updated <- s.Update(t.Context(), func(tx *store.Tx) error {
			return tx.InsertWorker(&store.Worker{UUID: "big", Program: string(big.State.Data)})
		})
	}()
	fill := func(u *store.UserTx) error {
		_, err := u.ExecContext(u.Context(), "CREATE TABLE mine AS SELECT zeroblob(1000000) AS a")
		return err
	}
	go func() { user <- userSQL(t.Context(), s, fill) }()
	effect := step(other.Lease(), &other)
	effect.Effect = fill
	s.Submit(effect, func(err error) { affected <- err })
	release()
	for _, err := range []error{<-changed, <-updated} {
		if !errors.Is(err, store.ErrFull) || !errors.Is(err, store.ErrStorage) {
			t.Errorf("what does not fit: %v, want ErrFull", err)
		}
	}
	for _, err := range []error{<-user, <-affected} {
		if _, users := errors.AsType[*store.EffectError](err); !errors.Is(err, store.ErrFull) || users {
			t.Errorf("user SQL that does not fit: %v, want ErrFull, which is no fault of the user's", err)
		}
	}
	small := 0
	for range n {
		r := <-results
		if r.big != (r.err != nil) || r.big && !errors.Is(r.err, store.ErrFull) {
			t.Errorf("Create (big: %v): %v", r.big, r.err)
		}
		if r.err == nil {
			small++
			checkChain(t, s, r.run.ID)
		}
	}
	if got := count(t, s, "wf_runs"); got != int64(small)+2 {
		t.Errorf("%d runs are stored, %d were acknowledged", got, small+2)
	}
	if got := mustRun(t, s, run.ID); got.Seq != 1 {
		t.Errorf("the change that failed is there: seq %d", got.Seq)
	}
	must(t, s.LimitPages(t.Context(), 1<<20))
	mustCreate(t, s, 0)
}

func TestUpdateFailsAlone(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	run := mustCreate(t, s, newWorker(t, s))
	l := run.Lease()
	cause := errors.New("no")
	for name, spoil := range map[string]func() error{"error": func() error { return cause }, "panic": func() error { panic("oh") }} {
		release := hold(t, s)
		results := make(chan error, 2)
		go func() {
			results <- s.Update(t.Context(), func(tx *store.Tx) error {
				if err := tx.Apply(end(l, &run, "cancelled")); err != nil {
					return err
				}
				return spoil()
			})
		}()
		other := make(chan error, 1)
		go func() { _, err := s.Create(t.Context(), newCreate(0)); other <- err }()
		release()
		if err := <-results; err == nil {
			t.Errorf("%s: Update has succeeded", name)
		}
		must(t, <-other)
		run = mustRun(t, s, run.ID)
		if run.Status != "running" || l.Seq != 1 || l.Status != "running" {
			t.Errorf("%s: the row is %s, the lease %+v", name, run.Status, l)
		}
	}
	if err := s.Update(t.Context(), func(*store.Tx) error { return cause }); err != cause {
		t.Errorf("Update: %v, want the closure's own error", err)
	}
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		_ = tx.Apply(end(run.Lease(), &run, "no such status")) // half applied, perhaps
		return nil
	})
	if err == nil {
		t.Error("Update has succeeded though a change has failed")
	}
	run = mustRun(t, s, run.ID)
	must(t, s.Update(t.Context(), func(tx *store.Tx) error {
		got, err := tx.Run(run.ID)
		if err != nil {
			return err
		}
		return tx.Apply(end(got.Lease(), &got, "cancelled"))
	}))
	if _, err := tryRun(s, t.Context(), 999); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Tx.Run of no run: %v, want ErrNotFound", err)
	}
}

func tryRun(s *store.Store, ctx context.Context, id int64) (run store.Run, err error) {
	err = s.Update(ctx, func(tx *store.Tx) error { run, err = tx.Run(id); return err })
	return run, err
}

// A request that is not yet taken can be withdrawn; one that is taken is waited for.
func TestWithdraw(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	cause := errors.New("changed my mind")
	release := hold(t, s)
	ctx, cancel := context.WithCancelCause(t.Context())
	result := make(chan error, 1)
	go func() { _, err := s.Create(ctx, newCreate(0)); result <- err }()
	cancel(cause)
	if err := <-result; !errors.Is(err, cause) {
		t.Errorf("withdrawn: %v, want its cause", err)
	}
	release()
	ctx, cancel = context.WithCancelCause(t.Context())
	must(t, s.Update(ctx, func(tx *store.Tx) error {
		cancel(cause)
		return tx.InsertWorker(&store.Worker{UUID: "taken"})
	}))
	if runs, workers := count(t, s, "wf_runs"), count(t, s, "wf_workers"); runs != 0 || workers != 1 {
		t.Errorf("%d runs, %d workers; want 0, 1", runs, workers)
	}
}

// Close commits what has been submitted.
func TestCloseDrains(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	worker := newWorker(t, s)
	const n = 50
	results := make(chan error, n)
	release := hold(t, s)
	for range n {
		go func() { _, err := s.Create(context.Background(), newCreate(worker)); results <- err }()
	}
	for s.Queued() < n {
		time.Sleep(time.Millisecond)
	}
	go release()
	must(t, s.Close())
	for range n {
		must(t, <-results)
	}
	again := mustOpen(t, store.Options{Path: s.Path()})
	if got := count(t, again, "wf_runs"); got != n {
		t.Errorf("%d runs are there, %d were acknowledged", got, n)
	}
}

// A foreign program that holds the write lock is waited for, and named as the reason in the log.
func TestForeignLockIsWaitedFor(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for the busy timeout")
	}
	var log lockedBuffer
	s := mustOpen(t, store.Options{Path: filepath.Join(t.TempDir(), "wf.db"), Create: true, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	db, err := sql.Open("sqlite", s.Path())
	must(t, err)
	defer db.Close()
	conn, err := db.Conn(t.Context())
	must(t, err)
	defer conn.Close()
	_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	must(t, err)
	result := make(chan error, 1)
	go func() { _, err := s.Create(context.Background(), newCreate(0)); result <- err }()
	for begun := time.Now(); !strings.Contains(log.String(), "another program holds"); time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > 30*time.Second {
			t.Fatal("no warning in the log")
		}
	}
	_, err = conn.ExecContext(t.Context(), "ROLLBACK")
	must(t, errors.Join(err, <-result))
}

// Everything at once, from many goroutines and two stores.
func TestHammer(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	other := mustOpen(t, store.Options{Path: s.Path()})
	must(t, userSQL(t.Context(), s, func(u *store.UserTx) error {
		_, err := u.ExecContext(u.Context(), "CREATE TABLE mine (a)")
		return err
	}))
	const goroutines, rounds = 8, 20
	var all sync.WaitGroup
	for i := range goroutines {
		s := []*store.Store{s, other}[i%2]
		worker := newWorker(t, s)
		all.Go(func() {
			for range rounds {
				run, err := s.Create(context.Background(), newCreate(worker))
				if err != nil {
					t.Errorf("Create: %v", err)
					return
				}
				hammerRun(t, s, run)
			}
		})
	}
	all.Wait()
	if got := count(t, s, "mine"); got != goroutines*rounds {
		t.Errorf("%d effects are committed, want %d", got, goroutines*rounds)
	}
	runs, err := s.Runs(t.Context(), store.RunFilter{Limit: 1000})
	must(t, err)
	for _, r := range runs {
		checkChain(t, s, r.ID)
		if r.Status != "completed" || r.Seq != 7 {
			t.Errorf("run %d: %s, seq %d", r.ID, r.Status, r.Seq)
		}
	}
	if len(runs) != goroutines*rounds {
		t.Errorf("%d runs, want %d", len(runs), goroutines*rounds)
	}
}

func hammerRun(t *testing.T, s *store.Store, run store.Run) {
	l := run.Lease()
	results := make(chan error, 4)
	for range 4 {
		s.Submit(step(l, &run), func(err error) { results <- err })
	}
	for range 4 {
		if err := <-results; err != nil {
			t.Errorf("Submit: %v", err)
		}
	}
	c := step(l, &run)
	c.Effect = func(u *store.UserTx) error {
		_, err := u.ExecContext(u.Context(), "INSERT INTO mine VALUES (1)")
		return err
	}
	if err := s.Apply(context.Background(), c); err != nil {
		t.Errorf("Apply with Effect: %v", err)
	}
	if err := s.Apply(context.Background(), end(l, &run, "completed")); err != nil {
		t.Errorf("Apply: %v", err)
	}
}
