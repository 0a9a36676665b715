//go:build unix

package wf_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	crashKills = flag.Int("crash.kills", 24, "how many processes the crash tests kill")
	crashSeed  = flag.Uint64("crash.seed", 0, "seed of the moments of the kills; 0 draws one")
)

// crashMoments returns the random numbers of the test, and tells how to have them again.
func crashMoments(t *testing.T) *rand.Rand {
	t.Helper()
	seed := *crashSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("to kill at about the same moments: -crash.seed=%d -crash.kills=%d", seed, *crashKills)
	return rand.New(rand.NewPCG(seed, 0))
}

// undisturbed returns the result, as JSON, of a ledger that nothing interrupts.
func undisturbed(t *testing.T, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	result := mustRun(t, dir, crashprog(t), append(args, "--out", filepath.Join(dir, "out"))...)
	return strconv.Quote(strings.TrimSpace(result))
}

// live lets processes work for a random time and until another death can be endured, and kills them.
func live(t *testing.T, rng *rand.Rand, longest time.Duration, dir string, processes ...*process) {
	t.Helper()
	end := time.Now().Add(time.Duration(rng.Int64N(int64(longest))))
	eng, done := reading(t, dir)
	eventually(t, "no run at its second death", func() bool { return time.Now().After(end) && endurable(t, eng) })
	done() // nobody has the file open when the next process opens it
	for _, i := range rng.Perm(len(processes)) {
		p := processes[i]
		if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) { // it may have been faster
			t.Fatal(err)
		}
		p.wait()
	}
}

// killsPerRun is how many kills a run of TestForegroundRunSurvivesKills suffers: it is long enough for them.
const killsPerRun = 12

// P1, P2, P3: a run whose process is killed again and again ends with the result of a run that nothing
// interrupts, and makes no recorded call again.
func TestForegroundRunSurvivesKills(t *testing.T) {
	t.Parallel()
	kills := max(1, *crashKills/2)
	rng := crashMoments(t)
	dir := t.TempDir()
	a := newAudit(t, dir)
	start := []string{"start", "--quiet", "--seed", "7", "--every", "2", "ledger", "--rounds", fmt.Sprint(2 * killsPerRun), "--pause", "2ms"}
	want := undisturbed(t, start...)
	for killed, id := 0, int64(1); killed < kills; id++ {
		p := launch(t, dir, crashprog(t), append(start, "--out", a.out)...)
		awaitRunning(t, dir, id) // its start is acknowledged
		for end := min(kills, killed+killsPerRun); killed < end; killed++ {
			live(t, rng, 150*time.Millisecond, dir, p)
			if p.cmd.ProcessState.Exited() {
				t.Fatalf("after %d of %d kills the process has ended by itself: %v\n%s", killed, kills, p.cmd.ProcessState, p.stderr.String())
			}
			a.look()
			p = launch(t, dir, crashprog(t), "resume", "--quiet", fmt.Sprint(id))
		}
		p.expect(0)
		if got := strconv.Quote(strings.TrimSpace(p.stdout.String())); got != want {
			t.Errorf("stdout = %s, want %s", got, want)
		}
		a.look()
	}
	a.mustAllEnd(want)
	t.Logf("%d kills, %d calls, %d of them made again", kills, len(a.made), a.redo)
}

// P1, P2, P3, P6: many runs, whose worker is killed again and again together with the process that
// enqueues them. Each start that was acknowledged is there, and each key stands for one run.
func TestWorkerSurvivesKills(t *testing.T) {
	t.Parallel()
	kills := max(1, *crashKills-*crashKills/2)
	rng := crashMoments(t)
	dir := t.TempDir()
	a := newAudit(t, dir)
	want := undisturbed(t, "start", "--quiet", "--seed", "7", "--every", "2", "ledger")
	acked := map[int]int64{}     // ID by the number in its key
	perLife := max(200/kills, 8) // no more than a worker gets done, so that they do not pile up

	for killed := range kills {
		enqueue := launch(t, dir, crashprog(t), "enqueue", "wf.db", a.out, fmt.Sprint(len(acked)), fmt.Sprint((killed+1)*perLife-len(acked)))
		worker := launch(t, dir, crashprog(t), "worker", "--quiet", "--workers", "8")
		live(t, rng, 300*time.Millisecond, dir, worker, enqueue)
		acknowledge(t, acked, enqueue.stdout.String())
		a.look()
		mustHold(t, dir, acked)
	}
	acknowledge(t, acked, mustRun(t, dir, crashprog(t), "enqueue", "wf.db", a.out, "0", fmt.Sprint(kills*perLife)))
	mustRun(t, dir, crashprog(t), "resume", "--quiet", "--all", "--parallel", "16")
	a.look()
	if got := a.mustAllEnd(want); got != len(acked) {
		t.Errorf("there are %d runs, %d were acknowledged", got, len(acked))
	}
	t.Logf("%d kills, %d runs, %d calls, %d of them made again", 2*kills, len(acked), len(a.made), a.redo)
}

// acknowledge notes the complete lines that an enqueuer has printed: number and ID.
func acknowledge(t *testing.T, acked map[int]int64, stdout string) {
	t.Helper()
	for line := range strings.Lines(stdout) {
		if !strings.HasSuffix(line, "\n") {
			return
		}
		var n int
		var id int64
		if _, err := fmt.Sscan(line, &n, &id); err != nil {
			t.Fatalf("enqueuer printed %q: %v", line, err)
		}
		if was, ok := acked[n]; ok && was != id {
			t.Errorf("key-%d stood for run %d and now for run %d", n, was, id)
		}
		acked[n] = id
	}
}

// mustHold checks that every start that was acknowledged is in the database under its key.
func mustHold(t *testing.T, dir string, acked map[int]int64) {
	t.Helper()
	eng, done := reading(t, dir)
	defer done()
	for n, id := range acked {
		run, err := eng.Get(context.Background(), id)
		if err != nil || run.Key != fmt.Sprintf("key-%d", n) {
			t.Errorf("key-%d was acknowledged as run %d, which has key %q, error %v", n, id, run.Key, err)
		}
	}
}
