package engine_test

import (
	"cmp"
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/durable-wf/wf/engine"
)

// heavy is a state that takes its time to be encoded.
type heavy struct {
	I     int64         `json:"i"`
	Takes time.Duration `json:"takes_ns"` // 0: encodes
}

type plainHeavy heavy

const encodes = 20 * time.Millisecond

func (h heavy) MarshalJSON() ([]byte, error) {
	time.Sleep(cmp.Or(h.Takes, encodes))
	return json.Marshal(plainHeavy(h))
}

func (h *heavy) UnmarshalJSON(doc []byte) error { return json.Unmarshal(doc, (*plainHeavy)(h)) }

// work is a step that works for a time in pieces, and looks for a save after each.
func work(total, piece time.Duration) func(*engine.Context, *heavy) (engine.Transition, error) {
	return func(ctx *engine.Context, s *heavy) (engine.Transition, error) {
		for begun := time.Now(); time.Since(begun) < total; s.I++ {
			time.Sleep(piece)
			ctx.Progress(s.I+1, -1)
			if ctx.Due() {
				if err := ctx.Save(); err != nil {
					return engine.Transition{}, err
				}
			}
		}
		return engine.Done(nil), nil
	}
}

// timedHost notes when saves come.
type timedHost struct {
	slowHost
	begun time.Time
	at    []time.Duration // of the saves, which do not overlap
}

func (h *timedHost) Save(s engine.Snapshot, done func(error)) {
	h.at = append(h.at, time.Since(h.begun))
	h.slowHost.Save(s, done)
}

// savesOf runs an attempt that begins with what others have learned, and returns when it has saved, since it began,
// and what.
func savesOf(t *testing.T, begin engine.Pace, do func(*engine.Context, *heavy) (engine.Transition, error)) ([]time.Duration, []engine.Snapshot) {
	t.Helper()
	h := &timedHost{slowHost: slowHost{takes: time.Millisecond}, begun: time.Now()}
	w := engine.Workflow[heavy, any]{Name: "heavy", Steps: []engine.Step[heavy]{{Name: "work", Do: do}}}
	out := w.RunStep(t.Context(), engine.Visit{
		Ref:  engine.Ref{ID: 1, Step: "work", Visit: 1, Attempt: 1},
		From: engine.Snapshot{State: engine.Payload{Codec: "json", Data: []byte(`{}`)}, Done: -1, Total: -1},
		MTBF: 24 * time.Hour, Pace: begin,
	}, h)
	if out.Err != nil || out.Refuse != nil {
		t.Fatalf("outcome = %+v", out)
	}
	return h.at, h.saves
}

// Saves of an expensive state stay within the budget of 0.1 %, once the first has shown what one costs; and a
// resumed run begins with what was learned.
func TestOverheadIsWithinTheBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const ran = 10 * time.Minute
		at, list := savesOf(t, engine.Pace{}, work(ran, 10*time.Millisecond))
		if len(at) < 20 || at[0] > 2*time.Second {
			t.Fatalf("saved at %v, want after a second, and then more than 20 times", at)
		}
		spent := time.Duration(len(at)-1) * encodes
		if share := float64(spent) / float64(ran); share > 0.001 || share < 0.0009 {
			t.Errorf("%d saves took %.3f %% of the time, want nearly 0.1 %%", len(at), 100*share)
		}
		pace := list[len(list)-1].Pace
		if pace.Bound != engine.ByOverhead || pace.Interval != 20*time.Second || pace.Stall != encodes || pace.Silence > 10*time.Millisecond {
			t.Errorf("pace = %+v, want 20s by the budget, for a stall of %v", pace, encodes)
		}
		if again, _ := savesOf(t, pace, work(time.Minute, 10*time.Millisecond)); len(again) != 2 || again[0] < 20*time.Second {
			t.Errorf("with what was learned the next attempt saves at %v, want twice, not before 20s", again)
		}
	})
}

