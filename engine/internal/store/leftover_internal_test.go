package store

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What is pruned makes the file smaller, while it is open.
func TestPruneGivesSpaceBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	stays := f.start("stays", "")
	for range 50 {
		f.end(f.advance(f.start("order", ""), 160), "completed")
	}
	f.restartLog()
	before := f.size()
	got, err := f.Prune(t.Context(), Retention{EndedBeforeUS: forever})
	if err != nil || got.Runs != 50 {
		t.Fatalf("Prune = %+v, %v", got, err)
	}
	f.restartLog()
	if after := f.size(); after > before/3 || before-after != got.Bytes {
		t.Errorf("the file had %d bytes and has %d, and %d were said to go", before, after, got.Bytes)
	}
	if free := f.count("SELECT freelist_count FROM pragma_freelist_count"); free != 0 {
		t.Errorf("%d pages are still not in use", free)
	}
	f.end(f.advance(stays, 5), "completed")
	f.wantClean()
}

// A history that is too long for one transaction is deleted in many. Meanwhile its run is gone, nothing is wrong with
// the file, and whoever opens it next goes on if the process dies.
func TestLongHistoryGoesInSteps(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	f := openFixture(t, path)
	long, other := f.start("long", ""), f.start("order", "")
	for range 3 * longHistory / 10 {
		long, other = f.advance(long, 10), f.advance(other, 2)
	}
	long = f.end(long, "completed")
	runs, err := f.doomedPage(t.Context(), &Retention{EndedBeforeUS: forever}, forever)
	mustLen(t, "runs to be pruned", runs, err, 1)
	f.update(func(tx *Tx) error { _, err := tx.deleteRuns([]*doomed{&runs[0]}, ""); return err }) // and the process dies

	if n := f.count("SELECT count(*) FROM wf_history WHERE run = 1"); n != int(long.Seq) {
		t.Errorf("%d rows of the history are there, want all %d", n, long.Seq)
	}
	f.wantClean()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f = openFixture(t, path)
	f.becomes("SELECT count(*) FROM wf_history WHERE run = 1", 0)
	f.becomes("SELECT count(*) FROM wf_leftovers", 0)
	f.wantClean()
	wantSeqs(t, f.pages(HistoryFilter{Run: other.ID}), other.ID, 1, other.Seq)
}

// A long history whose chain is damaged goes as well.
func TestDamagedLongHistoryGoes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	long, other := f.start("long", ""), f.start("order", "")
	for range 2 * longHistory / 10 {
		long, other = f.advance(long, 10), f.advance(other, 1)
	}
	f.end(long, "completed")
	f.update(func(tx *Tx) error {
		_, err := tx.b.w.conn.ExecContext(t.Context(), "DELETE FROM wf_history WHERE run = 1 AND seq IN (100, 300)")
		return err
	})
	got, err := f.Prune(t.Context(), Retention{EndedBeforeUS: forever})
	if n := f.count("SELECT count(*) FROM wf_history WHERE run = 1"); err != nil || got.Runs != 1 || n != 0 {
		t.Errorf("Prune = %+v, %v, and %d rows are left", got, err, n)
	}
	f.wantClean()
}

// A run that keeps nothing completes at once, however long its history is.
func TestLongHistoryIsForgottenInSteps(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run, err := f.Create(t.Context(), &Create{
		Run:     Run{UUID: "u", Workflow: "order", Version: 1, Fingerprint: "f", Step: "one", Keep: "none", Owner: f.worker.ID, Checkpoint: checkpointOf("json", `{}`)},
		History: History{Kind: "created", Step: "one", DurationUS: -1}, InputHash: []byte("input"),
	})
	if err != nil {
		t.Fatal(err)
	}
	f.end(f.advance(run, 2*longHistory), "completed")
	f.wantClean()
	f.becomes("SELECT count(*) FROM wf_history", 0)
	f.becomes("SELECT count(*) FROM wf_leftovers", 0)
	f.wantClean()
}

