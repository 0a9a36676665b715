//go:build unix

package wf_test

import (
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/durable-wf/wf/internal/peer"
)

// onDisk starts the command line on a disk of its own.
func onDisk(t *testing.T, disk *peer.Disk, args ...string) *process {
	t.Helper()
	name, all := disk.Command(wf(t), args...)
	return launch(t, disk.Dir, name, all...)
}

// mustRunOn runs the command line on a disk, where it must succeed, and returns its stdout.
func mustRunOn(t *testing.T, disk *peer.Disk, args ...string) string {
	t.Helper()
	p := onDisk(t, disk, args...)
	p.expect(0)
	return p.stdout.String()
}

// mustBeFull runs the command line on a full disk. It says so in one line, with what to do, and exits 1.
func mustBeFull(t *testing.T, disk *peer.Disk, args ...string) {
	t.Helper()
	p := onDisk(t, disk, args...)
	p.expect(1)
	said := p.stderr.String()
	if !regexp.MustCompile(`(disk is full|no space left on device).*; make room, then`).MatchString(said) || strings.Count(said, "\n") != 1 {
		t.Errorf("wf %v on a full disk says %q", args, said)
	}
}

// P1: a disk that is full loses nothing and damages nothing. Who writes is told; who reads a file that is in use reads it.
// A worker goes on with its runs as soon as there is room, and so does the next process.
func TestCommandsOnAFullDisk(t *testing.T) {
	t.Parallel()
	disk := peer.NewDisk(t, 12)
	disk.Fill(t, 0)
	mustBeFull(t, disk, "start", "sum", "--n", "3") // to make the file
	disk.Free(t)
	mustRunOn(t, disk, "start", "sum", "--n", "3")

	worker := onDisk(t, disk, "worker")
	eventually(t, "a worker", func() bool { return strings.Contains(worker.stderr.String(), "serve started") })
	for range 5 {
		mustRunOn(t, disk, "start", "--detach", "--every", "1", "sum", "--n", "200", "--delay", "5ms")
	}
	eventually(t, "saves", func() bool {
		return mustRunOn(t, disk, "query", "-o", "csv", "SELECT min(saves) > 20 AS ok FROM wf_runs WHERE id > 1") == "ok\n1\n"
	})
	disk.Fill(t, 0)
	eventually(t, "all runs to be given back", func() bool {
		return strings.Count(worker.stderr.String(), "disk is full") >= 5
	})
	for _, args := range [][]string{
		{"start", "--detach", "sum", "--n", "3"}, {"start", "sum", "--n", "3"}, {"pause", "2"}, {"prune", "--older-than", "0s"},
		{"archive", "--older-than", "0s"}, {"backup", "copy.db"},
	} {
		mustBeFull(t, disk, args...)
	}
	mustRunOn(t, disk, "check")
	before := mustRunOn(t, disk, "query", "-o", "csv", "SELECT id, saves FROM wf_runs")
	time.Sleep(100 * time.Millisecond) // nothing is to happen
	if after := mustRunOn(t, disk, "query", "-o", "csv", "SELECT id, saves FROM wf_runs"); after != before {
		t.Errorf("on the full disk the runs went on: %s, then %s", before, after)
	}
	disk.Free(t)
	const sums = "id,result\n1,6\n2,20100\n3,20100\n4,20100\n5,20100\n6,20100\n"
	eventually(t, "the ends of all runs", func() bool {
		return mustRunOn(t, disk, "query", "-o", "csv", "SELECT id, result FROM wf_runs") == sums
	})
	worker.signal(syscall.SIGTERM)
	worker.expect(0)

	disk.Fill(t, 0)
	mustBeFull(t, disk, "list") // nobody has the file open, and a reader needs the log's index
	disk.Free(t)
	disk.Fill(t, 40) // enough to read
	mustRunOn(t, disk, "list")
	mustBeFull(t, disk, "migrate", "down", "--yes")
	disk.Free(t)
	mustContain(t, mustRunOn(t, disk, "migrate", "status"), "current")
	mustRunOn(t, disk, "check")
	mustRunOn(t, disk, "start", "sum", "--n", "3")
}
