package store_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// newUserStore opens a store with a table of the user's.
func newUserStore(t *testing.T, o store.Options) *store.Store {
	t.Helper()
	o.Path, o.Create = filepath.Join(t.TempDir(), "wf.db"), true
	s := mustOpen(t, o)
	must(t, userSQL(t.Context(), s, func(u *store.UserTx) error {
		_, err := u.ExecContext(u.Context(), "CREATE TABLE mine (a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT)")
		return err
	}))
	return s
}

// userSQL runs user SQL that goes with no run.
func userSQL(ctx context.Context, s *store.Store, fn func(*store.UserTx) error) error {
	_, err := s.UserTx(ctx, fn)
	return err
}

func TestUserSQLIsConfined(t *testing.T) {
	t.Parallel()
	s := newUserStore(t, store.Options{})
	mustCreate(t, s, 0)
	for _, test := range []struct {
		sql string
		ok  bool
	}{
		{"INSERT INTO mine (b) SELECT uuid FROM wf_runs", true},
		{"CREATE TABLE yours (a); DROP TABLE yours", true},
		{"CREATE TABLE counted (a INTEGER PRIMARY KEY AUTOINCREMENT)", true},
		{"COMMIT", false},
		{"ROLLBACK", false},
		{"BEGIN", false},
		{"SAVEPOINT mine", false},
		{"ROLLBACK TO wf_closure", false},
		{"RELEASE wf_closure", false},
		{"INSERT INTO mine (b) VALUES ('x'); COMMIT", false},
		{"ATTACH ':memory:' AS other", false},
		{"DETACH main", false},
		{"PRAGMA user_version = 5", false},
		{"PRAGMA journal_mode", true}, // which tells how durable a commit is
		{"PRAGMA journal_mode = DELETE", false},
		{"SELECT * FROM pragma_journal_mode('DELETE')", false},
		{"PRAGMA foreign_keys", false},
		{"UPDATE wf_runs SET status = 'completed'", false},
		{"DELETE FROM WF_history", false},
		{"INSERT INTO wf_keys VALUES ('a', 'b', 'c', x'', 1, 1)", false},
		{"DROP TABLE wf_runs", false},
		{"ALTER TABLE wf_runs ADD COLUMN x", false},
		{"CREATE INDEX mine_on_yours ON wf_runs (step)", false},
		{"CREATE TRIGGER mine_too AFTER INSERT ON wf_runs BEGIN SELECT 1; END", false},
		{"CREATE TEMP TABLE wf_runs (a)", false},
		{"CREATE TEMP VIEW wf_workers AS SELECT 1", false},
		{"CREATE TABLE wf_mine (a)", false},
		{"CREATE TRIGGER sly AFTER INSERT ON mine BEGIN DELETE FROM wf_runs; END; INSERT INTO mine (b) VALUES ('x')", false},
		{"UPDATE sqlite_sequence SET seq = 0", false},
		{"CREATE TEMP TABLE t (a); ALTER TABLE t RENAME TO wf_runs", false}, // which would stand before ours
		{"CREATE TABLE t (a); ALTER TABLE t RENAME TO wf_mine", false},
		{"CREATE TABLE t (a); ALTER TABLE t ADD COLUMN b; ALTER TABLE t RENAME COLUMN b TO c", true},
		{"CREATE TABLE json_each (value)", false}, // it would stand before the function
		{"CREATE TEMP VIEW JSON_EACH AS SELECT 1 AS value", false},
		{"CREATE TEMP TABLE t (value); ALTER TABLE t RENAME TO json_each", false},
		{"VACUUM", false},
	} {
		t.Run(test.sql, func(t *testing.T) {
			err := userSQL(t.Context(), s, func(u *store.UserTx) error {
				_, err := u.ExecContext(u.Context(), test.sql)
				return err
			})
			if (err == nil) != test.ok {
				t.Errorf("%s: %v, allowed: %v", test.sql, err, test.ok)
			}
			if err != nil && test.sql != "VACUUM" && !errors.Is(err, store.ErrDenied) && !strings.Contains(test.sql, "pragma_") {
				t.Errorf("%s: %v, want ErrDenied", test.sql, err)
			}
			mustCreate(t, s, 0) // the store goes on
		})
	}
}