// A process that has to end stops what it executes early enough for the last save: here the step looks up every
// 200 ms only, and encoding takes half a second. Nothing is lost, and the run says why it was stopped.
func TestTimeLimitLeavesTimeForTheLastSave(t *testing.T) {
	t.Parallel()
	const takes = 500 * time.Millisecond
	def := engine.Workflow[heavy, any]{Name: "heavy", Checkpoint: engine.Checkpoint{Overhead: 1},
		Steps: []engine.Step[heavy]{{Name: "work", Do: work(time.Hour, 200*time.Millisecond)}}}
	limit := time.Now().Add(4 * time.Second)
	eng := openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), StopAt: limit}, def)
	begun, err := def.Name.Start(t.Context(), eng, heavy{Takes: takes}, nil)
	if err != nil {
		t.Fatal(err)
	}
	run, err := eng.Execute(t.Context(), begun.ID, nil)
	left := time.Until(limit)
	if err != nil || run.Status != engine.Suspended || left < 0 {
		t.Fatalf("Execute = %s, %v, %v before the limit; want suspended in time", run.Status, err, left)
	}
	if run.Stop == nil || run.Stop.Cause != "the time limit" || !run.Stop.Saved || run.Stop.Took < takes {
		t.Errorf("stop = %+v, want one by the time limit, saved then", run.Stop)
	}
	if p := run.Pace; p.Silence == 0 || p.Slowest < takes {
		t.Errorf("pace = %+v, want the step's silence and the encoding in it", p)
	}
	var s heavy
	if err := json.Unmarshal(run.State, &s); err != nil || s.I+1 != run.Progress.Done {
		t.Errorf("state %s at progress %d: the save is not the last thing done", run.State, run.Progress.Done)
	}
}

// A step sees how often to save, and the earliest end of its time: what a program outside is told.
func TestContextTellsIntervalAndDeadline(t *testing.T) {
	t.Parallel()
	type seen struct {
		interval time.Duration
		deadline time.Time
	}
	var got seen
	def := func(timeout time.Duration, p engine.Checkpoint) engine.Workflow[heavy, any] {
		return engine.Workflow[heavy, any]{Name: "heavy", Checkpoint: p, Steps: []engine.Step[heavy]{{
			Name: "look", Timeout: timeout, Do: func(ctx *engine.Context, _ *heavy) (engine.Transition, error) {
				got.interval = ctx.Interval()
				got.deadline, _ = ctx.Deadline()
				return engine.Done(nil), nil
			},
		}}}
	}
	tests := []struct {
		name     string
		timeout  time.Duration
		policy   engine.Checkpoint
		process  time.Duration // of which the last 10 s are the engine's
		interval time.Duration
		left     time.Duration
	}{
		{"nothing said", 0, engine.Checkpoint{}, 0, time.Second, 0},
		{"a time-out", time.Minute, engine.Checkpoint{Interval: 7 * time.Second}, 0, 7 * time.Second, time.Minute},
		{"a process that ends later", time.Minute, engine.Checkpoint{Every: 3}, time.Hour, 0, time.Minute},
		{"a process that ends earlier", 2 * time.Hour, engine.Checkpoint{}, time.Hour, time.Second, time.Hour - 10*time.Second},
	}
	for _, tt := range tests {
		w := def(tt.timeout, tt.policy)
		cfg := engine.Config{Path: filepath.Join(t.TempDir(), "wf.db")}
		begun := time.Now()
		if tt.process > 0 {
			cfg.StopAt = begun.Add(tt.process)
		}
		eng := openEngine(t, cfg, w)
		if _, err := w.Name.Run(context.WithoutCancel(t.Context()), eng, heavy{}, nil); err != nil {
			t.Fatal(tt.name, err)
		}
		if got.interval != tt.interval {
			t.Errorf("%s: interval %v, want %v", tt.name, got.interval, tt.interval)
		}
		switch late := got.deadline.Sub(begun.Add(tt.left)); {
		case tt.left == 0 && !got.deadline.IsZero():
			t.Errorf("%s: deadline %v, want none", tt.name, got.deadline)
		case tt.left > 0 && (late < 0 || late > 10*time.Second):
			t.Errorf("%s: deadline %v, want %v after %v", tt.name, got.deadline, tt.left, begun)
		}
	}
}
