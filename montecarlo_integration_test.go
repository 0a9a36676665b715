//go:build unix

package wf_test

import (
	"testing"
	"time"
)

// P2, P3: a Monte-Carlo whose process is killed again and again ends bit-identical to one that nothing
// interrupts: the result, all estimates on the way, and what its generators would draw next.
func TestMonteCarloIsBitIdentical(t *testing.T) {
	t.Parallel()
	const kills = 4
	rng := crashMoments(t)
	for _, streams := range []string{"1", "3"} {
		start := []string{"start", "--quiet", "--seed", "7", "--keep", "all", "--interval", "5ms", "pi", "--n", "1e8", "--batch", "4e6", "--streams", streams}
		calm := t.TempDir()
		want := mustRun(t, calm, wf(t), start...)
		dir := t.TempDir()
		p := launch(t, dir, wf(t), start...)
		killed := 0
		for awaitRunning(t, dir, 1); killed < kills; killed++ {
			live(t, rng, 60*time.Millisecond, dir, p)
			if p.cmd.ProcessState.Exited() {
				break // it was faster than the next kill
			}
			p = launch(t, dir, wf(t), "resume", "--quiet", "1")
		}
		if killed == 0 {
			t.Error("it was not killed once")
		}
		p.expect(0)
		t.Logf("%s streams: %d kills", streams, killed)
		if got := mustRun(t, dir, wf(t), "start", "--quiet", "--detach", "pi"); got != "2\n" {
			t.Errorf("the next run is %s, so the first one was started twice", got)
		}
		same(t, want, p.stdout.String(), "result")
		for _, query := range []string{
			"SELECT name, n, x, value FROM wf_metrics WHERE run = 1 ORDER BY name, n",
			"SELECT hex(random) AS random, state FROM wf_runs WHERE id = 1",
		} {
			same(t, mustRun(t, calm, wf(t), "query", "-o", "jsonl", query), mustRun(t, dir, wf(t), "query", "-o", "jsonl", query), query)
		}
	}
}

func same(t *testing.T, want, got, what string) {
	t.Helper()
	if got != want || want == "" {
		t.Errorf("%s: interrupted\n%s\nand not interrupted\n%s", what, got, want)
	}
}
