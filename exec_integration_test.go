//go:build unix

package wf_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/internal/peer"
)

const checkpointFile = "checkpoint.pickle"

// interrupted starts the program that saves in every fifth of 200 iterations, and lets it come to its seventh. It
// returns the process of the engine.
func interrupted(t *testing.T, dir string) *process {
	t.Helper()
	p := launch(t, dir, "/usr/bin/env", "SECONDS=0.1", wf(t), "exec", "--quiet", "--state", checkpointFile, "--",
		peer.Python(t), example(t, "article.py"))
	eventually(t, "its seventh iteration", func() bool { return strings.Contains(p.stdout.String(), "iteration 7\n") })
	return p
}

// goesOnWithTheSixth compares what the program prints when it goes on.
func goesOnWithTheSixth(t *testing.T, dir, printed string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(printed), "\n")
	if len(lines) != 197 || lines[0] != "loaded i=5, total=15" || lines[1] != "iteration 6" || lines[196] != "total 20100" {
		t.Errorf("%d lines, beginning with %q and ending with %q; want the state of the fifth iteration, the sixth to the 200th, the total",
			len(lines), lines[:min(2, len(lines))], lines[len(lines)-1])
	}
	if _, err := os.Stat(filepath.Join(dir, checkpointFile)); !os.IsNotExist(err) {
		t.Errorf("the program deletes its state at its end, but it is there: %v", err)
	}
}

// The program is not changed, knows nothing of us, and loses two iterations, whatever becomes of its file.
func TestProgramGoesOnWhereItHasSaved(t *testing.T) {
	t.Parallel()
	harms := map[string]func(path string) error{
		"untouched": func(string) error { return nil },
		"torn":      func(path string) error { return os.Truncate(path, 7) },
		"emptied":   func(path string) error { return os.Truncate(path, 0) },
		"deleted":   os.Remove,
	}
	for name, harm := range harms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			interrupted(t, dir).kill()
			awaitDeath(t, dir)
			if err := harm(filepath.Join(dir, checkpointFile)); err != nil {
				t.Fatal(err)
			}
			goesOnWithTheSixth(t, dir, mustRun(t, dir, wf(t), "resume", "--quiet", "1"))
			if run := theRun(t, dir, 1); run.Status != engine.Completed || string(run.Result) != `"total 20100"` {
				t.Errorf("the run is %s with %s", run.Status, run.Result)
			}
		})
	}
}

// Ctrl-C, and what a batch system sends, end the program with its run.
func TestProgramStopsWithItsRun(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			p := interrupted(t, dir)
			p.signal(sig)
			p.expect(75)
			awaitDeath(t, dir)
			goesOnWithTheSixth(t, dir, mustRun(t, dir, wf(t), "resume", "--quiet", "1"))
		})
	}
}

// The state comes along where there are neither the folder nor its file: in another folder of a fork.
func TestProgramGoesOnInAnotherFolder(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	interrupted(t, dir).kill()
	awaitDeath(t, dir)
	if err := os.WriteFile(filepath.Join(other, checkpointFile), []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, wf(t), "fork", "1", "--set", "dir="+other)
	goesOnWithTheSixth(t, other, mustRun(t, dir, wf(t), "resume", "--quiet", "2"))
}

// A folder that is not there blocks the run, and it goes on once it is.
func TestProgramWaitsForItsFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	work := filepath.Join(dir, "work")
	if err := os.Mkdir(work, 0o700); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, wf(t), "start", "--detach", "exec", "--dir", work, "--", "pwd")
	if err := os.Remove(work); err != nil {
		t.Fatal(err)
	}
	p := launch(t, dir, wf(t), "resume", "1")
	p.expect(5)
	if said := p.stderr.String(); !strings.Contains(said, "the program's folder "+work+" is not there") {
		t.Errorf("it says %q", said)
	}
	if err := os.Mkdir(work, 0o700); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(mustRun(t, dir, wf(t), "resume", "--quiet", "1")); got != work {
		t.Errorf("it runs in %q, want %q", got, work)
	}
}

