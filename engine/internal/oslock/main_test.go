package oslock_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// TestMain runs the tests, or plays one of the roles if this process is a child of a test.
func TestMain(m *testing.M) {
	if role := os.Getenv("OSLOCK_ROLE"); role != "" {
		os.Exit(play(role, os.Getenv("OSLOCK_DIR")))
	}
	goleak.VerifyTestMain(m)
}

// roles are what a child process does. Each says what its parent shall know, a line each, and ends
// when its parent closes its standard input, hence also with its parent.
var roles = map[string]func(dir string, say func(string), orders *bufio.Scanner) error{
	"turn/hold":     playHolder,
	"turn/queue":    playQueuer,
	"turn/saturate": playSaturator,
	"turn/rounds":   playRounds,
	"presence":      playWorker,
	"guard/share":   playSharer,
	"guard/exclude": playMigrator,
	"bell/watch":    playWatcher,
}

func play(role, dir string) int {
	out := os.Stdout
	say := func(line string) { _, _ = io.WriteString(out, line+"\n") }
	if err := roles[role](dir, say, bufio.NewScanner(os.Stdin)); err != nil {
		say("error: " + err.Error())
		return 1
	}
	return 0
}

// child is a process that plays a role.
type child struct {
	t     testing.TB
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines *bufio.Scanner
}

func newChild(t testing.TB, role, dir string) *child {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "OSLOCK_ROLE="+role, "OSLOCK_DIR="+dir)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, cmd: cmd, stdin: stdin, lines: bufio.NewScanner(stdout)}
	t.Cleanup(c.kill)
	return c
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// says waits for the child's next line and returns it.
func (c *child) says() string {
	c.t.Helper()
	if !c.lines.Scan() {
		c.t.Fatalf("child %d ended without a word: %v", c.pid(), c.lines.Err())
	}
	if line := c.lines.Text(); !strings.HasPrefix(line, "error: ") {
		return line
	}
	c.t.Fatalf("child %d: %s", c.pid(), c.lines.Text())
	return ""
}

// expect waits for the child to say want.
func (c *child) expect(want string) {
	c.t.Helper()
	if got := c.says(); got != want {
		c.t.Fatalf("child said %q, want %q", got, want)
	}
}

// kill ends the child by SIGKILL and waits until it is gone. It may be called again.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// dismiss tells the child to end in order.
func (c *child) dismiss() { _ = c.stdin.Close() }