// P4: what user SQL writes commits with its change, or not at all, and its failure is its own.
func TestEffectFailsAlone(t *testing.T) {
	t.Parallel()
	cause := errors.New("no money")
	insert := func(u *store.UserTx) error {
		_, err := u.ExecContext(u.Context(), "INSERT INTO mine (b) VALUES ('effect')")
		return err
	}
	for _, test := range []struct {
		name   string
		effect func(*store.UserTx) error
		check  func(error) bool
	}{
		{"ok", insert, func(err error) bool { return err == nil }},
		{"error", func(u *store.UserTx) error { return errors.Join(insert(u), cause) }, func(err error) bool { return errors.Is(err, cause) }},
		{"same error", func(u *store.UserTx) error { _ = insert(u); return cause }, func(err error) bool {
			e, ok := err.(*store.EffectError)
			return ok && e.Err == cause
		}},
		{"panic", func(u *store.UserTx) error { _ = insert(u); panic("at the disco") }, func(err error) bool {
			p, ok := errors.AsType[*store.PanicError](err)
			return ok && p.Value == "at the disco" && len(p.Stack) > 0
		}},
		{"goexit", func(u *store.UserTx) error { _ = insert(u); runtime.Goexit(); return nil }, func(err error) bool { return err != nil }},
		{"constraint", func(u *store.UserTx) error {
			_ = insert(u)
			_, err := u.ExecContext(u.Context(), "INSERT OR ROLLBACK INTO mine (a) VALUES (1), (1)") // rolls back everything
			return err
		}, func(err error) bool { return err != nil }},
		{"lost transaction", func(u *store.UserTx) error {
			_ = insert(u)
			_, _ = u.ExecContext(u.Context(), "INSERT OR ROLLBACK INTO mine (a) VALUES (1), (1)")
			_ = insert(u) // would be committed on its own
			u.QueryRowContext(u.Context(), "INSERT INTO mine (b) VALUES ('effect') RETURNING a")
			return nil
		}, func(err error) bool { return err != nil && strings.Contains(err.Error(), "constraint") }},
		{"handled error", func(u *store.UserTx) error {
			_, err := u.ExecContext(u.Context(), "INSERT INTO mine (a) VALUES (7), (7)")
			if err == nil {
				return cause
			}
			return insert(u)
		}, func(err error) bool { return err == nil }},
		{"rows left open", func(u *store.UserTx) error {
			u.QueryRowContext(u.Context(), "INSERT INTO mine (b) VALUES ('effect') RETURNING a")
			_, err := u.QueryContext(u.Context(), "SELECT a FROM mine UNION ALL SELECT id FROM wf_runs")
			return err
		}, func(err error) bool { return err == nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newUserStore(t, store.Options{})
			worker := newWorker(t, s)
			run, other := mustCreate(t, s, worker), mustCreate(t, s, worker)
			l, otherLease := run.Lease(), other.Lease()
			release := hold(t, s)
			results := make(chan error, 1)
			others := make(chan error, 2)
			go func() { others <- userSQL(t.Context(), s, insert) }()
			go func() { others <- s.Apply(t.Context(), step(otherLease, &other)) }()
			c := step(l, &run)
			c.Effect = test.effect
			s.Submit(c, func(err error) { results <- err })
			release()
			err := <-results
			if !test.check(err) {
				t.Errorf("Effect's change: %v", err)
			}
			must(t, errors.Join(<-others, <-others))
			want := int64(1)
			if err == nil {
				want = 2
			}
			if n := count(t, s, "mine"); n != want {
				t.Errorf("%d rows are written, want %d", n, want)
			}
			if got := mustRun(t, s, run.ID); got.Seq != want || l.Seq != want {
				t.Errorf("seq is %d, lease has %d, want %d", got.Seq, l.Seq, want)
			}
			if err != nil { // the lease is good for what comes next
				mustApply(t, s, step(l, &run))
			}
			checkChain(t, s, run.ID)
			checkChain(t, s, other.ID)
		})
	}
}

