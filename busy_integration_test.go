//go:build unix

package wf_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Nobody who uses one file together with others is told that it is busy, and nobody starves.
func TestManyProcessesOnOneFile(t *testing.T) {
	t.Parallel()
	const busyFor = 3 * time.Second
	dir := t.TempDir()
	mustRun(t, dir, wf(t), "start", "sum", "--n", "1")
	worker := launch(t, dir, wf(t), "worker")
	start := func(int) []string { return []string{"start", "--every", "10", "sum", "--n", "200"} }
	loops := map[string]func(i int) []string{
		"start":       start,
		"start again": start,
		"enqueue":     func(int) []string { return []string{"start", "--detach", "--every", "10", "sum", "--n", "200"} },
		"list":        func(int) []string { return []string{"list", "-o", "jsonl"} },
		"query":       func(int) []string { return []string{"query", "SELECT count(*) FROM wf_history"} },
		"backup":      func(i int) []string { return []string{"backup", filepath.Join(dir, fmt.Sprintf("copy-%d.db", i))} },
	}
	var wg sync.WaitGroup
	var mu sync.Mutex // guards rounds
	rounds := map[string]int{}
	end := time.Now().Add(busyFor)
	for name, args := range loops {
		wg.Go(func() {
			for i := 0; time.Now().Before(end) && !t.Failed(); i++ {
				mustBeCalm(t, dir, args(i)...)
				mu.Lock()
				rounds[name]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	t.Logf("commands in %v: %v", busyFor, rounds)
	for name := range loops {
		if rounds[name] == 0 {
			t.Errorf("%s was not done once", name)
		}
	}
	worker.signal(syscall.SIGTERM)
	worker.expect(0)
	mustNotBeBusy(t, worker)
	mustRun(t, dir, wf(t), "check")
	mustRun(t, dir, wf(t), "check", "--db", "copy-0.db")
}

// mustBeCalm runs a command that must succeed without a word about locks. It is called from several
// goroutines, so it only marks the test as failed.
func mustBeCalm(t *testing.T, dir string, args ...string) {
	t.Helper()
	p, err := begin(dir, wf(t), args...)
	if err != nil {
		t.Error(err)
		return
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Errorf("wf %v has not ended after %v", args, patience)
		_ = p.cmd.Process.Kill() // fails if it has ended just now
		<-p.ended
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("wf %v: exit code %d\n%s", args, code, p.stderr.String())
	}
	mustNotBeBusy(t, p)
}

func mustNotBeBusy(t *testing.T, p *process) {
	t.Helper()
	for _, text := range []string{p.stdout.String(), p.stderr.String()} {
		for _, word := range []string{"SQLITE_BUSY", "locked", "busy"} {
			if strings.Contains(text, word) {
				t.Errorf("%v says %q", p.cmd.Args, text)
			}
		}
	}
}
