package engine_test

import (
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// BenchmarkChildren spawns 1,000 children of one step and waits for their results: the time of the whole
// family, and per child; the same number of runs that nobody has spawned is the baseline.
func BenchmarkChildren(b *testing.B) {
	const n = 1000
	b.Run("family", func(b *testing.B) {
		eng := newEngine(b, square(nil), parent(func() engine.Transition { return engine.Spawn(squaresOf(n), "join") }))
		serve(b, eng)
		for b.Loop() {
			run, err := family.Start(b.Context(), eng, parcel{}, nil)
			if err != nil {
				b.Fatal(err)
			}
			if got, err := family.Wait(b.Context(), eng, run.ID); err != nil || len(got) != n {
				b.Fatal(len(got), err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/n, "µs/child")
	})
	b.Run("alone", func(b *testing.B) {
		eng := newEngine(b, square(nil))
		serve(b, eng)
		for b.Loop() {
			var wg sync.WaitGroup
			for i := range int64(n) {
				wg.Go(func() {
					run, err := squares.Start(b.Context(), eng, count{N: i}, nil)
					if err == nil {
						_, err = squares.Wait(b.Context(), eng, run.ID)
					}
					if err != nil {
						b.Error(err)
					}
				})
			}
			wg.Wait()
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/n, "µs/run")
	})
}

// BenchmarkSignalLatency measures from the call of Send to the first instruction of the step that it wakes,
// with a worker in the same process.
func BenchmarkSignalLatency(b *testing.B) {
	woke := make(chan time.Time, 1)
	ready := make(chan struct{}, 1)
	flow := engine.Workflow[parcel, []string]{Name: parcels, Signals: []engine.AnySignal{packed}, Steps: []engine.Step[parcel]{
		{Name: "wait", Do: func(*engine.Context, *parcel) (engine.Transition, error) { return packed.Await("packed"), nil }},
		{Name: "packed", Do: func(*engine.Context, *parcel) (engine.Transition, error) {
			woke <- time.Now()
			return engine.Goto("wait"), nil
		}},
	}}
	eng, err := engine.Open(b.Context(), engine.Config{Path: filepath.Join(b.TempDir(), "wf.db"), Observer: engine.Observer{
		RunWaiting: func(engine.Run) { ready <- struct{}{} },
	}}, flow)
	if err != nil {
		b.Fatal(err)
	}
	defer eng.Close() //nolint:errcheck // the run waits
	serve(b, eng)
	run, err := parcels.Start(b.Context(), eng, parcel{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	var took []time.Duration
	for b.Loop() {
		<-ready
		begun := time.Now()
		if err := packed.Send(b.Context(), eng, run.ID, packing{}, nil); err != nil {
			b.Fatal(err)
		}
		took = append(took, (<-woke).Sub(begun))
	}
	<-ready
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkWaitingRuns measures what 100,000 runs that wait for a signal cost a worker: memory and goroutines;
// and how long one of them takes to wake up. With -short they are 1,000.
func BenchmarkWaitingRuns(b *testing.B) {
	n := 100_000
	if testing.Short() {
		n = 1000
	}
	for b.Loop() {
		eng := newEngine(b, parcelFlow(1, awaitPacked))
		var wg sync.WaitGroup
		slots := make(chan struct{}, 200)
		for range n {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				if _, err := parcels.Start(b.Context(), eng, parcel{}, nil); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
		before := heap()
		goroutines := runtime.NumGoroutine()
		serve(b, eng)
		for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
			count, err := eng.Query(b.Context(), "SELECT count(*) FROM wf_runs WHERE status = 'waiting'", 1)
			if err != nil || time.Now().After(deadline) {
				b.Fatal("not all wait: ", count, err)
			}
			if count.Rows[0][0] == int64(n) {
				break
			}
		}
		b.ReportMetric(float64(heap()-before)/float64(n), "B/waiting")
		b.ReportMetric(float64(runtime.NumGoroutine()-goroutines), "goroutines")
		if err := packed.Send(b.Context(), eng, int64(n/2), packing{}, nil); err != nil {
			b.Fatal(err)
		}
		begun := time.Now()
		if _, err := parcels.Wait(b.Context(), eng, int64(n/2)); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(begun).Microseconds()), "µs-to-wake-one")
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) + int64(m.StackInuse)
}
