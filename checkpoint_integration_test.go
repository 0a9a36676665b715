//go:build unix

package wf_test

import (
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// A kill costs at most a second of work by default, whenever it comes; and saving so often costs next to nothing. The
// time between the last commit and the kill is what is lost.
func TestKillLosesLittle(t *testing.T) {
	t.Parallel()
	const slack = 500 * time.Millisecond // for a machine that has other things to do
	dir := t.TempDir()
	p := launch(t, dir, wf(t), "start", "--key", "k", "sum", "--n", "1e17")
	eng, done := reading(t, dir)
	defer done()
	for kill := range 3 {
		before := int64(kill+1) * 2 // saves
		var run engine.Run
		eventually(t, "saves", func() bool {
			run, _ = eng.Find(t.Context(), "k")
			return run.Saves >= before
		})
		moment := time.Now().Add(rand.N(time.Second))
		eventually(t, "a moment at random", func() bool { return time.Now().After(moment) })
		p.signal(syscall.SIGKILL)
		killed := time.Now()
		p.wait()
		run, err := eng.Find(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		if lost := killed.Sub(run.Updated); lost > time.Second+slack {
			t.Errorf("kill %d lost %v of work, want at most 1s", kill, lost)
		}
		if share := float64(run.Stall) / float64(run.Updated.Sub(run.Started)); share > 0.01 {
			t.Errorf("%d saves stalled the run for %v, %.2f %% of its time", run.Saves, run.Stall, 100*share)
		} else {
			t.Logf("kill %d: %v lost, %d saves, stalled %v (%.4f %%), a save takes %v", kill, killed.Sub(run.Updated).Round(time.Millisecond),
				run.Saves, run.Stall, 100*share, run.Pace.Cost)
		}
		p = launch(t, dir, wf(t), "start", "--key", "k", "sum", "--n", "1e17")
	}
	eventually(t, "the last owner", func() bool { return strings.Contains(p.stderr.String(), "goes on") })
	p.signal(syscall.SIGUSR1)
	p.expect(75)
	for _, part := range []string{"; its owner died, which saved every 1s", " (saved ", " after SIGUSR1); go on with: "} {
		mustContain(t, p.stderr.String(), part)
	}
}
