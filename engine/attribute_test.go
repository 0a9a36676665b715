package engine_test

import (
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/engine"
)

type color string

func TestSetTakesWhatCanBeSearchedBy(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 12, 0, 0, 5000, time.UTC)
	eng := newEngine(t, oneStep("say", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
		for name, value := range map[string]any{
			"int": -3, "uint8": uint8(7), "float": 2.5, "float32": float32(0.5), "text": "Ä", "named": color("red"), "yes": true, "no": false,
			"time": at, "duration": 3 * time.Second, "infinite": math.Inf(-1), "gone": 1, "never": nil, "odd name": "",
		} {
			ctx.Set(name, value)
		}
		ctx.Set("gone", nil)
		ctx.Set("int", 4) // the later counts
		return engine.Next(), nil
	}))
	name := engine.Name[count, int64]("say")
	if _, err := name.Run(t.Context(), eng, count{}, &engine.StartOptions{Attributes: map[string]any{"given": 1, "text": "old", "none": nil}}); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"int": int64(4), "uint8": int64(7), "float": 2.5, "float32": 0.5, "text": "Ä", "named": "red", "yes": int64(1), "no": int64(0),
		"time": at.UnixMicro(), "duration": int64(3_000_000), "infinite": math.Inf(-1), "odd name": "", "given": int64(1),
	}
	got, err := eng.Attributes(t.Context(), 1)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Attributes: %v (-want +got):\n%s", err, diff)
	}
	run, err := eng.Get(t.Context(), 1)
	if diff := cmp.Diff(want, run.Attributes); err != nil || diff != "" {
		t.Errorf("Get: %v (-want +got):\n%s", err, diff)
	}
	list, err := eng.List(t.Context(), engine.RunFilter{})
	if err != nil || len(list) != 1 || !cmp.Equal(want, list[0].Attributes) {
		t.Errorf("List: %+v, %v", list, err)
	}
	events := history(t, eng, 1)
	if first := string(events[0].Detail); !strings.Contains(first, `"set":{"given":1,"text":"old"}`) {
		t.Errorf("the first event says %s", first)
	}
	if last := string(events[len(events)-1].Detail); !strings.Contains(last, `"infinite":"-Inf","int":4,`) {
		t.Errorf("the last event says %s", last)
	}
	if _, err := eng.Attributes(t.Context(), 99); !errors.Is(err, engine.ErrRunNotFound) {
		t.Errorf("Attributes of no run: %v", err)
	}
}

func TestSetRefusesWhatCannotBeSearchedBy(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		value any
		want  string
	}{
		{"", 1, "its name is empty"},
		{strings.Repeat("n", 256), 1, "its name has 256 bytes"},
		{"n\xff", 1, "its name is not UTF-8"},
		{"list", []int{1}, "a []int cannot be searched by"},
		{"pointer", new(int), "a *int cannot be searched by"},
		{"nan", math.NaN(), "NaN cannot be searched by"},
		{"great", uint64(math.MaxUint64), "is too great an integer"},
		{"long", strings.Repeat("x", 4097), "its text has 4097 bytes"},
		{"bytes", "\xff", "its text is not UTF-8"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			t.Parallel()
			eng := newEngine(t, oneStep("say", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
				ctx.Set("good", 1)
				ctx.Set(tt.name, tt.value)
				return engine.Next(), nil
			}))
			name := engine.Name[count, int64]("say")
			_, err := name.Run(t.Context(), eng, count{}, nil)
			run, getErr := eng.Get(t.Context(), 1)
			if err == nil || getErr != nil || run.Status != engine.Failed || !strings.Contains(run.Error, tt.want) || run.Attempt != 1 {
				t.Errorf("the run is %s after attempt %d: %q, %v; want it failed at once with …%s…", run.Status, run.Attempt, run.Error, getErr, tt.want)
			}
			if len(run.Attributes) > 0 {
				t.Errorf("a failed attempt has left %v", run.Attributes)
			}
			_, err = name.Start(t.Context(), eng, count{}, &engine.StartOptions{Attributes: map[string]any{tt.name: tt.value}})
			if _, ok := errors.AsType[*engine.InputError](err); !ok || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Start: %v, want an InputError with …%s…", err, tt.want)
			}
		})
	}
}

