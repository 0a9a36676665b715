package engine_test

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// TestPeekDisturbsNobody looks at a run in the middle of a step that answers nothing: from the process that
// executes it, and from another engine on the same file.
func TestPeekDisturbsNobody(t *testing.T) {
	t.Parallel()
	saved, goOn := make(chan struct{}), make(chan struct{})
	wf := oneStep("count", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		s.I = 3
		ctx.Progress(3, 10)
		ctx.Metric("loss", 0.5)
		ctx.Metric("loss", math.NaN())
		ctx.Set("phase", "warm")
		if err := ctx.Save(); err != nil {
			return engine.Transition{}, err
		}
		ctx.Progress(4, 10)
		ctx.Metric("loss", 0.1) // not committed
		close(saved)
		<-goOn
		return engine.Next(), nil
	})
	wf.Checkpoint = engine.Checkpoint{Every: 1}
	path := filepath.Join(t.TempDir(), "wf.db")
	eng := openEngine(t, engine.Config{Path: path}, wf)
	other := openEngine(t, engine.Config{Path: path, Access: engine.ReadOnly}, wf)
	ended := make(chan error, 1)
	go func() {
		_, err := engine.Name[count, int64]("count").Run(context.Background(), eng, count{}, nil)
		ended <- err
	}()
	<-saved
	for name, tt := range map[string]struct {
		eng  *engine.Engine
		here bool
		done int64
	}{"here": {eng, true, 4}, "elsewhere": {other, false, 3}} {
		p, err := tt.eng.Peek(t.Context(), 1)
		if err != nil || p.Here != tt.here || p.Run.Progress != (engine.Progress{Done: tt.done, Total: 10}) || string(p.Run.State) != `{"n":0,"i":3,"total":0}` {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
		if len(p.Metrics) != 1 || p.Metrics[0].N != 1 || p.Metrics[0].X != 3 || !math.IsNaN(p.Metrics[0].Value) || p.Run.Attributes["phase"] != "warm" {
			t.Errorf("%s: metrics %+v, attributes %v", name, p.Metrics, p.Run.Attributes)
		}
	}
	close(goOn)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	p, err := other.Peek(t.Context(), 1)
	if err != nil || p.Here || p.Run.Status != engine.Completed || p.Metrics[0].Value != 0.1 {
		t.Errorf("at the end: %+v, %v", p, err)
	}
	if _, err := eng.Peek(t.Context(), 2); !errors.Is(err, engine.ErrRunNotFound) {
		t.Errorf("no run: %v", err)
	}
}
