package workload

import (
	"context"
	"time"

	"github.com/durable-wf/wf/bench/subject"
)

// seq is one run of many steps with effects, each durable before the next.
func seq() Workload {
	return Workload{
		Name: "seq", Title: "Sequential steps with effects",
		Doc:  "One run of N steps, one after the other. Each is recorded before the next begins.",
		Size: 5000, Quick: 20, InFlight: 1,
		Metrics: []Metric{{Name: "rate", Unit: "steps/s"}, {Name: "cpu", Unit: "s", Label: "CPU per step", Less: true}},
		Phases:  []Phase{func(ctx context.Context, t *Trial) (Sample, error) { return oneRun(ctx, t, false) }},
	}
}

// pure is the same with steps that have no effects outside, and may run ahead of the disk.
func pure() Workload {
	return Workload{
		Name: "pure", Title: "Sequential pure steps",
		Doc:  "One run of N steps without effects outside. An engine may execute the next ones while the last are being written.",
		Size: 100_000, Quick: 200, InFlight: 1, Pure: true,
		Metrics: []Metric{{Name: "rate", Unit: "steps/s"}, {Name: "cpu", Unit: "s", Label: "CPU per step", Less: true}},
		Phases:  []Phase{func(ctx context.Context, t *Trial) (Sample, error) { return oneRun(ctx, t, true) }},
	}
}

// warmSteps is how many steps of seq and pure go ahead unmeasured at most.
const warmSteps = 20

// SeqSteps is how many steps seq of a size executes, those included that go ahead.
func SeqSteps(size int) int { return size + warmUp(size, warmSteps) }

// oneRun measures the rate of steps in one run. A short run goes ahead, for caches and statements.
func oneRun(ctx context.Context, t *Trial, pure bool) (Sample, error) {
	return t.measure(ctx, func(sys subject.System) (Sample, error) {
		if err := startAndWait(ctx, sys, "warm", subject.Shape{Steps: warmUp(t.Size, warmSteps), Pure: pure}); err != nil {
			return nil, err
		}
		used, begun := cpuTime(), time.Now()
		if err := startAndWait(ctx, sys, "one", subject.Shape{Steps: t.Size, Pure: pure}); err != nil {
			return nil, err
		}
		took := time.Since(begun)
		return Sample{"rate": perSecond(t.Size, took), "cpu": (cpuTime() - used).Seconds() / float64(t.Size)}, nil
	})
}
