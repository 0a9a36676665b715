package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/durable-wf/wf/engine/internal/costs"
	"github.com/durable-wf/wf/engine/internal/store"
)

// BenchmarkLoneTransition measures one transition after the other: a commit, hence a sync of the disk, each.
func BenchmarkLoneTransition(b *testing.B) {
	s := newStore(b)
	run := mustCreate(b, s, newWorker(b, s))
	l := run.Lease()
	b.ReportAllocs()
	defer costs.Processor(b)()
	for b.Loop() {
		mustApply(b, s, step(l, &run))
	}
}

// BenchmarkCreates measures new runs, inFlight at a time.
func BenchmarkCreates(b *testing.B) {
	s := newStore(b)
	b.ReportAllocs()
	b.ResetTimer()
	defer costs.Processor(b)()
	createRuns(b, s, 0, b.N)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
}

// createRuns creates n runs, inFlight at a time.
func createRuns(b *testing.B, s *store.Store, worker int64, n int) {
	b.Helper()
	var wg sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(n))
	for range inFlight {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				mustCreate(b, s, worker)
			}
		})
	}
	wg.Wait()
}

// BenchmarkClaims measures claims of so many pending runs at a time.
func BenchmarkClaims(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := newStore(b)
			worker := newWorker(b, s)
			createRuns(b, s, 0, b.N)
			b.ReportAllocs()
			b.ResetTimer()
			defer costs.Processor(b)()
			for left := b.N; left > 0; {
				runs, err := s.Claim(b.Context(), store.Claim{Worker: worker, Workflows: []string{"test"}, Limit: min(n, left)})
				must(b, err)
				if len(runs) == 0 {
					b.Fatalf("nothing to claim with %d runs left", left)
				}
				left -= len(runs)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
		})
	}
}

// BenchmarkRuns measures what the writer does for whole runs, inFlight at a time: they are created with an owner,
// make four transitions and complete with the fifth.
func BenchmarkRuns(b *testing.B) {
	s := newStore(b)
	worker := newWorker(b, s)
	b.ReportAllocs()
	b.ResetTimer()
	defer costs.Processor(b)()
	var wg sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(b.N))
	for range inFlight {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				run := mustCreate(b, s, worker)
				l := run.Lease()
				for range 4 {
					mustApply(b, s, step(l, &run))
				}
				c := end(l, &run, "completed")
				c.Row.Result = store.Payload{Codec: "json", Data: []byte(`{"receipt":12345}`)}
				mustApply(b, s, c)
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
}