// TestUncommittedWordsDie holds that what a step has said lives and dies with the checkpoint that would commit it.
func TestUncommittedWordsDie(t *testing.T) {
	t.Parallel()
	wf := oneStep("say", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		if attempt := ctx.Run().Attempt; attempt < 3 {
			ctx.Set("saved", attempt)
			ctx.Metric("loss", float64(attempt))
			s.I++
			if err := ctx.Save(); err != nil {
				return engine.Transition{}, err
			}
			ctx.Set("saved", "not this")
			ctx.Set("lost", attempt)
			ctx.Metric("loss", -1)
			ctx.Metric("lost", -1)
			return engine.Transition{}, errors.New("once more")
		}
		ctx.Metric("loss", 0.5)
		return engine.Next(), nil
	})
	wf.Checkpoint = engine.Checkpoint{Every: 1}
	wf.Steps[0].Retry = engine.Retry{Attempts: 5, Initial: time.Millisecond}
	eng := newEngine(t, wf)
	if _, err := engine.Name[count, int64]("say").Run(t.Context(), eng, count{}, nil); err != nil {
		t.Fatal(err)
	}
	got, err := eng.Attributes(t.Context(), 1)
	if diff := cmp.Diff(map[string]any{"saved": int64(2)}, got); err != nil || diff != "" {
		t.Errorf("attributes: %v (-want +got):\n%s", err, diff)
	}
	if values := series(t, eng, 1, "loss"); !cmp.Equal(values, []float64{1, 2, 0.5}) {
		t.Errorf("series %v, want 1, 2, 0.5", values)
	}
	if values := series(t, eng, 1, "lost"); len(values) > 0 {
		t.Errorf("uncommitted points are there: %v", values)
	}
}

// TestDroppedSaveHandsItsWordsOn holds that a checkpoint on the clock that is dropped in favour of a newer one
// loses nothing of what was said.
func TestDroppedSaveHandsItsWordsOn(t *testing.T) {
	t.Parallel()
	const points = 500
	eng := newEngine(t, oneStep("say", func(ctx *engine.Context, s *count) (engine.Transition, error) {
		for i := range points {
			s.I++
			ctx.Metric("i", float64(i))
			ctx.Set("i", i)
			ctx.Set("even", map[bool]any{true: i}[i%2 == 0]) // nil, when it is odd, deletes it
			if i == 7 {
				ctx.Set("seven", true)
			}
			if err := ctx.Save(); err != nil { // far faster than the disk
				return engine.Transition{}, err
			}
		}
		return engine.Next(), nil
	}))
	if _, err := engine.Name[count, int64]("say").Run(t.Context(), eng, count{}, nil); err != nil {
		t.Fatal(err)
	}
	values := series(t, eng, 1, "i")
	for i, v := range values {
		if v != float64(i) {
			t.Fatalf("point %d is %v: one is missing or there twice", i, v)
		}
	}
	if len(values) != points {
		t.Errorf("%d points, want %d", len(values), points)
	}
	got, err := eng.Attributes(t.Context(), 1)
	if diff := cmp.Diff(map[string]any{"i": int64(points - 1), "seven": int64(1)}, got); err != nil || diff != "" {
		t.Errorf("attributes: %v (-want +got):\n%s", err, diff)
	}
	if run, err := eng.Get(t.Context(), 1); err != nil || run.Saves >= points {
		t.Errorf("%d of %d saves were committed, so none was dropped (%v)", run.Saves, points, err)
	}
}

// TestPruneTakesAttributesAndMetrics: the check of the file at the end of the test finds orphans.
func TestPruneTakesAttributesAndMetrics(t *testing.T) {
	t.Parallel()
	eng := openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db")}, oneStep("say", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
		ctx.Set("a", 1)
		ctx.Metric("m", 1)
		return engine.Next(), nil
	}))
	name := engine.Name[count, int64]("say")
	for range 2 {
		if _, err := name.Run(t.Context(), eng, count{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := eng.Prune(t.Context(), engine.Retention{}); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"wf_attributes", "wf_metrics"} {
		rows, err := eng.Query(t.Context(), "SELECT * FROM "+table, 0)
		if err != nil || len(rows.Rows) > 0 {
			t.Errorf("%s: %v, %v, want nothing", table, rows, err)
		}
	}
}

func TestForkIsFoundAsItsOrigin(t *testing.T) {
	t.Parallel()
	const say engine.Name[count, int64] = "say"
	eng := newEngine(t, engine.Workflow[count, int64]{Name: say, Steps: []engine.Step[count]{
		{Name: "set", Do: func(ctx *engine.Context, _ *count) (engine.Transition, error) {
			ctx.Set("customer", 42)
			return engine.Next(), nil
		}},
		{Name: "fail", Do: func(*engine.Context, *count) (engine.Transition, error) {
			return engine.Transition{}, errors.New("once")
		}},
	}})
	if _, err := say.Run(t.Context(), eng, count{}, nil); err == nil {
		t.Fatal("a run that fails has not")
	}
	if _, err := eng.Fork(t.Context(), 1, nil); err != nil {
		t.Fatal(err)
	}
	runs, err := eng.List(t.Context(), engine.RunFilter{Where: "customer = 42"})
	if err != nil || len(runs) != 2 {
		t.Errorf("found %d runs, %v, want origin and fork", len(runs), err)
	}
}