func TestUserSQLReads(t *testing.T) {
	t.Parallel()
	s := newUserStore(t, store.Options{})
	must(t, userSQL(t.Context(), s, func(u *store.UserTx) error {
		ctx := u.Context()
		_, err := u.ExecContext(ctx, "INSERT INTO mine (b) VALUES (?), (?)", "x", "y")
		must(t, err)
		var n, a int
		must(t, u.QueryRowContext(ctx, "SELECT count(*) FROM mine").Scan(&n))
		must(t, u.GetContext(ctx, &a, "SELECT max(a) FROM mine"))
		var all []struct{ A, B string }
		must(t, u.SelectContext(ctx, &all, "SELECT a, b FROM mine ORDER BY a"))
		if n != 2 || a != 2 || len(all) != 2 || all[1].B != "y" {
			t.Errorf("read %d, %d, %v", n, a, all)
		}
		return nil
	}))
}

func TestUserTxEnds(t *testing.T) {
	t.Parallel()
	s := newUserStore(t, store.Options{})
	var kept *store.UserTx
	must(t, userSQL(t.Context(), s, func(u *store.UserTx) error { kept = u; return nil }))
	if _, err := kept.ExecContext(t.Context(), "INSERT INTO mine (b) VALUES ('late')"); err == nil {
		t.Error("a transaction that is over has written")
	}
	var n int
	if err := kept.QueryRowContext(t.Context(), "SELECT 1").Scan(&n); err == nil {
		t.Error("a transaction that is over has read")
	}
	if kept.GetContext(t.Context(), &n, "SELECT 1") == nil || kept.SelectContext(t.Context(), &[]int{}, "SELECT 1") == nil {
		t.Error("a transaction that is over has read")
	}
}

func TestCallsInsideATransactionAreRefused(t *testing.T) {
	t.Parallel()
	s := newUserStore(t, store.Options{})
	must(t, userSQL(t.Context(), s, func(u *store.UserTx) error {
		ctx, cancel := context.WithCancel(u.Context())
		defer cancel()
		_, createErr := s.Create(ctx, newCreate(0))
		_, claimErr := s.Claim(ctx, store.Claim{})
		updateErr := s.Update(ctx, func(*store.Tx) error { return nil })
		userErr := userSQL(ctx, s, func(*store.UserTx) error { return nil })
		for _, err := range []error{createErr, claimErr, updateErr, userErr} {
			if !errors.Is(err, store.ErrInTx) {
				t.Errorf("call inside: %v, want ErrInTx", err)
			}
		}
		return nil
	}))
}

// User SQL over a second is logged; over five it is interrupted, and so is a function that waits for
// the store itself by a context that does not tell.
func TestSlowUserSQLIsInterrupted(t *testing.T) {
	t.Parallel()
	for name, slow := range map[string]func(*store.Store, *store.UserTx) error{
		"statement": func(_ *store.Store, u *store.UserTx) error {
			_, err := u.ExecContext(u.Context(), "INSERT INTO mine (b) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0")
			return err
		},
		"deadlock": func(s *store.Store, u *store.UserTx) error {
			return s.Update(context.Background(), func(*store.Tx) error { return nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log lockedBuffer
			s := newUserStore(t, store.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			release := hold(t, s)
			results, others := make(chan error, 1), make(chan error, 1)
			go func() { results <- userSQL(context.Background(), s, func(u *store.UserTx) error { return slow(s, u) }) }()
			go func() { _, err := s.Create(context.Background(), newCreate(0)); others <- err }()
			begun := time.Now()
			release()
			if err := <-results; err == nil {
				t.Error("user SQL went on for ever")
			}
			if took := time.Since(begun); took < 4*time.Second || took > 9*time.Second {
				t.Errorf("it took %v, want 5 s", took)
			}
			must(t, <-others)
			if !strings.Contains(log.String(), "user SQL holds the write lock") {
				t.Errorf("no warning in the log: %s", log.String())
			}
			mustCreate(t, s, 0)
		})
	}
}

// lockedBuffer is a log that may be written and read at the same time.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
