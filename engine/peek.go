package engine

import (
	"context"

	"github.com/durable-wf/wf/engine/internal/store"
)

// Peek is what is known of a run right now, whether it executes or not.
type Peek struct {
	Run     Run      // as it was committed last, with its state if that is no larger than 1 MiB; its progress is newer if this process executes it, and that of its children while it waits for them
	Here    bool     // this process executes it
	Metrics []Metric // the newest point of each series
}

// Peek looks at a run without disturbing it: it takes no lock that the run could wait for, and asks nothing
// of its step. It costs three small reads.
func (e *Engine) Peek(ctx context.Context, id int64) (Peek, error) {
	run, err := e.outline(ctx, id)
	if err != nil {
		return Peek{}, err
	}
	p := Peek{Run: run}
	if p.Metrics, err = e.LatestMetrics(ctx, id); err != nil {
		return Peek{}, err
	}
	if progress, here := e.Live(id); here {
		p.Run.Progress, p.Here = progress, true
		return p, nil
	}
	if run.Waiting.Kind == store.WaitChildren {
		p.Run.Progress, err = e.FamilyProgress(ctx, id)
	}
	return p, err
}