// Points that a long run has measured go with it, in steps, too.
func TestManyMetricsGoInSteps(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.end(f.advance(f.start("order", ""), 3), "completed")
	f.update(func(tx *Tx) error {
		_, err := tx.b.w.conn.ExecContext(t.Context(), `WITH RECURSIVE i (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM i WHERE n < 999)
			INSERT INTO wf_metrics (run, name, n, x, value, time_us) SELECT ?, 'loss', n, n, 1.5, 1 FROM i`, run.ID)
		return err
	})
	got, err := f.Prune(t.Context(), Retention{EndedBeforeUS: forever})
	if err != nil || got.Metrics != 1000 || got.History != run.Seq || f.count("SELECT count(*) FROM wf_metrics") != 0 {
		t.Errorf("Prune = %+v, %v, want 1,000 points to go", got, err)
	}
	f.wantClean()
}

// Each transaction of a prune is short, however many rows there are: the number of rows follows the time it took. It is
// shorter beside others, and that from the first one on.
func TestPaceFollowsTheTimeItTakes(t *testing.T) {
	t.Parallel()
	var p pace
	const row = 5 * time.Microsecond
	for _, others := range []bool{false, true} {
		longest := paceAlone
		if others {
			longest = paceBeside
		}
		p.took(0, time.Microsecond, others)
		for range 100 {
			work := time.Duration(p.size()) * row
			p.took(work, time.Microsecond, others)
			if work > max(longest*3/2, paceRows*row) { // the growth before it is noticed is a quarter
				t.Fatalf("%d rows at once, which take %v", p.size(), work)
			}
		}
		if work := time.Duration(p.size()) * row; work < longest/2 {
			t.Errorf("only %d rows at once, which take %v", p.size(), work)
		}
	}
	for range 20 {
		p.took(time.Second, time.Microsecond, true)
	}
	runs := []doomed{{Metrics: 100}, {Metrics: 10}}
	if p.size() != paceLeast || p.take(runs) != 1 {
		t.Errorf("%d rows, %d runs at once, want the least", p.size(), p.take(runs))
	}
	if p.took(0, time.Microsecond, false); p.size() < int(paceAlone/row/2) {
		t.Errorf("%d rows once nobody else writes", p.size())
	}
}

// restartLog has the log written back to the file.
func (f *fixture) restartLog() {
	f.tb.Helper()
	f.update(func(tx *Tx) error { tx.b.w.wal.now = true; return nil })
	for now := true; now; time.Sleep(time.Millisecond) { // the writer writes it back between two batches
		f.update(func(tx *Tx) error { now = tx.b.w.wal.now; return nil })
	}
}

// size is the size of the database file.
func (f *fixture) size() int64 {
	f.tb.Helper()
	info, err := os.Stat(f.Path())
	if err != nil {
		f.tb.Fatal(err)
	}
	return info.Size()
}

// count returns the number that a query gives.
func (f *fixture) count(query string) (n int) {
	f.tb.Helper()
	if err := f.read.Get(&n, query); err != nil {
		f.tb.Fatal(err)
	}
	return n
}

// becomes waits until a query gives a number.
func (f *fixture) becomes(query string, want int) {
	f.tb.Helper()
	for end := time.Now().Add(10 * time.Second); f.count(query) != want; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			f.tb.Fatalf("%s is %d, want %d", query, f.count(query), want)
		}
	}
}

// A run goes though what is left of its history, which it did not keep, has not gone yet.
func TestPruneBesideALeftover(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.end(f.advance(f.start("order", ""), 3), "completed")
	f.update(func(tx *Tx) error {
		_, err := tx.b.w.conn.ExecContext(t.Context(), `WITH RECURSIVE i (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM i WHERE n < 999)
			INSERT INTO wf_metrics (run, name, n, x, value, time_us) SELECT ?, 'loss', n, n, 1.5, 1 FROM i`, run.ID)
		if err == nil { // as a process that was killed has left it
			_, err = tx.b.w.conn.ExecContext(t.Context(), `INSERT INTO wf_leftovers (run, first, head) SELECT id, first_history, head_history FROM wf_runs;
				UPDATE wf_runs SET first_history = NULL, head_history = NULL`)
		}
		return err
	})
	got, err := f.Prune(t.Context(), Retention{EndedBeforeUS: forever})
	if err != nil || got.Runs != 1 || got.Metrics != 1000 || f.count("SELECT (SELECT count(*) FROM wf_metrics) + (SELECT count(*) FROM wf_leftovers) + (SELECT count(*) FROM wf_history)") != 0 {
		t.Errorf("Prune = %+v, %v, want the run and 1,000 points to go", got, err)
	}
	f.wantClean()
}
