package enginetest_test

import (
	"context"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/enginetest"
)

// In a test file these are the bodies of tests, which have a t.

func ExampleRun() {
	_ = func(t *testing.T) {
		e := enginetest.Open(t, &enginetest.Options{Config: config()}, Shop(fakeBank{}))
		enginetest.SignalWhenWaiting(e, 0, Packed, "slip 7")
		got := enginetest.Run(e, Purchases, Purchase{ID: "p1", Total: 990}, nil) // a week of waiting takes no time
		if want := "paid by /pay/0 slip 7"; got != want {
			t.Errorf("result = %q, want %q", got, want)
		}
	}
}

func ExampleEngine_Advance() {
	_ = func(t *testing.T) {
		e := enginetest.Open(t, &enginetest.Options{Config: config(), Time: enginetest.ByHand}, Shop(fakeBank{}))
		run := enginetest.Start(e, Purchases, Purchase{ID: "p1", Total: 990}, nil)
		e.Advance(8 * 24 * time.Hour)
		if run, err := e.Get(t.Context(), run.ID); err != nil || run.Step != "ship" {
			t.Errorf("run waits for step %q, error %v, want ship", run.Step, err)
		}
	}
}

func ExampleStep() {
	_ = func(t *testing.T) {
		got := enginetest.Step(t, Shop(fakeBank{}), "charge", Purchase{Total: 990}, &enginetest.StepOptions{
			Calls: map[string][]any{"pay": {"paid before"}}, // recorded by an attempt before this one
		})
		if want := "await packed to ship within 168h0m0s else remind"; got.String() != want {
			t.Errorf("it goes on with %q, want %q", got, want)
		}
	}
}

func ExampleNewContext() {
	_ = func(t *testing.T) {
		ctx := enginetest.NewContext(t, &enginetest.StepOptions{Seed: 1})
		id, err := engine.Do(ctx, "card", func(context.Context) (string, error) { return "c-1", nil })
		if err != nil || id != "c-1" {
			t.Errorf("Do = %q, %v", id, err)
		}
	}
}

func ExampleCrashEverywhere() {
	_ = func(t *testing.T) {
		enginetest.CrashEverywhere(t, Shop(fakeBank{}), Purchase{ID: "p1", Total: 990}, &enginetest.CrashOptions{
			Config:  config(),
			Signals: []enginetest.Signal{enginetest.Answer(t, Packed, "slip 7")},
		})
	}
}

func ExampleReplay() {
	_ = func(t *testing.T) {
		enginetest.Replay(t, "testdata/last-release.db", &enginetest.ReplayOptions{Execute: true}, Shop(fakeBank{}))
	}
}

func ExampleCheckNames() {
	_ = func(t *testing.T) {
		enginetest.CheckNames(t, Shop(fakeBank{}))
	}
}
