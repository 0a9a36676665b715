//go:build unix

package wf_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// endedIn makes a database in a new folder, with runs that have completed, several at a time.
func endedIn(t *testing.T, runs int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	t.Run("fill", func(t *testing.T) {
		ended := newCounter(runs)
		eng := openScale(t, filepath.Join(dir, "wf.db"), engine.Observer{RunEnded: ended.count})
		startMany(t, eng, ticking, runs, func(int) tick { return tick{N: 3} })
		ended.wait(t)
	})
	return dir
}

// P8: a prune that is killed again and again leaves each run there or gone, and nothing of those that are gone.
func TestPruneSurvivesKills(t *testing.T) {
	t.Parallel()
	const runs, kills = 1000, 4
	rng := crashMoments(t)
	dir := endedIn(t, runs)
	for killed := 0; ; {
		p := launch(t, dir, wf(t), "prune", "--older-than", "0s")
		if killed < kills {
			moment := time.After(time.Duration(20+rng.IntN(60)) * time.Millisecond)
			select {
			case <-p.ended:
			case <-moment:
				_ = p.cmd.Process.Kill() // it may have been faster
			}
		}
		p.wait()
		mustRun(t, dir, wf(t), "check")
		if p.cmd.ProcessState.Exited() {
			p.expect(0)
			t.Logf("%d kills", killed)
			break
		}
		killed++
	}
	eng, done := reading(t, dir)
	defer done()
	if rows := rowsOf(t, eng, "wf_history") + rowsOf(t, eng, "wf_leftovers"); rows != 0 {
		t.Errorf("%d rows of histories are left", rows)
	}
	if left, evidence := rowsOf(t, eng, "wf_runs"), rowsOf(t, eng, "wf_pruned"); left != 0 || evidence != runs {
		t.Errorf("%d runs are left, and evidence of %d; want none, and all %d", left, evidence, runs)
	}
}

// Runs that one process archives while others prune or archive them are archived or pruned, and nobody fails.
func TestArchiveBesideAPrune(t *testing.T) {
	t.Parallel()
	const runs = 500
	dir := endedIn(t, runs)
	var processes []*process
	for _, verb := range []string{"archive", "archive", "prune"} {
		processes = append(processes, launch(t, dir, wf(t), verb, "--older-than", "0s"))
	}
	for _, p := range processes {
		p.expect(0)
	}
	mustRun(t, dir, wf(t), "check")
	eng, done := reading(t, dir)
	defer done()
	if left, evidence := rowsOf(t, eng, "wf_runs"), rowsOf(t, eng, "wf_pruned"); left != 0 || evidence != runs {
		t.Errorf("%d runs are left, and evidence of %d; want none, and all %d", left, evidence, runs)
	}
	archives, err := filepath.Glob(filepath.Join(dir, "wf.db-archive", "*.db"))
	if err != nil || len(archives) == 0 {
		t.Fatalf("archives: %v, %v", archives, err)
	}
	for _, archive := range archives {
		mustRun(t, dir, wf(t), "check", "--db", archive)
	}
}

// rowsOf counts the rows of a table.
func rowsOf(t *testing.T, eng *engine.Engine, table string) int64 {
	t.Helper()
	rows, err := eng.Query(t.Context(), fmt.Sprintf("SELECT count(*) FROM %s", table), 1)
	if err != nil {
		t.Fatal(err)
	}
	return rows.Rows[0][0].(int64)
}
