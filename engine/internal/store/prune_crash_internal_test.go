package store

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/durable-wf/wf/engine/internal/fault"
)

// P8: whenever a process dies that prunes, each run is there or gone, nothing is wrong with the file, and the next process
// that opens it goes on.
func TestPruneDiesAtEachCommit(t *testing.T) {
	t.Parallel()
	const ended = 30
	pristine := filepath.Join(t.TempDir(), "wf.db")
	f := openFixture(t, pristine)
	stays := furnish(f) // two of the others have ended, of which one has an older checkpoint
	var runs [ended - 2]Run
	for i := range runs {
		runs[i] = f.start("order", "")
	}
	for range 3 { // side by side, so that their histories lie between each other
		for i := range runs {
			runs[i] = f.advance(runs[i], 2)
		}
	}
	for i := range runs {
		f.end(runs[i], "completed")
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for _, moment := range []fault.Moment{fault.BeforeCommit, fault.AfterCommit} {
		for commit := int64(1); dies(t, copyOf(t, pristine), commit, moment, ended, stays); commit++ {
			if commit == 100 {
				t.Fatal("a prune of so few runs takes more than 100 commits")
			}
		}
	}
}

// dies lets a prune die at a commit, looks at what it leaves, and prunes again. It reports whether the prune took so many commits.
func dies(t *testing.T, path string, commit int64, moment fault.Moment, ended int, stays Run) bool {
	t.Helper()
	cut := fault.At(commit, moment)
	s, err := Open(fault.With(context.Background(), cut), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Prune(t.Context(), Retention{EndedBeforeUS: forever})
	if dead := cut.Err() != nil; dead != (err != nil) {
		t.Fatalf("it died: %v, and the prune ended with %v", dead, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f := openReadOnly(t, path)
	f.wantClean()
	if n := f.count("SELECT (SELECT count(*) FROM wf_runs) + (SELECT count(*) FROM wf_pruned)"); n != ended+1 {
		t.Fatalf("after a death at commit %d: %d runs are there or gone, want %d", commit, n, ended+1)
	}
	f = openFixture(t, path)
	got, err := f.Prune(t.Context(), Retention{EndedBeforeUS: forever})
	if err != nil {
		t.Fatal(err)
	}
	f.wantClean()
	if rows := f.rows(); rows["wf_runs"] != 1 || rows["wf_pruned"] != ended || rows["wf_history"] != int(stays.Seq) {
		t.Errorf("after a death at commit %d, and one more prune, which removed %+v: %v", commit, got, rows)
	}
	return cut.Err() != nil
}

// copyOf returns the path of a copy of a database that nobody has open.
func copyOf(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "wf.db")
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}
