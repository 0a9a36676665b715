package engine_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// Each storm of restarts that does not get past a point takes the next older checkpoint, however far the run has come
// in between, until none is left: then the run is blocked. Once it is past, the storm is over.
func TestStormsWalkBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	ctx, stop := context.WithCancel(t.Context())
	defer func() { stop() }()
	poison, deaths := int64(4), 0
	var eng *engine.Engine
	def := countTo(func(c *engine.Context, s *count) error {
		c.Progress(s.I, s.N)
		c.Metric("residual", float64(-s.I)) // the best so far, so each checkpoint is kept
		if s.I != poison {
			return nil
		}
		run, err := eng.Get(context.WithoutCancel(c), 1)
		deaths = run.Deaths
		stop()
		<-c.Done()
		return errors.Join(err, context.Cause(c))
	})
	execute := func() (run engine.Run) {
		withEngine(t, path, func(e *engine.Engine) {
			var err error
			eng = e
			if run, err = e.Execute(ctx, 1, nil); err != nil {
				t.Fatal(err)
			}
		}, def)
		ctx, stop = context.WithCancel(t.Context())
		return run
	}
	withEngine(t, path, func(e *engine.Engine) {
		opts := &engine.StartOptions{Checkpoint: engine.Checkpoint{Every: 1}, Preserve: engine.Preserve{Best: "residual", Last: 9}}
		if _, err := counting.Start(t.Context(), e, count{N: 6}, opts); err != nil {
			t.Fatal(err)
		}
	}, def)
	if run := execute(); run.Status != engine.Suspended {
		t.Fatalf("the run is %s, want suspended at the poison", run.Status)
	}
	var run engine.Run
	for storm := 1; run.Status != engine.Blocked && storm < 9; storm++ {
		mustExec(t, path, "UPDATE wf_runs SET deaths = 3")
		deaths = 0
		if run = execute(); run.Status != engine.Blocked && deaths != 3 {
			t.Errorf("back at the poison in storm %d the run counts %d deaths, want 3", storm, deaths)
		}
	}
	if !strings.Contains(run.Reason, "3 owners in a row died at this checkpoint: mend the cause") {
		t.Errorf("the run is %s: %q, want blocked with the remedy", run.Status, run.Reason)
	}
	withEngine(t, path, func(e *engine.Engine) {
		var back []string
		for _, ev := range history(t, e, 1) {
			if ev.Kind == "fallback" {
				back = append(back, strings.Split(string(ev.Detail), `"`)[3])
			}
		}
		if want := []string{"i=3 total=6", "i=2 total=3", "i=1 total=1"}; !slices.Equal(back, want) {
			t.Errorf("fell back to %q, want %q", back, want)
		}
		bad := badStates(t, e)
		slices.Sort(bad)
		for i, want := range []string{"i=2 ", "i=3 ", "i=4 "} {
			if len(bad) != 3 || !strings.HasPrefix(bad[i], want) {
				t.Fatalf("bad checkpoints: %q, want those of i=2 to 4, behind that of i=1", bad)
			}
		}
		if _, err := e.Resume(t.Context(), 1, nil); err != nil {
			t.Fatal(err)
		}
	}, def)
	poison = -1 // the cause is mended
	if run := execute(); run.Status != engine.Completed || string(run.Result) != "21" || run.Deaths != 0 {
		t.Errorf("the run is %s %s with %d deaths, want 21", run.Status, run.Result, run.Deaths)
	}
	if left := scalar(t, path, "SELECT count(*) FROM wf_runs WHERE json_extract(learned, '$.storm') IS NOT NULL"); left != 0 {
		t.Error("the run still remembers the storm that is over")
	}
}
