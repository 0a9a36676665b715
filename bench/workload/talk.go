package workload

import (
	"context"
	"fmt"
	"time"

	"github.com/durable-wf/wf/bench/subject"
)

// fanout is a run with many children.
func fanout() Workload {
	return Workload{
		Name: "fanout", Title: "Fan-out",
		Doc:  "One run starts N children of one step each, waits for all of them and adds up their results.",
		Size: 10_000, Quick: 20, InFlight: 100,
		Metrics: []Metric{{Name: "rate", Unit: "children/s"}, {Name: "took", Unit: "s", Label: "all together", Less: true}},
		Phases: []Phase{func(ctx context.Context, t *Trial) (Sample, error) {
			return t.measure(ctx, func(sys subject.System) (Sample, error) { return fanOut(ctx, t, sys) })
		}},
	}
}

func fanOut(ctx context.Context, t *Trial, sys subject.System) (Sample, error) {
	s, ok := sys.(subject.Spawner)
	if !ok {
		return nil, unable("its runs have no children")
	}
	do := func(id string, n int) error {
		r, err := s.Spawn(ctx, id, n)
		if err != nil {
			return err
		}
		return wait(ctx, r, int64(n)) // each child's only step returns 1
	}
	if err := do("warm", 10); err != nil {
		return nil, err
	}
	begun := time.Now()
	if err := do("fanout", t.Size); err != nil {
		return nil, err
	}
	took := time.Since(begun)
	return Sample{"rate": perSecond(t.Size, took), "took": took.Seconds()}, nil
}

// signals is how long a message to a run takes.
func signals() Workload {
	return Workload{
		Name: "signal", Title: "Signals",
		Doc:  "N runs, one after the other, wait for a signal: the time from the call that sends it until the step begins that it leads to.",
		Size: 500, Quick: 3, InFlight: 1,
		Metrics: []Metric{{Name: "p50", Unit: "s", Label: "p50", Less: true}, {Name: "p99", Unit: "s", Label: "p99", Less: true}},
		Phases:  []Phase{signalled},
	}
}

func signalled(ctx context.Context, t *Trial) (Sample, error) {
	began := make(chan time.Time, 1)
	t.Options.Step = func(ctx context.Context, _ string, i int) (int64, error) {
		select {
		case began <- time.Now():
			return int64(i + 1), nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return t.measure(ctx, func(sys subject.System) (Sample, error) {
		s, ok := sys.(subject.Signaller)
		if !ok {
			return nil, unable("its runs cannot wait for a message")
		}
		const warm = 5
		var list []time.Duration
		for i := range warm + t.Size {
			r, err := s.Await(ctx, fmt.Sprintf("signal-%d", i))
			if err != nil {
				return nil, err
			}
			sent := time.Now()
			if err := s.Signal(ctx, r); err != nil {
				return nil, err
			}
			if err := wait(ctx, r, 1); err != nil {
				return nil, err
			}
			if took := (<-began).Sub(sent); i >= warm {
				list = append(list, took)
			}
		}
		return Sample{"p50": quantile(list, 0.5), "p99": quantile(list, 0.99)}, nil
	})
}
