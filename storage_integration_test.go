//go:build unix

package wf_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/durable-wf/wf/engine"
)

func TestDatabaseDeletedWhileInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := launch(t, dir, wf(t), "start", "--every", "1", "sum", "--n", "10000", "--delay", "10ms")
	awaitRun(t, dir, 1, "has saved", func(r engine.Run) bool { return r.Saves > 0 })
	if err := os.Remove(filepath.Join(dir, "wf.db")); err != nil {
		t.Fatal(err)
	}
	p.expect(1)
	mustSayOneLine(t, p, "wf.db: database file was deleted or replaced")
}

// A worker that has nothing to do finds out, too: it could never do anything again.
func TestIdleWorkerEndsWithoutItsDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := launch(t, dir, wf(t), "worker", "--quiet")
	idle := filepath.Join(dir, "wf.db-locks", "worker-*")
	eventually(t, "a worker that has been idle for three seconds", func() bool {
		paths, err := filepath.Glob(idle)
		if err != nil || len(paths) != 1 {
			return false
		}
		beats, err := os.ReadFile(paths[0]) // a counter that rises each second
		return err == nil && len(beats) > 0 && beats[0] >= 3
	})
	if err := os.Remove(filepath.Join(dir, "wf.db")); err != nil {
		t.Fatal(err)
	}
	p.expect(1)
	mustSayOneLine(t, p, "wf.db: database file was deleted or replaced")
}

// mustSayOneLine checks that a process has printed nothing but lines of text on stderr, the last of
// which says what is wanted.
func mustSayOneLine(t *testing.T, p *process, want string) {
	t.Helper()
	if got := p.stdout.String(); got != "" {
		t.Errorf("stdout = %q, want nothing", got)
	}
	lines := strings.Split(strings.TrimSpace(p.stderr.String()), "\n")
	if len(lines) > 3 { // that it has started, a warning, the error
		t.Errorf("stderr has %d lines:\n%s", len(lines), p.stderr.String())
	}
	last := lines[len(lines)-1]
	if strings.Count(last, "wf.db: ") != 1 || !strings.Contains(last, want) {
		t.Errorf("the last line on stderr is %q, want one error of the file, %q", last, want)
	}
}

// P1: what was acknowledged before the disk was full is there when it has space again.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	t.Run("file system", func(t *testing.T) {
		t.Parallel()
		dir := smallDisk(t)
		fillDisk(t, dir, "disk is full (13); make room, then: crashprog resume 1", func(args ...string) *process {
			return launch(t, dir, crashprog(t), args...)
		}, func() { enlarge(t, dir) })
	})
	t.Run("file size limit", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		fillDisk(t, dir, "storage error", func(args ...string) *process {
			words := append([]string{"-c", `ulimit -f 2000 && exec "$0" "$@"`, crashprog(t)}, args...)
			return launch(t, dir, "sh", words...)
		}, func() {})
	})
}

// smallDisk mounts a file system of 2 MB, or skips the test where that is not allowed.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	mount := exec.Command("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", dir)
	if out, err := mount.CombinedOutput(); err != nil {
		t.Skipf("NOT TESTED: only root can mount a small file system (TestCommandsOnAFullDisk needs no root): %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return dir
}

// enlarge gives a small disk room for all that the tests write.
func enlarge(t *testing.T, dir string) {
	t.Helper()
	if out, err := exec.Command("mount", "-o", "remount,size=64m", dir).CombinedOutput(); err != nil {
		t.Fatalf("remount: %v: %s", err, out)
	}
}

// fillDisk starts a run with checkpoints of which not all find space. The run must end with an error
// that says what is wanted and, once there is space, go on from the newest one that was acknowledged.
func fillDisk(t *testing.T, dir, want string, start func(args ...string) *process, makeSpace func()) {
	t.Helper()
	const pages = 1000
	out := filepath.Join(t.TempDir(), "out")
	p := start("start", "pages", "--out", out, "--n", strconv.Itoa(pages), "--size", "1000")
	p.expect(1)
	mustSayOneLine(t, p, want)
	acked := linesOf(t, out)
	if len(acked) == 0 || len(acked) == pages {
		t.Fatalf("%d of %d checkpoints were acknowledged, want some", len(acked), pages)
	}
	makeSpace()

	again := launch(t, dir, crashprog(t), "resume")
	again.expect(0)
	if got := strings.TrimSpace(again.stdout.String()); got != strconv.Itoa(pages) {
		t.Errorf("result = %q, want %d", got, pages)
	}
	for i, line := range linesOf(t, out) { // each of them once: none that was acknowledged is made again
		if line != strconv.Itoa(i+1) {
			t.Fatalf("checkpoint %d was acknowledged as %s after %d had been before space ran out", i+1, line, len(acked))
		}
	}
	mustRun(t, dir, wf(t), "check")
}

// A worker outlives a full disk: the run that it could not save goes on without anybody's help.
func TestWorkerGoesOnWhenTheDiskHasSpaceAgain(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	out := filepath.Join(t.TempDir(), "out")
	mustRun(t, dir, crashprog(t), "start", "--detach", "pages", "--out", out, "--n", "200", "--size", "1000")
	worker := launch(t, dir, crashprog(t), "worker")
	eventually(t, "a worker that says that the disk is full", func() bool { return strings.Contains(worker.stderr.String(), "disk is full") })
	enlarge(t, dir)
	awaitRun(t, dir, 1, "has completed", func(r engine.Run) bool { return r.Status == engine.Completed })
	worker.signal(syscall.SIGTERM)
	worker.expect(0)
	mustRun(t, dir, wf(t), "check")
}
