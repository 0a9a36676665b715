package enginetest_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/enginetest"
)

func TestStepTellsWhatItCameTo(t *testing.T) {
	t.Parallel()
	do := func(fn func(*engine.Context, *parcel) (engine.Transition, error)) engine.Workflow[parcel, string] {
		return engine.Workflow[parcel, string]{Name: parcels, Signals: []engine.AnySignal{packed, greeted}, Steps: []engine.Step[parcel]{
			{Name: "first", Do: fn}, {Name: "second", Do: fn},
		}}
	}
	returning := func(tr engine.Transition) engine.Workflow[parcel, string] {
		return do(func(_ *engine.Context, s *parcel) (engine.Transition, error) { s.Sum++; return tr, nil })
	}
	at := time.Date(2031, 5, 4, 3, 2, 1, 0, time.UTC)
	tests := []struct {
		name string
		w    engine.Workflow[parcel, string]
		want string
		sum  int
	}{
		{"next", returning(engine.Next()), "go to second", 1},
		{"goto", returning(engine.Goto("first")), "go to first", 1},
		{"done", returning(parcels.Done("ok")), "done ok", 1},
		{"sleep", returning(engine.Sleep(time.Hour, "second")), "sleep 1h0m0s, then second", 1},
		{"sleep until", returning(engine.SleepUntil(at, "second")), "sleep until 2031-05-04T03:02:01Z, then second", 1},
		{"await", returning(packed.Await("second").Or(greeted, "first").Within(time.Minute, "first")),
			"await packed to second or await greeted to first within 1m0s else first", 1},
		{"spawn", returning(engine.Spawn(slices.Values([]engine.Child{packing.Child(parcel{}, nil)}), "second")), "spawn 1, then second", 1},
		{"error", do(func(_ *engine.Context, s *parcel) (engine.Transition, error) {
			s.Sum++
			return engine.Next(), errors.New("no")
		}), "error: no", 0},
		{"panic", do(func(*engine.Context, *parcel) (engine.Transition, error) { panic("oh") }), "error: panic: oh", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := enginetest.Step(t, tt.w, "first", parcel{}, nil)
			if got.String() != tt.want || got.State.Sum != tt.sum {
				t.Errorf("%s, sum %d; want %s, sum %d", got, got.State.Sum, tt.want, tt.sum)
			}
		})
	}
}

func TestStepHasItsSurroundings(t *testing.T) {
	t.Parallel()
	made := 0
	w := engine.Workflow[parcel, string]{Name: parcels, Signals: []engine.AnySignal{packed}, Steps: []engine.Step[parcel]{{
		Name: "all",
		Do: func(ctx *engine.Context, s *parcel) (engine.Transition, error) {
			n, err := packed.Payload(ctx)
			if err != nil {
				return engine.Transition{}, err
			}
			for r, err := range packing.Results(ctx) {
				if err != nil {
					return engine.Transition{}, err
				}
				s.Sum += r
			}
			for range 2 {
				v, err := engine.Do(ctx, "pay", func(context.Context) (int, error) { made++; return 100, nil })
				if err != nil {
					return engine.Transition{}, err
				}
				s.Slips = append(s.Slips, v)
			}
			ctx.Progress(1, 2)
			if err := ctx.Save(); err != nil {
				return engine.Transition{}, err
			}
			s.Sum += n
			return parcels.Done(ctx.Run().Key), nil
		},
	}}}
	got := enginetest.Step(t, w, "all", parcel{}, &enginetest.StepOptions{
		Run:    engine.Ref{Key: "k"},
		Signal: enginetest.Signalled(t, packed, 1000), Calls: map[string][]any{"pay": {7}},
		Children: []engine.Run{enginetest.Child(t, packing, 4), enginetest.Child(t, packing, 9)},
	})
	if got.Err != nil {
		t.Fatal(got.Err)
	}
	switch {
	case got.Result != "k", got.State.Sum != 1013, !slices.Equal(got.State.Slips, []int{7, 100}):
		t.Errorf("result %q, state %+v; want k, sum 1013, slips 7 and 100", got.Result, got.State)
	case made != 1 || !slices.Equal(got.Calls, []string{"pay"}):
		t.Errorf("%d calls made (%v), want 1: the other was given", made, got.Calls)
	case len(got.Saves) != 1 || got.Saves[0].Sum != 13:
		t.Errorf("saves = %+v, want one with sum 13", got.Saves)
	case got.Progress != engine.Progress{Done: 1, Total: 2}:
		t.Errorf("progress = %+v, want 1 of 2", got.Progress)
	}
}

func TestUndoOfAStep(t *testing.T) {
	t.Parallel()
	w := engine.Workflow[parcel, string]{Name: parcels, Steps: []engine.Step[parcel]{{
		Name: "pack", Do: func(*engine.Context, *parcel) (engine.Transition, error) { return engine.Next(), nil },
		Undo: func(_ *engine.Context, s *parcel) error { s.Sum--; return nil },
	}}}
	if got := enginetest.Undo(t, w, "pack", parcel{Sum: 1}, nil); got.Err != nil || got.State.Sum != 0 {
		t.Errorf("state %+v, error %v; want sum 0", got.State, got.Err)
	}
}

func TestNewContext(t *testing.T) {
	t.Parallel()
	stopped, stop := context.WithCancelCause(t.Context())
	ctx := enginetest.NewContext(t, &enginetest.StepOptions{
		Run: engine.Ref{Workflow: "orders", Step: "charge", Attempt: 3}, Seed: 5, Context: stopped,
		Calls: map[string][]any{"card": {"c-1"}},
	})
	if got := ctx.Run(); got.Workflow != "orders" || got.Step != "charge" || got.Attempt != 3 {
		t.Errorf("Run = %+v", got)
	}
	id, err := engine.Do(ctx, "card", func(context.Context) (string, error) { return "", errors.New("must not be called") })
	if err != nil || id != "c-1" {
		t.Errorf("Do = %q, %v; want the given result", id, err)
	}
	if a, b := ctx.Rand().Int64(), enginetest.NewContext(t, &enginetest.StepOptions{Seed: 5}).Rand().Int64(); a != b {
		t.Errorf("Rand drew %d and %d with the same seed", a, b)
	}
	if _, err := engine.DoTx(ctx, "book", func(context.Context, engine.Tx) (int, error) { return 0, nil }); err == nil {
		t.Error("DoTx without a database: nil, want an error")
	}
	ctx = enginetest.NewContext(t, &enginetest.StepOptions{Context: stopped})
	if err := ctx.Save(); err != nil {
		t.Errorf("Save: %v", err)
	}
	stop(engine.ErrShutdown)
	if err := ctx.Save(); !errors.Is(err, engine.ErrStopped) {
		t.Errorf("Save after the stop: %v, want ErrStopped", err)
	}
}
