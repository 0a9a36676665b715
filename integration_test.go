//go:build unix

package wf_test

import (
	"context"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

func TestResultAloneIsPrinted(t *testing.T) {
	t.Parallel()
	p := launch(t, t.TempDir(), wf(t), "start", "sum", "--n", "200")
	p.expect(0)
	if got, want := p.stdout.String(), "20100\n"; got != want {
		t.Errorf("stdout = %q, want %q", got, want)
	}
}

// slowSum starts a sum of twelve slow additions with a checkpoint after the fifth and the tenth, and
// returns in the middle of the seventh.
func slowSum(t *testing.T, dir string) *process {
	t.Helper()
	const delay = 150 * time.Millisecond
	p := launch(t, dir, wf(t), "start", "--every", "5", "sum", "--n", "12", "--delay", delay.String())
	run := awaitRun(t, dir, 1, "has its checkpoint after 5", func(r engine.Run) bool { return r.Saves == 1 })
	time.Sleep(time.Until(run.Updated.Add(delay * 3 / 2))) // the time at which the test wants to interrupt
	return p
}

// P3: a killed process leaves nothing after its last committed checkpoint.
func TestKilledRunGoesOnFromItsCheckpoint(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	slowSum(t, dir).kill()
	mustContain(t, resumed(t, dir), "from i=5 total=15")
}

func TestInterruptedRunGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		send []syscall.Signal
	}{
		{"SIGINT", []syscall.Signal{syscall.SIGINT}},
		{"SIGTERM", []syscall.Signal{syscall.SIGTERM}},
		{"SIGHUP", []syscall.Signal{syscall.SIGHUP}},
		{"several at once", []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGTERM}}, // as of timeout(1), which signals the group too
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			p := slowSum(t, dir)
			for _, sig := range tt.send {
				p.signal(sig)
			}
			p.expect(75)
			if got := p.stdout.String(); got != "" {
				t.Errorf("stdout = %q, want nothing", got)
			}
			mustContain(t, p.stderr.String(), "wf resume 1")
			mustContain(t, resumed(t, dir), "from i=6 total=21")
		})
	}
}

// A run that is to outlive its terminal does.
func TestNohup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := launch(t, dir, "sh", "-c", `trap "" HUP && exec "$0" start sum --n 100 --delay 5ms`, wf(t))
	awaitRunning(t, dir, 1)
	p.signal(syscall.SIGHUP)
	p.expect(0)
	if got, want := p.stdout.String(), "5050\n"; got != want {
		t.Errorf("stdout = %q, want %q", got, want)
	}
}

// resumed resumes the only run, which must end with the sum of 1 to 12, and returns what it says.
func resumed(t *testing.T, dir string) string {
	t.Helper()
	p := launch(t, dir, wf(t), "resume")
	p.expect(0)
	if got, want := p.stdout.String(), "78\n"; got != want {
		t.Errorf("result = %q, want %q", got, want)
	}
	mustRun(t, dir, wf(t), "check")
	return p.stderr.String()
}

func mustContain(t testing.TB, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Errorf("%q does not contain %q", text, part)
	}
}

// A step that does not hear the first stop cannot hold up the second, which is told from the first by
// the time between them.
func TestSecondStopExitsAtOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		sig  syscall.Signal
		code int
	}{{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}, {syscall.SIGHUP, 129}}
	for _, tt := range tests {
		t.Run(tt.sig.String(), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			p := launch(t, dir, crashprog(t), "start", "deaf", "--out", "none", "--gate", "never")
			run := awaitRunning(t, dir, 1)
			time.Sleep(time.Until(run.Started.Add(time.Second))) // by then its step has begun, which nobody outside can see
			p.signal(syscall.SIGTERM)
			p.signal(syscall.SIGINT) // of another kind, so that the kernel does not merge the two
			const advice = "saving; press Ctrl-C again to end without it\n"
			eventually(t, "the advice to press Ctrl-C again", func() bool { return strings.Contains(p.stderr.String(), advice) })
			begun := time.Now()
			p.signal(tt.sig)
			p.expect(tt.code)
			if took := time.Since(begun); took > time.Second {
				t.Errorf("the process ended %v after the second stop", took)
			}
			mustContain(t, p.stderr.String(), advice+"crashprog: ended without saving what was not saved yet; go on with: crashprog resume 1\n")
			run = awaitRun(t, dir, 1, "is as it was", func(engine.Run) bool { return true })
			if run.Status != engine.Running {
				t.Errorf("run 1 is %s, want it running under a dead owner", run.Status)
			}
			mustRun(t, dir, wf(t), "check")
		})
	}
}

// P8: completion, result and clean-up commit together.
func TestWhatRemainsOfACompletedRun(t *testing.T) {
	t.Parallel()
	tests := []struct {
		keep    string
		states  bool
		history bool
	}{{"", false, true}, {"none", false, false}, {"history", false, true}, {"all", true, true}}
	for _, tt := range tests {
		t.Run("keep "+tt.keep, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			args := []string{"start", "--every", "5", "sum", "--n", "20"}
			if tt.keep != "" {
				args = []string{"start", "--every", "5", "--keep", tt.keep, "sum", "--n", "20"}
			}
			if got := mustRun(t, dir, wf(t), args...); got != "210\n" {
				t.Errorf("result = %q, want 210", got)
			}
			eng, done := reading(t, dir)
			defer done()
			states, err := eng.States(context.Background(), 1)
			if err != nil || len(states) > 0 != tt.states {
				t.Errorf("States = %d checkpoints, %v; want some: %v", len(states), err, tt.states)
			}
			history := strings.Count(mustRun(t, dir, wf(t), "history", "1", "-o", "jsonl"), "\n")
			if history > 0 != tt.history {
				t.Errorf("history = %d events, want some: %v", history, tt.history)
			}
			run, err := eng.Get(context.Background(), 1)
			if err != nil || run.Status != engine.Completed || string(run.Result) != "210" {
				t.Errorf("run = %s, result %s, %v; want completed with 210", run.Status, run.Result, err)
			}
			mustRun(t, dir, wf(t), "check")
		})
	}
}

// startBudget is far above what a start takes on an idle machine, which the log tells.
const startBudget = 250 * time.Millisecond

func TestCommandsStartFast(t *testing.T) {
	t.Parallel()
	const runs = 1000
	dir := t.TempDir()
	mustRun(t, dir, crashprog(t), "enqueue", "wf.db", "out", "0", strconv.Itoa(runs))
	for _, args := range [][]string{{"version"}, {"list"}, {"show", "@last"}} {
		took := make([]time.Duration, 9)
		for i := range took {
			begun := time.Now()
			mustRun(t, dir, wf(t), args...)
			took[i] = time.Since(begun)
		}
		got := median(took)
		t.Logf("wf %s beside %d runs: median %v", args[0], runs, got)
		if got > startBudget {
			t.Errorf("wf %s takes %v, want less than %v", args[0], got, startBudget)
		}
	}
}
