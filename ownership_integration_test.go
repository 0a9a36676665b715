//go:build unix

package wf_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

func median(list []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(list))[len(list)/2]
}

// P5: at most one process commits for a run.
func TestOneOfTwoProcessesResumesARun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out, gate := filepath.Join(dir, "out"), filepath.Join(dir, "gate")
	p := launch(t, dir, crashprog(t), "start", "gate", "--out", out, "--gate", gate)
	eventually(t, "the call before the gate", func() bool { return len(linesOf(t, out)) == 1 })
	awaitRun(t, dir, 1, "has recorded the call", func(r engine.Run) bool { return r.Seq == 2 })
	p.kill()

	both := []*process{launch(t, dir, crashprog(t), "resume", "1"), launch(t, dir, crashprog(t), "resume", "1")}
	eventually(t, "the end of one of the two", func() bool { return !both[0].alive() || !both[1].alive() })
	winner, loser := both[0], both[1]
	if !winner.alive() {
		winner, loser = loser, winner
	}
	loser.expect(6)
	mustContain(t, loser.stderr.String(), "run 1 is executed by pid "+strconv.Itoa(winner.cmd.Process.Pid))
	mustRun(t, dir, "touch", gate)
	winner.expect(0)
	if got := winner.stdout.String(); got != "passed\n" {
		t.Errorf("result = %q, want passed", got)
	}
	mustHaveCalls(t, out, "1/1/before/0", "1/1/after/0")
	mustRun(t, dir, wf(t), "check")
}

func mustHaveCalls(t *testing.T, out string, want ...string) {
	t.Helper()
	if got := linesOf(t, out); !slices.Equal(got, want) {
		t.Errorf("calls = %q, want %q", got, want)
	}
}

// P5: a deposed owner's write changes nothing, and it is told.
func TestStoppedOwnerIsDeposed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out, gate := filepath.Join(dir, "out"), filepath.Join(dir, "gate")
	owner := launch(t, dir, crashprog(t), "start", "gate", "--out", out, "--gate", gate)
	awaitRun(t, dir, 1, "has recorded the call", func(r engine.Run) bool { return r.Seq == 2 })
	owner.signal(syscall.SIGSTOP)
	worker := launch(t, dir, crashprog(t), "observe", "wf.db")
	taken := awaitRun(t, dir, 1, "has another owner", func(r engine.Run) bool { return r.Status == engine.Running && r.Worker != 1 })
	mustRun(t, dir, "touch", gate)
	ended := awaitRun(t, dir, 1, "has ended", func(r engine.Run) bool { return r.Status.Ended() })

	owner.signal(syscall.SIGCONT)
	owner.expect(1)
	mustContain(t, owner.stderr.String(), engine.ErrLeaseLost.Error())
	if got := owner.stdout.String(); got != "" {
		t.Errorf("the deposed owner printed %q", got)
	}
	after := awaitRun(t, dir, 1, "is as it was", func(engine.Run) bool { return true })
	if after.Seq != ended.Seq || after.Status != engine.Completed || after.Epoch < taken.Epoch {
		t.Errorf("run = %s seq %d after its deposed owner woke up, want %s seq %d", after.Status, after.Seq, ended.Status, ended.Seq)
	}
	mustHaveCalls(t, out, "1/1/before/0", "1/1/after/0")
	worker.signal(syscall.SIGTERM)
	worker.expect(0)
	mustRun(t, dir, wf(t), "check")
}

// P6: takeover after kill -9 takes milliseconds, not a lease time-out, and hardly more when the owner
// dies right after its birth.
func TestTakeoverFromAKilledOwner(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	worker := launch(t, dir, wf(t), "worker")
	id := int64(0)
	for name, saves := range map[string]int64{"right after its start": 0, "in the middle of its work": 20} {
		var took []time.Duration
		for range 5 {
			id++
			owner := launch(t, dir, wf(t), "start", "--every", "1", "sum", "--n", "1000", "--delay", "10ms")
			awaitRun(t, dir, id, "is running", func(r engine.Run) bool { return r.Status == engine.Running && r.Saves >= saves })
			killed := time.Now()
			owner.kill()
			awaitRun(t, dir, id, "has been taken over", func(r engine.Run) bool { return r.Status == engine.Running && r.Epoch > 1 })
			mustRun(t, dir, wf(t), "cancel", fmt.Sprint(id)) // so that it does not disturb the others
			claims := events(t, dir, engine.HistoryFilter{Run: id, Kinds: []string{"claimed"}})
			took = append(took, claims[0].Time.Sub(killed))
		}
		t.Logf("from kill -9 of an owner %s to takeover: median %v, all %v", name, median(took), took)
		if worst := slices.Max(took); worst > time.Second {
			t.Errorf("a takeover from an owner killed %s took %v, want less than a second", name, worst)
		}
	}
	worker.signal(syscall.SIGTERM)
	worker.expect(0)
}

func TestWorkerDrains(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const runs = 3
	for range runs {
		mustRun(t, dir, wf(t), "start", "--detach", "--every", "1", "sum", "--n", "40", "--delay", "20ms")
	}
	worker := launch(t, dir, wf(t), "worker")
	for id := int64(1); id <= runs; id++ {
		awaitRun(t, dir, id, "has saved", func(r engine.Run) bool { return r.Saves > 2 })
	}
	begun := time.Now()
	worker.signal(syscall.SIGTERM)
	worker.expect(0)
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("the worker took %v to drain", took)
	}
	eng, done := reading(t, dir)
	list, err := eng.List(context.Background(), engine.RunFilter{WithState: true})
	if err != nil {
		t.Fatal(err)
	}
	done()
	for _, run := range list {
		if run.Status != engine.Pending || run.Worker != 0 || run.Saves < 3 || run.Deaths != 0 {
			t.Errorf("run %d is %s with owner %d, %d checkpoints and %d deaths; want it pending with its state",
				run.ID, run.Status, run.Worker, run.Saves, run.Deaths)
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(mustRun(t, dir, wf(t), "resume")), "\n") {
		if _, result, _ := strings.Cut(line, "\t"); result != "820" {
			t.Errorf("resumed run = %q, want 820", line)
		}
	}
	for _, ev := range events(t, dir, engine.HistoryFilter{Kinds: []string{"claimed"}}) {
		mustContain(t, string(ev.Detail), `"was":"pending"`)
	}
	mustRun(t, dir, wf(t), "check")
}
