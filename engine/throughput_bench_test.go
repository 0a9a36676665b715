package engine_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/internal/costs"
)

// many runs of five steps each, 100 in flight: the rate of completed runs and of transitions.
func BenchmarkRunsInFlight(b *testing.B) {
	eng, err := engine.Open(b.Context(), engine.Config{Path: filepath.Join(b.TempDir(), "wf.db"), Workers: 100}, fiveSteps())
	if err != nil {
		b.Fatal(err)
	}
	defer eng.Close() //nolint:errcheck // the runs were waited for
	serve(b, eng)
	b.ResetTimer()
	defer costs.Processor(b)()
	var wg sync.WaitGroup
	slots := make(chan struct{}, 100)
	for range b.N {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			run, err := five.Start(b.Context(), eng, trip{}, nil)
			if err == nil {
				_, err = five.Wait(b.Context(), eng, run.ID)
			}
			if err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
	b.ReportMetric(5*float64(b.N)/b.Elapsed().Seconds(), "transitions/s")
}

const five engine.Name[trip, string] = "five"

func fiveSteps() engine.Workflow[trip, string] {
	w := engine.Workflow[trip, string]{Name: five}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		w.Steps = append(w.Steps, visit(name, engine.Next()))
	}
	return w
}

// One run at a time in the foreground, one step: from the call to the result.
func BenchmarkRunOneStep(b *testing.B) {
	eng := newEngine(b, countTo(nil))
	defer costs.Processor(b)()
	for b.Loop() {
		if _, err := counting.Run(b.Context(), eng, count{N: 1}, nil); err != nil {
			b.Fatal(err)
		}
	}
}
