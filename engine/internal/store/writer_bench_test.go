package store_test

import (
	"context"
	"database/sql"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// inFlight is how many runs have a transition under way at any time.
const inFlight = 100

var rawRate float64

// BenchmarkTransitions measures transitions with 64-byte states through Submit, and as a ratio to
// the simplest program that does as much with the same driver on the same file system: it commits
// 100 updates of a state and 100 audit rows at once.
func BenchmarkTransitions(b *testing.B) {
	s := newStore(b)
	if rawRate == 0 { // once; the testing package calls this function several times
		rawRate = rawGroupCommit(b, 2*time.Second)
	}
	worker := newWorker(b, s)
	b.ReportAllocs()
	b.ResetTimer()
	submitSteps(b, s, worker, b.N)
	rate := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "transitions/s")
	b.ReportMetric(rawRate, "raw/s")
	b.ReportMetric(rate/rawRate, "ratio")
}

// submitSteps commits n transitions of inFlight runs, the next of each as soon as one is durable.
func submitSteps(t testing.TB, s *store.Store, worker int64, n int) {
	t.Helper()
	var left atomic.Int64
	left.Store(int64(n))
	done := make(chan error, inFlight)
	for range inFlight {
		run := mustCreate(t, s, worker)
		l := run.Lease()
		var next func(error)
		next = func(err error) {
			if err != nil || left.Add(-1) < 0 {
				done <- err
				return
			}
			s.Submit(step(l, &run), next)
		}
		go next(nil)
	}
	for range inFlight {
		if err := <-done; err != nil {
			t.Fatalf("Submit: %v", err)
		}
	}
}

func rawGroupCommit(b *testing.B, d time.Duration) float64 {
	b.Helper()
	u := url.URL{Scheme: "file", Path: filepath.Join(b.TempDir(), "raw.db"), RawQuery: "_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"}
	db, err := sql.Open("sqlite", u.String())
	must(b, err)
	defer db.Close()
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	must(b, err)
	defer conn.Close()
	exec := func(text string) { _, err := conn.ExecContext(ctx, text); must(b, err) }
	exec(`CREATE TABLE runs (id INTEGER PRIMARY KEY, step TEXT, seq INTEGER, state TEXT) STRICT`)
	exec(`CREATE TABLE history (id INTEGER PRIMARY KEY, run INTEGER, seq INTEGER, time_us INTEGER, kind TEXT, step TEXT) STRICT`)
	for range inFlight {
		exec(`INSERT INTO runs (step, seq, state) VALUES ('one', 0, '')`)
	}
	update, err := conn.PrepareContext(ctx, `UPDATE runs SET step = ?2, seq = ?3, state = ?4 WHERE id = ?1 AND seq = ?3 - 1`)
	must(b, err)
	insert, err := conn.PrepareContext(ctx, `INSERT INTO history (run, seq, time_us, kind, step) VALUES (?1, ?2, ?3, ?4, ?5)`)
	must(b, err)
	state := `{"n":123456789,"name":"sixty-four bytes of state, more or less","x":1}`
	n, begun := 0, time.Now()
	for seq := 1; time.Since(begun) < d; seq++ {
		exec("BEGIN IMMEDIATE")
		for id := 1; id <= inFlight; id++ {
			_, err := update.ExecContext(ctx, id, "one", seq, state)
			must(b, err)
			_, err = insert.ExecContext(ctx, id, seq, time.Now().UnixMicro(), "transition", "one")
			must(b, err)
		}
		exec("COMMIT")
		n += inFlight
	}
	return float64(n) / time.Since(begun).Seconds()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
