package workload

import (
	"context"
	"fmt"
	"time"

	"github.com/durable-wf/wf/bench/subject"
)

// startlat is how long it takes from the start of a run of one step until it has completed, on an idle engine.
func startlat() Workload {
	return Workload{
		Name: "startlat", Title: "Start to completed",
		Doc: "N runs of one step with effects, one after the other: from the call that starts the run until its result is there. " +
			"\"In the foreground\" is for engines that can execute a run in the caller's goroutine; \"pure\" has a step without effects. " +
			"The baseline commits twice; for a pure step, once.",
		Size: 1000, Quick: 5, InFlight: 1,
		Metrics: []Metric{
			{Name: "p50", Unit: "s", Label: "p50", Less: true}, {Name: "p99", Unit: "s", Label: "p99", Less: true},
			{Name: "fg50", Unit: "s", Label: "in the foreground, p50", Less: true}, {Name: "fg99", Unit: "s", Label: "p99", Less: true},
			{Name: "pure50", Unit: "s", Label: "pure, p50", Less: true},
		},
		Phases: []Phase{func(ctx context.Context, t *Trial) (Sample, error) {
			return t.measure(ctx, func(sys subject.System) (Sample, error) { return startLatencies(ctx, t, sys) })
		}},
	}
}

func startLatencies(ctx context.Context, t *Trial, sys subject.System) (Sample, error) {
	one, pure := subject.Shape{Steps: 1}, subject.Shape{Steps: 1, Pure: true}
	worker := func(s subject.Shape) func(string) error {
		return func(id string) error { return startAndWait(ctx, sys, id, s) }
	}
	sample := Sample{}
	measure := func(name string, fn func(id string) error) error {
		list, err := latencies(t.Size, name, fn)
		if err != nil {
			return err
		}
		sample[name+"50"], sample[name+"99"] = quantile(list, 0.5), quantile(list, 0.99)
		return nil
	}
	if err := measure("p", worker(one)); err != nil {
		return nil, err
	}
	fg, foreground := sys.(subject.Foreground)
	_, base := sys.(subject.Baseline)
	var err error
	switch {
	case foreground:
		execute := func(s subject.Shape) func(string) error {
			return func(id string) error {
				got, err := fg.Execute(ctx, id, s)
				if err == nil && got != 1 {
					err = fmt.Errorf("the step's result is %d, want 1", got)
				}
				return err
			}
		}
		if err = measure("fg", execute(one)); err == nil && t.Subject.Pure {
			err = measure("pure", execute(pure))
		}
	case base:
		err = measure("pure", worker(pure))
	}
	return sample, err
}

// latencies measures n calls after a few that are not.
func latencies(n int, name string, fn func(id string) error) ([]time.Duration, error) {
	warm := warmUp(n, 20)
	list := make([]time.Duration, 0, n)
	for i := range warm + n {
		begun := time.Now()
		if err := fn(fmt.Sprintf("%s-%d", name, i)); err != nil {
			return nil, err
		}
		if i >= warm {
			list = append(list, time.Since(begun))
		}
	}
	return list, nil
}
