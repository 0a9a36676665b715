//go:build unix

package wf_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// P1, P2, P8: the chunks of a run that is killed again and again, while another process collects those that no row
// names and is killed, too, are there as long as a checkpoint needs them, and no longer. Whatever lies there is taken to be
// old after each kill, so that a collection may take it unless somebody uses it.
func TestChunksSurviveKillsAndCollections(t *testing.T) {
	t.Parallel()
	const kills = 5
	rng := crashMoments(t)
	start := []string{"start", "--quiet", "--every", "10", "heat", "--begin", "spot", "--nx", "900", "--ny", "900", "--steps", "200", "--tolerance", "0"}
	calm, dir := t.TempDir(), t.TempDir()
	want := mustRun(t, calm, wf(t), start...)
	p := launch(t, dir, wf(t), start...)
	awaitRunning(t, dir, 1)
	collector := launch(t, dir, wf(t), "prune", "--older-than", "1h")
	killed := 0
	for ; killed < kills; killed++ {
		live(t, rng, 500*time.Millisecond, dir, p, collector)
		if p.cmd.ProcessState.Exited() {
			break // it was faster than the next kill
		}
		mustRun(t, dir, wf(t), "check")
		age(t, filepath.Join(dir, "wf.db-files"))
		p = launch(t, dir, wf(t), "resume", "--quiet", "1")
		collector = launch(t, dir, wf(t), "prune", "--older-than", "1h")
	}
	if killed == 0 {
		t.Error("it was not killed once")
	}
	p.expect(0)
	collector.expect(0)
	t.Logf("%d kills", killed)
	same(t, want, p.stdout.String(), "result")
	age(t, filepath.Join(dir, "wf.db-files"))
	mustRun(t, dir, wf(t), "prune", "--older-than", "1h")
	if left := age(t, filepath.Join(dir, "wf.db-files")); left > 1 {
		t.Errorf("%d files are left of a run that has completed, want the collector's mark alone", left)
	}
	mustRun(t, dir, wf(t), "check")
}

// age makes all files in a folder older than a collection spares, and counts them.
func age(t *testing.T, dir string) (files int) {
	t.Helper()
	old := time.Now().Add(-2 * time.Hour)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		return os.Chtimes(path, old, old)
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
