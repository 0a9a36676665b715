// Package child runs foreign programs such that nothing of them outlives who has started them: each is the
// leader of a process group of its own, which is killed as a whole when the program has ended, when it does not
// stop in time, and when the process that has started it dies, however that happens.
package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Command is a program to start.
type Command struct {
	Path   string     // the executable
	Args   []string   // as the program sees them, its own name first
	Dir    string     // in which it runs
	Env    []string   // all of its environment, NAME=VALUE
	Stdout io.Writer  // written to by one goroutine, until Done
	Stderr io.Writer  // by another one
	Locks  []*os.File // inherited by the program and its descendants, as files 3, 4, …
}

// Child is a program that was started. Its methods are safe for concurrent use.
type Child struct {
	ID    Identity
	cmd   *exec.Cmd
	pumps []*pump
	done  chan struct{} // closed when end is set
	end   End
}

// End is how a program has ended.
type End struct {
	Code   int            // its exit code, -1 if a signal has ended it
	Signal syscall.Signal // which one; 0 if none
	User   time.Duration  // CPU time of the program and the descendants that it has waited for
	System time.Duration
	MaxRSS int64 // the most memory it had resident at a time, in bytes
	Left   bool  // a descendant that has left its group lives on and holds its output
}

// String says it for people: "exit code 3", "killed by SIGSEGV".
func (e End) String() string {
	if e.Signal != 0 {
		return "killed by " + signalName(e.Signal)
	}
	return fmt.Sprintf("exit code %d", e.Code)
}

// Clean reports whether the program itself has decided to end, so that it was in the middle of nothing.
func (e End) Clean() bool { return e.Signal == 0 }

// Start starts the program. Its input is empty. The caller may then close the Locks, but not unlock them: they
// are held as long as the program or a descendant lives that has not closed them. The caller must wait for
// Done.
func Start(c Command) (*Child, error) {
	cmd := &exec.Cmd{Path: c.Path, Args: c.Args, Dir: c.Dir, Env: c.Env, ExtraFiles: c.Locks, SysProcAttr: attributes()}
	child := &Child{cmd: cmd, done: make(chan struct{})}
	for _, stream := range []struct {
		from *io.Writer
		to   io.Writer
	}{{&cmd.Stdout, c.Stdout}, {&cmd.Stderr, c.Stderr}} {
		p, w, err := newPump(stream.to)
		if err != nil {
			child.closePumps()
			return nil, err
		}
		*stream.from = w
		child.pumps = append(child.pumps, p)
	}
	started := make(chan error)
	go func() { // ends with the program
		// Linux sends the signal of a parent's death when the thread ends that has started the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		child.run(started)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return child, nil
}

// run starts the program, says so, and waits for its end.
func (c *Child) run(started chan<- error) {
	err := c.cmd.Start()
	for _, p := range c.pumps {
		err = errors.Join(err, p.near.Close()) // the program has its own
	}
	if err != nil {
		c.closePumps()
		started <- err
		return
	}
	c.ID = identify(c.cmd.Process.Pid)
	guard, err := startGuard(c.ID.PID)
	for _, p := range c.pumps {
		go p.run() // ends with the output
	}
	if err != nil {
		c.kill()
	}
	started <- err
	_ = c.cmd.Wait() // how it has ended is in its state
	c.kill()         // what it has left behind
	for _, p := range c.pumps {
		c.end.Left = p.finish() || c.end.Left
	}
	if guard != nil {
		guard.dismiss()
	}
	end := endOf(c.cmd.ProcessState)
	end.Left = c.end.Left
	c.end = end
	close(c.done)
}

// kill kills the group; there may be nobody left in it. The program must have been started: 0 is our own group.
func (c *Child) kill() { _ = syscall.Kill(-c.ID.PID, syscall.SIGKILL) }

func (c *Child) closePumps() {
	for _, p := range c.pumps {
		_ = p.far.Close() // nothing was read from it
	}
}

func endOf(state *os.ProcessState) End {
	end := End{Code: state.ExitCode(), User: state.UserTime(), System: state.SystemTime()}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		end.Signal = status.Signal()
	}
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		end.MaxRSS = maxRSS(usage)
	}
	return end
}

// Done is closed when the program has ended and its output is read.
func (c *Child) Done() <-chan struct{} { return c.done }

// End returns how the program has ended. It is to be called after Done.
func (c *Child) End() End { return c.end }

// Stop asks the group to stop by SIGTERM, and kills it if the program has not ended within the grace, or
// when ctx ends. It returns when the program has ended.
func (c *Child) Stop(ctx context.Context, grace time.Duration) (killed bool) {
	select {
	case <-c.done:
		return false
	default:
	}
	_ = syscall.Kill(-c.ID.PID, syscall.SIGTERM) // it may have ended
	_ = syscall.Kill(-c.ID.PID, syscall.SIGCONT) // one that is stopped hears nothing
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-c.done:
		return false
	case <-timer.C:
	case <-ctx.Done():
	}
	c.Kill()
	return true
}

// Kill ends the group at once, and returns when the program has ended.
func (c *Child) Kill() {
	select {
	case <-c.done:
	default:
		c.kill()
		<-c.done
	}
}
