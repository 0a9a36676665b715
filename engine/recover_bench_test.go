package engine_test

import (
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/internal/fault"
)

// BenchmarkRecover measures how long it takes until all of 1,000 runs have completed whose process died in the middle of
// their five steps: from the opening of the file by another one, with default settings.
func BenchmarkRecover(b *testing.B) {
	const runs = 1000
	var commits atomic.Int64
	observer := engine.Observer{CommitEnded: func(engine.CommitEvent) { commits.Add(1) }}
	for b.Loop() {
		b.StopTimer()
		path := filepath.Join(b.TempDir(), "wf.db")
		dieInTheMiddle(b, path, runs)
		b.StartTimer()
		eng, err := engine.Open(b.Context(), engine.Config{Path: path, Observer: observer}, fiveSteps())
		if err != nil {
			b.Fatal(err)
		}
		serve(b, eng)
		for id := range int64(runs) {
			if run, err := eng.Wait(b.Context(), id+1); err != nil || run.Status != engine.Completed {
				b.Fatalf("run %d is %s, %v", id+1, run.Status, err)
			}
		}
		b.StopTimer()
		if err := eng.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(commits.Load())/float64(b.N), "commits/op")
}

// dieInTheMiddle executes runs until all of them are at their third step, and lets the engine die then as its process would
// under kill -9.
func dieInTheMiddle(b *testing.B, path string, runs int) {
	b.Helper()
	var reached atomic.Int64
	all, dead := make(chan bool), make(chan bool)
	w := fiveSteps()
	w.Steps[2].Do = func(*engine.Context, *trip) (engine.Transition, error) {
		if reached.Add(1) == int64(runs) {
			close(all)
		}
		<-dead
		return engine.Next(), nil
	}
	cut := fault.At(0, fault.BeforeCommit)
	eng, err := engine.Open(fault.With(b.Context(), cut), engine.Config{Path: path, Workers: runs, DrainTimeout: time.Second}, w)
	if err != nil {
		b.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- eng.Serve(b.Context()) }()
	for range runs {
		if _, err := five.Start(b.Context(), eng, trip{}, nil); err != nil {
			b.Fatal(err)
		}
	}
	<-all
	cut.Die()
	close(dead)
	_ = eng.Close() // it is dead
	<-served
}
