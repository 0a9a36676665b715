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
	for _, streams := range []string{"1", "3"} {
		t.Run(streams+" streams", func(t *testing.T) {
			t.Parallel()
			mustBeBitIdentical(t, "--interval", "5ms", "pi", "--n", "1e8", "--batch", "4e6", "--streams", streams)
		})
	}
}

// P2, P3: the same of a simulation whose state is an array in files beside the database.
func TestSimulationIsBitIdentical(t *testing.T) {
	t.Parallel()
	mustBeBitIdentical(t, "--every", "100", "heat", "--nx", "400", "--ny", "400", "--steps", "1000", "--tolerance", "0")
}

// mustBeBitIdentical compares a run that is killed at random moments with one that is not.
func mustBeBitIdentical(t *testing.T, words ...string) {
	t.Helper()
	const kills = 3
	rng := crashMoments(t)
	start := append([]string{"start", "--quiet", "--seed", "7", "--keep", "all"}, words...)
	calm, dir := t.TempDir(), t.TempDir()
	want := mustRun(t, calm, wf(t), start...)
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
	t.Logf("%d kills", killed)
	same(t, want, p.stdout.String(), "result")
	for _, query := range []string{
		"SELECT name, n, x, value FROM wf_metrics WHERE run = 1 ORDER BY name, n",
		"SELECT hex(random) AS random, wf_json(state, codec) AS state FROM wf_runs WHERE id = 1",
	} {
		same(t, mustRun(t, calm, wf(t), "query", "-o", "jsonl", query), mustRun(t, dir, wf(t), "query", "-o", "jsonl", query), query)
	}
}

func same(t *testing.T, want, got, what string) {
	t.Helper()
	if got != want || want == "" {
		t.Errorf("%s: interrupted\n%.1000s\nand not interrupted\n%.1000s", what, got, want)
	}
}
