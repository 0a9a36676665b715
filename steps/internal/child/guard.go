package child

import (
	"io"
	"os/exec"
	"strconv"
	"syscall"
)

// guard is a process that kills a group when we die: its input, of which we hold the other end, ends then.
// It is there for the descendants of a program, whom the kernel does not kill with us.
type guard struct {
	cmd *exec.Cmd
	in  io.WriteCloser
}

const guardScript = `read -r _ || kill -s KILL -- "-$1"` // the one form that all shells understand

func startGuard(group int) (*guard, error) {
	cmd := exec.Command("/bin/sh", "-c", guardScript, "wf-guard", strconv.Itoa(group)) //nolint:noctx // ends with us, at the latest
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}                              // out of reach of Ctrl-C
	cmd.Env = []string{}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &guard{cmd, in}, nil
}

// dismiss ends the guard, which kills nobody then.
func (g *guard) dismiss() {
	_, _ = io.WriteString(g.in, "\n") // it may have been killed
	_ = g.in.Close()
	_ = g.cmd.Wait()
}
