package workload

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/durable-wf/wf/bench/subject"
)

const (
	manySteps = 5
	perCommit = 100 // changes, in the baseline
)

// many is a number of runs of five steps, so many of them in flight: as soon as one has completed, another is started.
func many(inFlight int) Workload {
	return Workload{
		Name: fmt.Sprintf("many%d", inFlight), Title: fmt.Sprintf("Many runs, %s in flight", grouped(float64(inFlight))),
		Doc: fmt.Sprintf("N runs of %d steps with effects. %s clients start a run, wait until it has completed, and start another; an engine that is given fewer runs has only so many in flight. "+
			"The baseline writes the same rows, %d changes per commit, one statement for each row.", manySteps, grouped(float64(inFlight)), perCommit),
		Size: 20_000, Quick: 20, InFlight: inFlight,
		Metrics: []Metric{{Name: "rate", Unit: "runs/s"}, {Name: "cpu", Unit: "s", Label: "CPU per run", Less: true}, {Name: "peak", Unit: "bytes", Label: "peak resident memory", Less: true}},
		Phases: []Phase{func(ctx context.Context, t *Trial) (Sample, error) {
			return t.measure(ctx, func(sys subject.System) (Sample, error) { return manyRuns(ctx, t, sys) })
		}},
	}
}

func manyRuns(ctx context.Context, t *Trial, sys subject.System) (Sample, error) {
	do := func(ctx context.Context, n int, name string) error {
		if base, ok := sys.(subject.Baseline); ok {
			return base.Group(ctx, n, manySteps, perCommit)
		}
		return fleet(ctx, n, t.Options.InFlight, func(ctx context.Context, i int) error {
			return startAndWait(ctx, sys, fmt.Sprintf("%s-%d", name, i), subject.Shape{Steps: manySteps})
		})
	}
	if err := do(ctx, warmUp(t.Size, 2*t.Options.InFlight), "warm"); err != nil {
		return nil, err
	}
	used, begun := cpuTime(), time.Now()
	if err := do(ctx, t.Size, "run"); err != nil {
		return nil, err
	}
	took := time.Since(begun)
	s := Sample{"rate": perSecond(t.Size, took), "cpu": (cpuTime() - used).Seconds() / float64(t.Size)}
	if peak, ok := peakMemory(); ok {
		s["peak"] = peak
	}
	return s, nil
}

// fleet calls fn for 0 to n-1, so many at a time.
func fleet(ctx context.Context, n, inFlight int, fn func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(inFlight)
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error { return fn(ctx, i) })
	}
	return group.Wait()
}
