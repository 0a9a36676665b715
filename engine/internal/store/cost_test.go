package store_test

import (
	"flag"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/clock"
	"github.com/durable-wf/wf/engine/internal/costs"
	"github.com/durable-wf/wf/engine/internal/store"
	"github.com/durable-wf/wf/engine/internal/tally"
)

var update = flag.Bool("update", false, "write into the documents what was counted")

// A commit costs what docs/architecture.md promises, however fast the machine is.
func TestCostOfCommits(t *testing.T) {
	t.Parallel()
	c := newCountedStore(t)
	worker := newWorker(t, c.Store)
	create := func() { _, err := c.Create(t.Context(), newCreate(0)); must(t, err) }
	claim := func(n int) func() {
		return func() {
			if runs, err := c.Claim(t.Context(), store.Claim{Worker: worker, Limit: n}); err != nil || len(runs) != n {
				t.Errorf("Claim = %d runs, %v, want %d", len(runs), err, n)
			}
		}
	}
	counted := map[string]tally.Counts{
		"a start":             c.commit(t, create),
		"100 starts":          c.commit(t, slices.Repeat([]func(){create}, 100)...),
		"a claim of a run":    c.commit(t, claim(1)),
		"a claim of 100 runs": c.commit(t, claim(100)),
	}
	var owned, steps [1000]func()
	for i := range steps {
		var run store.Run
		var lease *store.Lease
		owned[i] = func() { run = mustCreate(t, c.Store, worker); lease = run.Lease() }
		steps[i] = func() { mustApply(t, c.Store, step(lease, &run)) }
	}
	c.commit(t, owned[:]...)
	c.commit(t, steps[:]...) // the first transition keeps an older state, too, as one in each second does
	counted["a transition"] = c.commit(t, steps[0])
	counted["100 transitions of as many runs"] = c.commit(t, steps[:100]...)
	counted["1,000 transitions of as many runs"] = c.commit(t, steps[:]...)

	run := mustCreate(t, c.Store, worker)
	counted["a completion"] = c.commit(t, func() { mustApply(t, c.Store, end(run.Lease(), &run, "completed")) })
	document := costs.Document{Path: filepath.Join("..", "..", "..", "docs", "architecture.md"), Update: *update}
	document.Compare(t, "One commit, which waits for the disk once:", counted)
}

// countedStore counts the statements of each commit, by the number of requests in it.
type countedStore struct {
	*store.Store
	count *tally.Tally

	mu         sync.Mutex // guards what follows
	commits    map[int]tally.Counts
	busy, free chan struct{} // the next commit closes one, and then waits for the other
}

func newCountedStore(t *testing.T) *countedStore {
	t.Helper()
	c := &countedStore{count: tally.New(), commits: map[int]tally.Counts{}}
	ctx := clock.With(t.Context(), clock.New(time.Now())) // it stands still: what is done once a second is done once
	var err error
	c.Store, err = store.Open(tally.With(ctx, c.count), store.Options{
		Path: filepath.Join(t.TempDir(), "wf.db"), Create: true, Observe: c.committed,
	})
	must(t, err)
	t.Cleanup(func() { must(t, c.Close()) })
	return c
}

func (c *countedStore) committed(done store.Committed) {
	c.mu.Lock()
	c.commits[done.Requests] = c.count.Take()
	busy, free := c.busy, c.free
	c.busy, c.free = nil, nil
	c.mu.Unlock()
	if busy != nil {
		close(busy)
		<-free
	}
}

// commit calls all the functions, each of which makes a request, while the writer is kept busy, so that it then commits all of
// them at once. It returns what that took.
func (c *countedStore) commit(t *testing.T, requests ...func()) tally.Counts {
	t.Helper()
	var all sync.WaitGroup
	busy, free := make(chan struct{}), make(chan struct{})
	c.mu.Lock()
	c.busy, c.free = busy, free
	c.mu.Unlock()
	all.Go(func() { mustCreate(t, c.Store, 0) })
	<-busy
	for _, request := range requests {
		all.Go(request)
	}
	for c.Queued() < len(requests) {
		time.Sleep(time.Millisecond)
	}
	close(free)
	all.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.commits[len(requests)]
}
