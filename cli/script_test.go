package cli_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"
)

// patience is how long a script waits for something that must come.
const patience = 30 * time.Second

// scriptCommands are what the scripts can do besides the commands of testscript.
func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"await":     cmdAwait,
		"code":      cmdCode,
		"sqlite":    cmdSQLite,
		"interrupt": cmdInterrupt,
		"signal":    cmdSignal,
		"until":     cmdUntil,
		"pipe":      cmdPipe,
		"normal":    cmdNormal,
		"damage":    cmdDamage,
		"snapshot":  cmdSnapshot,
		"large":     cmdLarge,
	}
}

// cmdAwait waits until a file exists: await FILE.
func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await FILE")
	}
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
	}
	ts.Fatalf("%s did not appear", args[0])
}

// cmdCode runs a command that must end with an exit code: code N COMMAND ARG….
func cmdCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND ARG…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("%v ended with %d, want %s", args[1:], got, args[0])
	}
}

// cmdSignal sends a signal to the process that the workflow gate has named in a file: signal NAME FILE.
func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "USR1": syscall.SIGUSR1, "KILL": syscall.SIGKILL}
	if neg || len(args) != 2 || signals[args[0]] == 0 {
		ts.Fatalf("usage: signal INT|TERM|USR1|KILL FILE")
	}
	pid, err := strconv.Atoi(ts.ReadFile(args[1]))
	ts.Check(err)
	ts.Check(syscall.Kill(pid, signals[args[0]]))
}

// cmdInterrupt sends SIGINT to that process again and again, until it has ended: interrupt FILE. (Two
// at once may arrive as one.)
func cmdInterrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: interrupt FILE")
	}
	pid, err := strconv.Atoi(ts.ReadFile(args[0]))
	ts.Check(err)
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(50 * time.Millisecond) {
		if err := syscall.Kill(pid, syscall.SIGINT); errors.Is(err, syscall.ESRCH) {
			return
		}
	}
	ts.Fatalf("process %d does not end", pid)
}

// cmdSQLite executes SQL on a database that no wf uses: sqlite FILE SQL.
func cmdSQLite(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sqlite FILE SQL")
	}
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = db.Exec(args[1]) //nolint:noctx // ends by itself
	ts.Check(errors.Join(err, db.Close()))
}

// cmdUntil repeats a command until its output matches: until REGEXP COMMAND ARG….
func cmdUntil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until REGEXP COMMAND ARG…")
	}
	want := regexp.MustCompile(args[0])
	var last string
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(20 * time.Millisecond) {
		_ = ts.Exec(args[1], args[2:]...) // what it prints decides
		if last = ts.ReadFile("stdout") + ts.ReadFile("stderr"); want.MatchString(last) {
			return
		}
	}
	ts.Fatalf("no %q in the output of %v; the last was: %s", args[0], args[1:], last)
}

// cmdPipe runs a command whose stdout nobody reads, for its exit code: pipe CODE COMMAND ARG….
func cmdPipe(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: pipe CODE COMMAND ARG…")
	}
	r, w, err := os.Pipe()
	ts.Check(err)
	ts.Check(r.Close())
	defer w.Close()
	path, err := exec.LookPath(args[1])
	ts.Check(err)
	var stderr bytes.Buffer
	cmd := exec.Command(path, args[2:]...) //nolint:noctx // ends by itself
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), w, &stderr
	_ = cmd.Run() // its exit code counts
	ts.Logf("[stderr]\n%s", &stderr)
	if got := cmd.ProcessState.String(); got != "exit status "+args[0] {
		ts.Fatalf("%v: %s, want %s", args[1:], got, args[0])
	}
}
