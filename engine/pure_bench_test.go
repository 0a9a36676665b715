package engine_test

import (
	"testing"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/internal/costs"
)

const climbing engine.Name[count, int64] = "climbing"

// climb adds one number a visit, until there are n. before, if there is one, is called first in each.
func climb(pure bool, before func(*engine.Context, *count) error) engine.Workflow[count, int64] {
	return engine.Workflow[count, int64]{Name: climbing, Steps: []engine.Step[count]{{Name: "up", Pure: pure,
		Do: func(ctx *engine.Context, s *count) (engine.Transition, error) {
			if before != nil {
				if err := before(ctx, s); err != nil {
					return engine.Transition{}, err
				}
			}
			if s.I == s.N {
				return climbing.Done(s.Total), nil
			}
			s.I++
			s.Total += s.I
			return engine.Repeat(), nil
		}}}}
}

// One run at a time in the foreground, one pure step: created, executed and completed in one commit.
func BenchmarkRunOnePureStep(b *testing.B) {
	eng := newEngine(b, climb(true, nil))
	b.ReportAllocs()
	defer costs.Processor(b)()
	for b.Loop() {
		if _, err := climbing.Run(b.Context(), eng, count{}, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// One run of b.N steps, pure or with a commit each.
func BenchmarkSteps(b *testing.B) {
	for _, kind := range []string{"pure", "effectful"} {
		b.Run(kind, func(b *testing.B) {
			eng := newEngine(b, climb(kind == "pure", nil))
			b.ReportAllocs()
			b.ResetTimer()
			defer costs.Processor(b)()
			if _, err := climbing.Run(b.Context(), eng, count{N: int64(b.N)}, nil); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "steps/s")
		})
	}
}
