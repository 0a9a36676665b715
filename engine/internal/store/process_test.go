package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/durable-wf/wf/engine/internal/store"
)

// childEnv tells the test binary that it is a child, and what to do.
const childEnv = "STORE_TEST_CHILD"

// newChild returns a command that runs this binary as another process.
func newChild(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), childEnv+"="+strings.Join(args, "|"))
	cmd.Stderr = os.Stderr
	return cmd
}

// TestChild is what a child process runs.
func TestChild(t *testing.T) {
	args := strings.Split(os.Getenv(childEnv), "|")
	if args[0] == "" {
		t.Skip("run by other tests as a process of its own")
	}
	if args[0] == "usurp" {
		usurp(t, args[1])
		return
	}
	if args[0] == "panic" {
		must(t, panics(args[1]))
		return
	}
	s := mustOpen(t, store.Options{Path: args[1]})
	switch args[0] {
	case "find":
		id, err := strconv.ParseInt(args[2], 10, 64)
		must(t, err)
		mustRun(t, s, id)
	case "saturate":
		fmt.Println("ready")
		submitSteps(t, s, newWorker(t, s), 1<<40) // until killed
	case "acknowledge":
		run := mustCreate(t, s, newWorker(t, s))
		l := run.Lease()
		for { // until killed
			mustApply(t, s, step(l, &run))
			fmt.Println(run.ID, run.Visit)
		}
	}
}

// usurp tries to lock the file's SHARED bytes, which SQLite does to find out whether it is the only one
// that has the file open.
func usurp(t *testing.T, path string) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: 0x40000002, Len: 510}
	if err := unix.FcntlFlock(f.Fd(), unix.F_SETLK, &lock); err == nil {
		t.Error("nobody has a lock on the file")
	}
}

// Writers of several processes take turns: one that always has work starves nobody.
func TestNobodyStarves(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for range 2 {
		child := newChild(t, "saturate", s.Path())
		out, err := child.StdoutPipe()
		must(t, err)
		must(t, child.Start())
		defer func() { _ = child.Process.Kill(); _ = child.Wait() }()
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatalf("child: %v", err)
		}
	}
	var took []time.Duration
	for range 100 {
		begun := time.Now()
		mustCreate(t, s, 0)
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	t.Logf("insert beside two saturated writers: p50 %v, max %v", took[50], took[99])
	if took[99] > 2500*time.Millisecond {
		t.Errorf("insert took up to %v", took[99])
	}
}

// P1: what has been acknowledged survives kill -9.
func TestAcknowledgedSurvivesKill(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for range 5 {
		child := newChild(t, "acknowledge", s.Path())
		out, err := child.StdoutPipe()
		must(t, err)
		must(t, child.Start())
		var id, visit int64
		lines := bufio.NewScanner(out)
		for n := 0; n < 50 && lines.Scan(); n++ {
			_, err := fmt.Sscan(lines.Text(), &id, &visit)
			must(t, err)
		}
		must(t, child.Process.Kill())
		for lines.Scan() { // what was acknowledged before the kill
			_, _ = fmt.Sscan(lines.Text(), &id, &visit)
		}
		_ = child.Wait()
		if got := mustRun(t, s, id); got.Visit < visit {
			t.Errorf("run %d: visit %d was acknowledged, %d is there", id, visit, got.Visit)
		}
	}
	var ok string
	must(t, s.Scalar(context.Background(), &ok, "PRAGMA integrity_check"))
	if ok != "ok" {
		t.Errorf("integrity_check: %s", ok)
	}
}
