package workload

import (
	"context"
	"errors"
	"time"

	"github.com/durable-wf/wf/bench/subject"
)

// seq is one run of many steps with effects, each durable before the next.
func seq() Workload {
	return Workload{
		Name: "seq", Doc: "One run of N steps with effects, one after the other. Each is recorded before the next begins.",
		Size: 5000, Quick: 50, InFlight: 1,
		Metrics: []Metric{{Name: "steps_per_s", Label: "steps/s"}},
		Run: func(ctx context.Context, t *Trial) (Sample, error) {
			return oneRun(ctx, t, subject.Shape{Steps: t.Size})
		},
	}
}

// oneRun measures the rate of steps in one run. A short run goes ahead, for caches and statements.
func oneRun(ctx context.Context, t *Trial, s subject.Shape) (_ Sample, err error) {
	sys, err := t.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, sys.Close(ctx)) }()
	warm := s
	warm.Steps = min(20, s.Steps)
	if err := startAndWait(ctx, sys, "warm", warm); err != nil {
		return nil, err
	}
	begun := time.Now()
	if err := startAndWait(ctx, sys, "one", s); err != nil {
		return nil, err
	}
	return Sample{"steps_per_s": perSecond(s.Steps, time.Since(begun))}, nil
}

func startAndWait(ctx context.Context, sys subject.System, id string, s subject.Shape) error {
	r, err := sys.Start(ctx, id, s)
	if err != nil {
		return err
	}
	return wait(ctx, r, sum(s.Steps))
}
