//go:build unix

package wf_test

import (
	"database/sql"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// A reader that stays in its transaction, such as a backup, lets the log grow, and stalls nobody although the file is written
// to as fast as can be. Once it has left, the log is short again.
func TestScaleLongReader(t *testing.T) {
	together(t)
	path := filepath.Join(t.TempDir(), "wf.db")
	var watch stopwatch
	eng := openScale(t, path, engine.Observer{StepStarted: watch.step})
	manyRuns(t, eng)
	leave := enter(t, path)
	stay := scaleQuiet() * 4
	var grown int64
	during := watch.beside(t, eng, func() {
		for begun := time.Now(); time.Since(begun) < stay; {
			manyRuns(t, eng)
		}
		grown = sizeOf(t, path+"-wal")
	})
	leave()
	after := watch.beside(t, eng, func() {
		for range 3 * scaleRounds() {
			manyRuns(t, eng)
		}
	})
	left := sizeOf(t, path+"-wal")
	t.Logf("the log grew to %d MB beside a reader that stayed for %v, and has %d MB since", grown>>20, stay, left>>20)
	during.report(t, "a transition beside it")
	after.report(t, "a transition afterwards")
	if p99 := during.at(0.99); *scaleRuns >= campaign && p99 > 50*time.Millisecond {
		t.Errorf("p99 of a transition beside a reader is %v, at most 50 ms are allowed", p99)
	}
	if left > 33<<20 {
		t.Errorf("the log still has %d bytes", left)
	}
}

// enter begins a transaction that reads, and stays in it until leave is called.
func enter(t *testing.T, path string) (leave func()) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err == nil {
		err = tx.QueryRowContext(t.Context(), "SELECT count(*) FROM wf_runs").Scan(new(int))
	}
	if err != nil {
		t.Fatal(err)
	}
	return sync.OnceFunc(func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}