// A program that does not heed SIGTERM is killed after its grace, and what it has saved counts.
func TestHeedlessProgramIsKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := `trap "" TERM; [ -e "$WF_STATE" ] && { cat "$WF_STATE"; exit 0; }
		echo saved >"$WF_STATE.tmp"; mv "$WF_STATE.tmp" "$WF_STATE"; echo ready; while :; do sleep 0.05; done`
	p := launch(t, dir, wf(t), "exec", "--quiet", "--grace", "200ms", "--", "sh", "-c", script)
	eventually(t, "it has saved", func() bool { return strings.Contains(p.stdout.String(), "ready") })
	p.signal(syscall.SIGINT)
	p.expect(75)
	awaitDeath(t, dir)
	if got := mustRun(t, dir, wf(t), "resume", "--quiet", "1"); got != "saved\n" {
		t.Errorf("it goes on with %q", got)
	}
}

// P5 for programs: the one of a killed engine is dead before the next one starts, even if the guard is, too, and two
// runs never write one file.
func TestTwoProgramsNeverWriteOneState(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := launch(t, dir, wf(t), "exec", "--quiet", "--state", "counter", "--", "sh", "-c", "echo ready; sleep 1000")
	eventually(t, "it runs", func() bool { return strings.Contains(p.stdout.String(), "ready") })
	second := launch(t, dir, wf(t), "exec", "--state", "counter", "--", "true")
	second.expect(3)
	if said := second.stderr.String(); !strings.Contains(said, "counter is written by run 1 of "+filepath.Join(dir, "wf.db")) {
		t.Errorf("the second run says %q", said)
	}
	p.kill()
	mustRun(t, dir, wf(t), "exec", "--quiet", "--state", "counter", "--", "true") // once the first is dead, the file is free
}

// A state that its program does not survive is given up for the one before.
func TestPoisonedStateIsGivenUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	// It saves 1 and, once an older checkpoint is kept, 2, which it does not survive; from 1 on it makes it better.
	script := `s=$(cat "$WF_STATE" 2>/dev/null || echo 0); echo "from $s"
		save() { echo "$1" >"$WF_STATE.tmp"; mv "$WF_STATE.tmp" "$WF_STATE"; }
		case $s in
		0) save 1; sleep 1.2; save 1b; sleep 1.2; save 2; sleep 0.3; kill -SEGV $$;;
		1b) save 3; exit 0;;
		*) kill -SEGV $$;;
		esac`
	p := launch(t, dir, wf(t), "exec", "--retry", "10", "--retry-pause", "1ms", "--interval", "10ms", "--", "sh", "-c", script)
	p.expect(0)
	want := "from 0\nfrom 2\nfrom 2\nfrom 1b\n"
	if got := p.stdout.String(); got != want {
		t.Errorf("it has started %q, want %q\n%s", got, want, p.stderr.String())
	}
}

