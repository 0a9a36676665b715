package child_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/durable-wf/wf/internal/peer"
	"github.com/durable-wf/wf/steps/internal/child"
)

// patience is how long a test waits for something that must come.
const patience = 20 * time.Second

func newChild(t *testing.T, script string, out io.Writer, locks ...*os.File) *child.Child {
	t.Helper()
	c, err := child.Start(child.Command{
		Path: "/bin/sh", Args: []string{"sh", "-c", script}, Env: os.Environ(), Dir: t.TempDir(),
		Stdout: out, Stderr: io.Discard, Locks: locks,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	return c
}

// gone waits until there is no such process, or only its remains.
func gone(t *testing.T, pid int) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(5 * time.Millisecond) {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if _, rest, _ := strings.Cut(string(stat), ") "); err != nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) ||
			strings.HasPrefix(rest, "Z") {
			return
		}
	}
	t.Errorf("process %d lives on", pid)
}

// pids reads numbers, one a line.
func pids(t *testing.T, r io.Reader, n int) []int {
	t.Helper()
	var all []int
	lines := bufio.NewScanner(r)
	for len(all) < n && lines.Scan() {
		pid, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, pid)
	}
	if len(all) < n {
		t.Fatalf("%d processes have told their numbers, want %d", len(all), n)
	}
	return all
}

func TestEndTellsCodeAndSignal(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"exit 0": "exit code 0", "exit 85": "exit code 85", "kill -SEGV $$": "killed by SIGSEGV", "kill -9 $$": "killed by SIGKILL",
	} {
		var out bytes.Buffer
		c := newChild(t, "echo hello; "+script, &out)
		<-c.Done()
		if got := c.End().String(); got != want || out.String() != "hello\n" {
			t.Errorf("%s: %s after %q, want %s", script, got, out.String(), want)
		}
	}
}

func TestStopAsksAndThenKills(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	polite := newChild(t, "trap 'exit 85' TERM; echo $$; while :; do sleep 0.01; done", w)
	pids(t, r, 1) // it has set its trap
	if killed := polite.Stop(context.Background(), patience); killed || polite.End().Code != 85 {
		t.Errorf("the one that heeds SIGTERM: killed %v, %v", killed, polite.End())
	}
	r, w = io.Pipe()
	deaf := newChild(t, "trap '' TERM; echo $$; while :; do sleep 0.01; done", w)
	pids(t, r, 1)
	if killed := deaf.Stop(context.Background(), 50*time.Millisecond); !killed || deaf.End().Signal != syscall.SIGKILL {
		t.Errorf("the one that ignores SIGTERM: killed %v, %v", killed, deaf.End())
	}
	if killed := deaf.Stop(context.Background(), patience); killed {
		t.Error("one that has ended is killed")
	}
}

// What a program leaves running in its group ends with it.
func TestGroupEndsWithItsProgram(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	go func() { // ends with the output
		c := newChild(t, "sleep 1000 & echo $!; exit 0", w)
		<-c.Done()
	}()
	gone(t, pids(t, r, 1)[0])
}

// Rule 3: no orphan goes on writing. The program and a descendant that ignores every signal it can die with
// a parent that was killed.
func TestNothingOutlivesAKilledParent(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "CHILD_SCRIPT=trap '' TERM HUP INT; sh -c 'trap \"\" TERM HUP INT; echo $$; while :; do sleep 0.1; done' & echo $$; wait")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	family := pids(t, out, 2)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	for _, pid := range family {
		gone(t, pid)
	}
}

func mustLock(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := child.Lock(t.Context(), path, "the first", patience)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestProgramHoldsTheLockUntilItsEnd(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	f := mustLock(t, path)
	c := newChild(t, "sleep 1000", io.Discard, f)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := child.Lock(t.Context(), path, "the second", 20*time.Millisecond)
	if !errors.Is(err, child.ErrHeld) || !strings.Contains(err.Error(), "the first") {
		t.Errorf("while it lives: %v; want it held by the first", err)
	}
	c.Kill()
	if err := mustLock(t, path).Close(); err != nil {
		t.Error(err)
	}
}

func TestRecordedGroupIsKilledAndNoOther(t *testing.T) {
	t.Parallel()
	record := filepath.Join(t.TempDir(), "child")
	c := newChild(t, "sleep 1000", io.Discard)
	if err := c.ID.Record(record); err != nil {
		t.Fatal(err)
	}
	other := c.ID
	other.Started = "another boot/1"
	other.KillGroup()
	select {
	case <-c.Done():
		t.Fatal("a process with another start was killed")
	case <-time.After(50 * time.Millisecond):
	}
	id, err := child.Recorded(record)
	if err != nil || id != c.ID || !id.Alive() {
		t.Fatalf("recorded %v (alive %v), %v; want %v", id, id.Alive(), err, c.ID)
	}
	id.KillGroup()
	select {
	case <-c.Done():
	case <-time.After(patience):
		t.Fatal("the recorded process lives on")
	}
	if id.Alive() {
		t.Error("a dead process is alive")
	}
}

// A daemon leaves its group; its program's end is still noticed, and that it is there is told.
func TestDaemonDoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	setsid := peer.Command(t, "setsid")
	var out bytes.Buffer
	c := newChild(t, setsid+" sleep 5 & sleep 0.2; echo $!", &out)
	<-c.Done()
	if !c.End().Left {
		t.Error("a descendant lives on, but End does not tell")
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(out.String())); err == nil {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it would end by itself
	}
}

func TestMissingProgramIsAnError(t *testing.T) {
	t.Parallel()
	_, err := child.Start(child.Command{Path: "/nowhere", Args: []string{"nowhere"}, Stdout: io.Discard, Stderr: io.Discard})
	if err == nil {
		t.Error("a program that is not there was started")
	}
}
