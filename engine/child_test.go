package engine_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// playRole is the main function of a child process.
func playRole(role string, args []string) error {
	switch role {
	case "gate":
		return playGate(args[0])
	case "serve":
		return playServe(args[0])
	case "crash":
		return playCrash(args[0])
	case "idle":
		return playIdle(args[0])
	case "field":
		return playField(args[0])
	case "full":
		return playFull(args[0])
	case "steady":
		return playSteady(args[0])
	case "bulk":
		return playBulk(args[0])
	case "saga":
		return playSaga(args[0])
	case "pure":
		poison, err := strconv.ParseInt(args[1], 10, 64)
		return errors.Join(err, playPure(args[0], poison))
	case "schedule":
		return playSchedule(args[0])
	}
	return fmt.Errorf("unknown role %q", role)
}

// child is a process that plays a role: it says lines on its standard output.
type child struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string // closed by the goroutine that reads them
}

// startChild starts a process. It is killed at the end of the test, if it still lives then.
func startChild(t *testing.T, role string, args ...string) *child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: exec.CommandContext(context.Background(), exe, args...), lines: make(chan string, 100)}
	c.cmd.Env = append(os.Environ(), roleEnv+"="+role)
	c.cmd.Stderr = os.Stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the process
		defer close(c.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			c.lines <- s.Text()
		}
	}()
	t.Cleanup(c.kill)
	return c
}

// hear returns the child's next line, which must begin with want; it returns what follows that.
func (c *child) hear(t *testing.T, want string) string {
	t.Helper()
	select {
	case line, ok := <-c.lines:
		rest, found := strings.CutPrefix(line, want)
		if !ok || !found {
			t.Fatalf("the child says %q (%v), want %q", line, ok, want)
		}
		return strings.TrimSpace(rest)
	case <-time.After(time.Minute):
		t.Fatalf("the child is silent, want %q", want)
	}
	return ""
}

func (c *child) tell(t *testing.T, line string) {
	t.Helper()
	if _, err := fmt.Fprintln(c.in, line); err != nil {
		t.Fatal(err)
	}
}

func (c *child) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// kill kills the process and waits until it is gone. It may have ended before.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// gated saves, says so, and waits for a line on its standard input before it goes on.
func gated(say func(string), listen func(context.Context) error) engine.Workflow[count, int64] {
	return countTo(func(ctx *engine.Context, s *count) error {
		if s.I != 1 || listen == nil {
			return nil
		}
		say("saved")
		if err := listen(ctx); err != nil {
			return err
		}
		s.Total = -1000 // must not count once the lease is lost
		err := ctx.Save()
		say(fmt.Sprintf("Save: %v; cause: %v", err, context.Cause(ctx)))
		return nil // a careless author goes on
	})
}

// playGate executes a run in the foreground, and stops in the middle.
func playGate(path string) error {
	ctx := context.Background()
	in := bufio.NewScanner(os.Stdin)
	eng, err := engine.Open(ctx, engine.Config{Path: path, Lease: 2 * time.Second}, gated(
		func(line string) { fmt.Println(line) },
		func(context.Context) error { in.Scan(); return in.Err() },
	))
	if err != nil {
		return err
	}
	got, err := counting.Run(ctx, eng, count{N: 3}, &engine.StartOptions{Checkpoint: engine.Checkpoint{Every: 1}})
	fmt.Printf("Run: %d, %v\n", got, err)
	return eng.Close()
}

// playServe serves until it is killed.
func playServe(path string) error {
	ctx := context.Background()
	eng, err := engine.Open(ctx, engine.Config{Path: path, Lease: 2 * time.Second}, countTo(nil))
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- eng.Serve(ctx) }()
	if _, err := counting.Start(ctx, eng, count{N: 1}, nil); err != nil {
		return err
	}
	if run, err := eng.Find(ctx, "@last"); err != nil {
		return err
	} else if _, err := eng.Wait(ctx, run.ID); err != nil {
		return err
	}
	fmt.Println("serving")
	return <-ended
}
