//go:build unix

package wf_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// binDir is where programs are built. TestMain sets it before any test and removes it after all.
var binDir string

// programs builds, once, the command line and the one whose workflows can be counted.
var programs = sync.OnceValues(func() (built struct{ wf, crash string }, err error) {
	if err := nameSources(); err != nil {
		return built, err
	}
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", binDir, "./cmd/wf", "./testdata/crashprog").CombinedOutput()
	if err != nil {
		return built, fmt.Errorf("go build: %w\n%s", err, out)
	}
	built.wf, built.crash = filepath.Join(binDir, "wf"), filepath.Join(binDir, "crashprog")
	return built, nil
})

// nameSources opens all folders of the repository, so that the go command, which sees what a test
// opens, takes no result from its cache once the programs would be built of something else.
func nameSources() error {
	return filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && path != "." && strings.HasPrefix(entry.Name(), ".") {
			return filepath.SkipDir
		}
		return err
	})
}

func TestMain(m *testing.M) {
	// A runner that ignores SIGHUP, as under nohup, would hand that on to the programs under test.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	var err error
	if binDir, err = os.MkdirTemp("", "wf-test-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(binDir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// wf returns the path of the command line's program.
func wf(t testing.TB) string {
	t.Helper()
	built, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return built.wf
}

// crashprog returns the path of the program in testdata/crashprog.
func crashprog(t testing.TB) string {
	t.Helper()
	built, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return built.crash
}

// process is a program that runs in a folder of its own.
type process struct {
	t      testing.TB
	cmd    *exec.Cmd
	stdout output
	stderr output
	ended  chan struct{} // closed when it has
}

// output collects what a process writes while it is read.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// launch starts a program in dir, where its database is wf.db. It does not outlive the test.
func launch(t testing.TB, dir, program string, args ...string) *process {
	t.Helper()
	p, err := begin(dir, program, args...)
	if err != nil {
		t.Fatal(err)
	}
	p.t = t
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // fails if it has ended
		<-p.ended
	})
	return p
}

// begin is launch for goroutines, which must not end a test.
func begin(dir, program string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(program, args...), ended: make(chan struct{})}
	p.cmd.Dir = dir
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	for _, word := range os.Environ() {
		if !strings.HasPrefix(word, "WF_") {
			p.cmd.Env = append(p.cmd.Env, word)
		}
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { // ends with the process
		_ = p.cmd.Wait() // its state is read by those who wait
		close(p.ended)
	}()
	return p, nil
}

// signal sends a signal to a process that has not ended.
func (p *process) signal(sig syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatalf("%v: signal %v: %v\n%s", p.cmd.Args, sig, err, p.stderr.String())
	}
}

// kill ends the process without giving it a chance, and waits for its end.
func (p *process) kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	p.wait()
}

// wait returns the exit code, -1 if a signal has ended the process.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("%v has not ended after %v\n%s", p.cmd.Args, patience, p.stderr.String())
		return -1
	}
}

// alive reports whether the process has not ended.
func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// expect waits for the end of the process and compares its exit code.
func (p *process) expect(code int) {
	p.t.Helper()
	if got := p.wait(); got != code {
		p.t.Fatalf("%v: exit code %d, want %d\nstdout: %s\nstderr: %s", p.cmd.Args, got, code, p.stdout.String(), p.stderr.String())
	}
}

// mustRun runs a program to its end, which must be a success, and returns its stdout.
func mustRun(t testing.TB, dir, program string, args ...string) string {
	t.Helper()
	p := launch(t, dir, program, args...)
	p.expect(0)
	return p.stdout.String()
}

// eventually polls until cond is true.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !cond(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// reading opens the database in dir to look at it, until done is called.
func reading(t testing.TB, dir string) (eng *engine.Engine, done func()) {
	t.Helper()
	eventually(t, "a database in "+dir, func() (ok bool) {
		var err error
		eng, err = engine.Open(context.Background(), engine.Config{Path: filepath.Join(dir, "wf.db"), Access: engine.ReadOnly})
		return err == nil
	})
	return eng, func() {
		if err := eng.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
}

// awaitRun waits until a run of the database in dir is as wanted, and returns it.
func awaitRun(t testing.TB, dir string, id int64, what string, wanted func(engine.Run) bool) (run engine.Run) {
	t.Helper()
	eng, done := reading(t, dir)
	defer done()
	eventually(t, fmt.Sprintf("run %d %s", id, what), func() bool {
		var err error
		run, err = eng.Get(context.Background(), id)
		return err == nil && wanted(run)
	})
	return run
}

// awaitRunning waits until a process executes the run.
func awaitRunning(t testing.TB, dir string, id int64) engine.Run {
	t.Helper()
	return awaitRun(t, dir, id, "is running", func(r engine.Run) bool { return r.Status == engine.Running && r.Attempt > 0 })
}

// events returns the history of the database in dir, or of one run.
func events(t testing.TB, dir string, f engine.HistoryFilter) (list []engine.Event) {
	t.Helper()
	eng, done := reading(t, dir)
	defer done()
	for {
		page, err := eng.History(context.Background(), f)
		if err != nil {
			t.Fatalf("History(%+v): %v", f, err)
		}
		list = append(list, page...)
		if len(page) < 1000 {
			return list
		}
		f.After = page[len(page)-1].ID
	}
}

// linesOf returns the complete lines of a file; none if it does not exist.
func linesOf(t testing.TB, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	return lines[:len(lines)-1]
}
