package engine_test

import (
	"context"
	"errors"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// What a step makes of a refused call does not count.
func TestRefusedCallInventsNoProgress(t *testing.T) {
	t.Parallel()
	var eng *engine.Engine
	w := oneStep("r", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		for s.I < s.N {
			if s.I == 1 && s.Total == 0 {
				_, _ = eng.Pause(context.Background(), ctx.Run().ID, "")
			}
			if err := engine.Exec(ctx, "item", func(context.Context) error { return nil }); err != nil {
				s.Total++ // items that failed
			}
			s.I++
		}
		return engine.Done(s.Total), nil
	})
	eng = newEngine(t, w)
	failed, err := w.Name.Run(t.Context(), eng, count{N: 5}, nil)
	var re *engine.RunError
	if !errors.As(err, &re) || re.Status != engine.Paused {
		t.Errorf("Run = %d failed items, %v; want paused", failed, err)
	}
}
