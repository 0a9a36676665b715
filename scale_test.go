//go:build unix

package wf_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// The campaign of make scale. By itself it says nothing about speed: it is then so small that it only shows that
// it runs.
var (
	scaleRuns = flag.Int("scale.runs", 300, "how many runs, or transitions of one run, the files of the scale campaign hold")
	scaleDir  = flag.String("scale.dir", "", "folder in which the scale campaign keeps its files, to be used again")
)

// campaign is from how many runs on times are held against their budgets.
const campaign = 100_000

// together lets a test run beside others, unless it measures.
func together(t *testing.T) {
	if *scaleRuns < campaign {
		t.Parallel()
	}
}

// tick is the state of the campaign's runs.
type tick struct {
	N int64 `json:"n" help:"how many transitions"`
}

const (
	ticking  engine.Name[tick, int64] = "tick"  // N transitions, each with a commit of its own
	sleeping engine.Name[tick, int64] = "sleep" // waits N microseconds
	napping  engine.Name[tick, int64] = "nap"   // waits until the time N
	awaiting engine.Name[tick, int64] = "await" // waits for a signal
	rung     engine.Signal[tick]      = "rung"
)

// scaleWorkflows are the definitions that each engine of the campaign has.
func scaleWorkflows() []engine.Definition {
	down := func(_ *engine.Context, s *tick) (engine.Transition, error) {
		if s.N--; s.N > 0 {
			return engine.Repeat(), nil
		}
		return engine.Done(s.N), nil
	}
	woken := func(_ *engine.Context, s *tick) (engine.Transition, error) { return engine.Done(s.N), nil }
	return []engine.Definition{
		engine.Workflow[tick, int64]{Name: ticking, Steps: []engine.Step[tick]{{Name: "down", Do: down}}},
		engine.Workflow[tick, int64]{Name: sleeping, Steps: []engine.Step[tick]{
			{Name: "sleep", Do: func(_ *engine.Context, s *tick) (engine.Transition, error) {
				return engine.Sleep(time.Duration(s.N)*time.Microsecond, "woken"), nil
			}},
			{Name: "woken", Do: woken},
		}},
		engine.Workflow[tick, int64]{Name: napping, Steps: []engine.Step[tick]{
			{Name: "nap", Do: func(_ *engine.Context, s *tick) (engine.Transition, error) {
				return engine.SleepUntil(time.UnixMicro(s.N), "woken"), nil
			}},
			{Name: "woken", Do: woken},
		}},
		engine.Workflow[tick, int64]{Name: awaiting, Signals: []engine.AnySignal{rung}, Steps: []engine.Step[tick]{
			{Name: "await", Do: func(*engine.Context, *tick) (engine.Transition, error) { return rung.Await("woken"), nil }},
			{Name: "woken", Do: woken},
		}},
	}
}

// openScale opens an engine on a file, and serves it.
func openScale(t testing.TB, path string, observer engine.Observer) *engine.Engine {
	t.Helper()
	eng, err := engine.Open(t.Context(), engine.Config{Path: path, Workers: 200, Observer: observer}, scaleWorkflows()...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := eng.Serve(ctx); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Cleanup(func() {
		stop()
		serving.Wait()
		if err := eng.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return eng
}

// scaleFile returns the path of a file that fill has filled: one of this test's own, or one that is kept.
func scaleFile(t *testing.T, name string, fill func(t *testing.T, path string)) string {
	t.Helper()
	if *scaleDir == "" {
		path := filepath.Join(t.TempDir(), name+".db")
		t.Run("fill", func(t *testing.T) { fill(t, path) })
		return path
	}
	dir := filepath.Join(*scaleDir, fmt.Sprintf("%s-%d", name, *scaleRuns))
	path := filepath.Join(dir, name+".db")
	if _, err := os.Stat(dir); err == nil {
		return path
	}
	part := dir + ".part"
	if err := os.RemoveAll(part); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(part, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Run("fill", func(t *testing.T) { fill(t, filepath.Join(part, name+".db")) })
	if err := os.Rename(part, dir); err != nil {
		t.Fatal(err)
	}
	return path
}

// startMany starts n runs, a thousand in each transaction.
func startMany(t testing.TB, eng *engine.Engine, name engine.Name[tick, int64], n int, state func(i int) tick) {
	t.Helper()
	for i := 0; i < n; {
		end := min(n, i+1000)
		err := eng.Tx(t.Context(), func(_ context.Context, tx engine.Tx) error {
			for ; i < end; i++ {
				if _, err := name.StartTx(tx, state(i), nil); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// counter counts what an observer is told, and tells when it has come to want.
type counter struct {
	want int64
	n    atomic.Int64
	done chan struct{}
}

func newCounter(want int) *counter { return &counter{want: int64(want), done: make(chan struct{})} }

func (c *counter) count(engine.Run) {
	if c.n.Add(1) == c.want {
		close(c.done)
	}
}

func (c *counter) wait(t testing.TB) {
	t.Helper()
	select {
	case <-c.done:
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}

// fillEnded fills a file with runs of three transitions that have completed.
func fillEnded(t *testing.T, path string) {
	ended := newCounter(*scaleRuns)
	eng := openScale(t, path, engine.Observer{RunEnded: ended.count})
	startMany(t, eng, ticking, *scaleRuns, func(int) tick { return tick{N: 3} })
	ended.wait(t)
}

// fillLong fills a file with one run that makes that many transitions and then waits for a signal.
func fillLong(t *testing.T, path string) {
	ended := newCounter(1)
	eng := openScale(t, path, engine.Observer{RunEnded: ended.count})
	startMany(t, eng, ticking, 1, func(int) tick { return tick{N: int64(*scaleRuns)} })
	ended.wait(t)
}

// fillTimers fills a file with runs that sleep for a day, many of them until the same second.
func fillTimers(t *testing.T, path string) {
	waiting := newCounter(*scaleRuns)
	eng := openScale(t, path, engine.Observer{RunWaiting: waiting.count})
	startMany(t, eng, sleeping, *scaleRuns, func(i int) tick {
		return tick{N: (24*time.Hour + time.Duration(i/1000)*time.Second).Microseconds()}
	})
	waiting.wait(t)
}

// fillSignals fills a file with runs that wait for a signal.
func fillSignals(t *testing.T, path string) {
	waiting := newCounter(*scaleRuns)
	eng := openScale(t, path, engine.Observer{RunWaiting: waiting.count})
	startMany(t, eng, awaiting, *scaleRuns, func(i int) tick { return tick{N: int64(i)} })
	waiting.wait(t)
}
