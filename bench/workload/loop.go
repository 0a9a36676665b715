package workload

import (
	"context"
	"time"

	"github.com/durable-wf/wf/bench/subject"
)

// loops is what it costs to ask in each iteration of a loop whether it is time to save.
func loops() Workload {
	return Workload{
		Name: "loop", Title: "Loops that may be saved at any time",
		Doc: "N iterations of a loop with and without the question whether a checkpoint is due, the best of seven turns each, for a body that adds two integers " +
			"and for one that divides; and, for a step that is saved once a second for ten seconds, the share of time for which it stood still.",
		Size: 200_000_000, Quick: 1_000_000, InFlight: 1,
		Metrics: []Metric{
			{Name: "add", Unit: "ns", Label: "a question, beside an addition", Less: true}, {Name: "divide", Unit: "ns", Label: "beside a division", Less: true},
			{Name: "addbare", Unit: "ns", Label: "the addition alone", Less: true}, {Name: "dividebare", Unit: "ns", Label: "the division alone", Less: true},
			{Name: "stalled", Unit: "%", Label: "stalled at 1 save/s", Less: true},
		},
		Phases: []Phase{func(ctx context.Context, t *Trial) (Sample, error) {
			return t.measure(ctx, func(sys subject.System) (Sample, error) { return askLoops(ctx, t, sys) })
		}},
	}
}

func askLoops(ctx context.Context, t *Trial, sys subject.System) (Sample, error) {
	l, ok := sys.(subject.Looper)
	if !ok {
		return nil, unable("its steps are not saved before they end")
	}
	saveFor := t.pause(10500 * time.Millisecond)
	c, err := l.Loop(ctx, t.Size, saveFor)
	return Sample{
		"add": c.AddAskingNS - c.AddNS, "divide": c.DivideAskingNS - c.DivideNS, "addbare": c.AddNS, "dividebare": c.DivideNS,
		"stalled": 100 * c.StalledShare,
	}, err
}