// What was recorded of the environment holds for later starts here: a resume by another shell runs the same
// program.
func TestProgramIsTheSameInAnotherShell(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"one", "two"} {
		bin := filepath.Join(dir, name)
		if err := os.Mkdir(bin, 0o700); err != nil {
			t.Fatal(err)
		}
		script := "#!/bin/sh\necho " + name + " $LANG\n[ -e \"$WF_STATE\" ] || { echo x >\"$WF_STATE\"; sleep 1000; }\n"
		if err := os.WriteFile(filepath.Join(bin, "tool"), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	path := func(name string) []string {
		return []string{"PATH=" + filepath.Join(dir, name) + ":" + os.Getenv("PATH"), "LANG=" + name, wf(t)}
	}
	p := launch(t, dir, "/usr/bin/env", append(path("one"), "exec", "--quiet", "--", "tool")...)
	eventually(t, "it runs", func() bool { return p.stdout.String() == "one one\n" })
	awaitRun(t, dir, 1, "has recorded the state", func(r engine.Run) bool { return r.Saves > 1 })
	p.kill()
	awaitDeath(t, dir)
	if got := mustRun(t, dir, "/usr/bin/env", append(path("two"), "resume", "--quiet", "1")...); got != "one one\n" {
		t.Errorf("another shell runs %q, want the same tool", got)
	}
}

// theRun returns a run of the database in dir.
func theRun(t *testing.T, dir string, id int64) engine.Run {
	t.Helper()
	return awaitRun(t, dir, id, "is there", func(engine.Run) bool { return true })
}

// awaitDeath waits until the program that run 1 has started last is dead.
func awaitDeath(t *testing.T, dir string) {
	t.Helper()
	var recorded struct{ PID int }
	text, err := os.ReadFile(filepath.Join(dir, "wf.db-runs", "1", "child"))
	if err != nil || json.Unmarshal(text, &recorded) != nil {
		t.Fatalf("record of the program: %q, %v", text, err)
	}
	awaitGone(t, recorded.PID)
}

// Even what is out of reach of the kernel's and the guard's kill is dead before the next start: here a descendant
// whose guard was killed, too.
func TestTakeoverKillsWhatIsLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := `[ -e "$WF_STATE" ] && exit 0; echo x >"$WF_STATE"; sh -c 'echo $$; while :; do sleep 0.05; done' & wait`
	p := launch(t, dir, wf(t), "exec", "--quiet", "--", "sh", "-c", script)
	eventually(t, "it runs", func() bool { return strings.HasSuffix(p.stdout.String(), "\n") })
	descendant, err := strconv.Atoi(strings.TrimSpace(p.stdout.String()))
	if err != nil {
		t.Fatal(err)
	}
	awaitRun(t, dir, 1, "has recorded the state", func(r engine.Run) bool { return r.Saves > 1 })
	if err := syscall.Kill(guardOf(t, p.cmd.Process.Pid), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.kill()
	awaitDeath(t, dir)
	if err := syscall.Kill(descendant, 0); err != nil {
		t.Fatalf("the descendant has died by itself: %v", err)
	}
	mustRun(t, dir, wf(t), "resume", "--quiet", "1")
	awaitGone(t, descendant)
}

// guardOf finds the process that watches over an engine's program.
func guardOf(t *testing.T, engine int) int {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), peer.Command(t, "ps"), "-o", "pid=,args=", "--ppid", strconv.Itoa(engine)).Output()
	if err != nil {
		t.Fatalf("ps: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); strings.Contains(line, "wf-guard") {
			pid, err := strconv.Atoi(fields[0])
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	t.Fatalf("no guard in %s", out)
	return 0
}

// A second Ctrl-C ends the engine at once, and the program with it.
func TestSecondSignalKillsTheProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := launch(t, dir, wf(t), "exec", "--grace", "1h", "--", "sh", "-c", `trap "" TERM; echo ready; while :; do sleep 0.05; done`)
	eventually(t, "it runs", func() bool { return strings.Contains(p.stdout.String(), "ready") })
	p.signal(syscall.SIGINT)
	eventually(t, "it says that it is not done", func() bool { return strings.Contains(p.stderr.String(), "press Ctrl-C again") })
	p.signal(syscall.SIGINT)
	p.expect(130)
	awaitDeath(t, dir)
}

// P5 for a hung owner, which cannot kill its program: whoever takes over does, and only then starts it again.
func TestProgramOfAHungOwnerIsKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script := `[ -e "$WF_STATE" ] && { sleep 0.3; echo "$$ last" >>told; exit 0; }
		echo x >"$WF_STATE.tmp"; mv "$WF_STATE.tmp" "$WF_STATE"; while :; do echo "$$ first" >>told; sleep 0.01; done`
	mustRun(t, dir, wf(t), "start", "--detach", "exec", "--", "sh", "-c", script)
	hung := launch(t, dir, wf(t), "worker", "--quiet", "--lease", "2s")
	awaitRun(t, dir, 1, "has recorded the state", func(r engine.Run) bool { return r.Saves > 1 })
	hung.signal(syscall.SIGSTOP)
	heir := launch(t, dir, wf(t), "worker", "--quiet", "--lease", "2s")
	awaitRun(t, dir, 1, "has completed", func(r engine.Run) bool { return r.Status == engine.Completed })
	lines := linesOf(t, filepath.Join(dir, "told"))
	if last := lines[len(lines)-1]; !strings.HasSuffix(last, " last") {
		t.Errorf("after the second start has ended the first one writes: %q", last)
	}
	hung.signal(syscall.SIGCONT)
	for _, p := range []*process{hung, heir} {
		p.signal(syscall.SIGTERM)
		p.expect(0)
	}
	if again := linesOf(t, filepath.Join(dir, "told")); len(again) != len(lines) {
		t.Errorf("%d lines more are written once the hung owner goes on", len(again)-len(lines))
	}
}

// A run is packed with the state of its program, and goes on where there is nothing else of it.
func TestPackedProgramGoesOnElsewhere(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	interrupted(t, dir).kill()
	awaitDeath(t, dir)
	mustRun(t, dir, wf(t), "pack", "1", "-o", filepath.Join(other, "run.wf"))
	if err := os.Remove(filepath.Join(dir, checkpointFile)); err != nil {
		t.Fatal(err)
	}
	mustRun(t, other, wf(t), "unpack", "run.wf")
	goesOnWithTheSixth(t, dir, mustRun(t, other, wf(t), "resume", "--quiet", "1"))
}
