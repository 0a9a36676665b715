package engine_test

import (
	"context"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// One run at a time, of one step, beside a worker of the same process: from the call of Start to the result.
func BenchmarkStartToWait(b *testing.B) {
	eng := newEngine(b, countTo(nil))
	serve(b, eng)
	b.ReportAllocs()
	for b.Loop() {
		run, err := counting.Start(b.Context(), eng, count{N: 1}, nil)
		if err == nil {
			_, err = counting.Wait(b.Context(), eng, run.ID)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
}

// A resume of a run with 10,000 transitions, to its step and out of it again.
func BenchmarkLongResume(b *testing.B) {
	const transitions = 10_000
	var stop context.CancelFunc
	flow := oneStep("long", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		if s.I < transitions {
			s.I++
			return engine.Repeat(), nil
		}
		stop()
		<-ctx.Done()
		return engine.Transition{}, ctx.Err()
	})
	flow.Steps[0].Pure = true
	eng := newEngine(b, flow)
	run, err := engine.Name[count, int64]("long").Start(b.Context(), eng, count{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	resume := func() {
		var ctx context.Context
		ctx, stop = context.WithCancel(b.Context())
		if got, err := eng.Execute(ctx, run.ID, nil); err != nil || got.Status != engine.Suspended {
			b.Fatalf("Execute = %s, %v", got.Status, err)
		}
	}
	resume()
	for b.Loop() {
		resume()
	}
}

// A page of 1,000 runs, and one of as many events.
func BenchmarkPage(b *testing.B) {
	const rows = 1000
	flow := oneStep("long", func(_ *engine.Context, s *count) (engine.Transition, error) {
		if s.I++; s.I < rows {
			return engine.Repeat(), nil
		}
		return engine.Done(s.I), nil
	})
	flow.Steps[0].Pure = true
	eng := newEngine(b, countTo(nil), flow)
	if _, err := engine.Name[count, int64]("long").Run(b.Context(), eng, count{}, nil); err != nil {
		b.Fatal(err)
	}
	if err := startMany(b.Context(), eng, rows); err != nil {
		b.Fatal(err)
	}
	b.Run("runs", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if runs, err := eng.List(b.Context(), engine.RunFilter{}); err != nil || len(runs) != rows {
				b.Fatal(len(runs), err)
			}
		}
	})
	b.Run("history", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if events, err := eng.History(b.Context(), engine.HistoryFilter{Run: 1}); err != nil || len(events) != rows {
				b.Fatal(len(events), err)
			}
		}
	})
}
