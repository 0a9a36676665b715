package enginetest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/enginetest"
)

const stampings engine.Name[trip, string] = "stamping"

// stamping ends with the time at which it was executed, by the engine's clock.
func stamping(now func() time.Time) engine.Workflow[trip, string] {
	return engine.Workflow[trip, string]{Name: stampings, Steps: []engine.Step[trip]{{
		Name: "only", Do: func(*engine.Context, *trip) (engine.Transition, error) {
			return engine.Done(now().Sub(start).String()), nil
		},
	}}}
}

func newStamping(t *testing.T) *enginetest.Engine {
	t.Helper()
	var e *enginetest.Engine
	e = enginetest.Open(t, &enginetest.Options{Now: start}, stamping(func() time.Time { return e.Now() }))
	return e
}

func TestQueueWithARateTakesNoTime(t *testing.T) {
	t.Parallel()
	e := newStamping(t)
	one := 1
	if _, err := e.SetQueue(t.Context(), "slow", engine.QueueOptions{Rate: &one, Period: time.Hour}); err != nil {
		t.Fatal(err)
	}
	var last engine.Run
	for range 25 {
		last = enginetest.Start(e, stampings, trip{}, &engine.StartOptions{Queue: "slow"})
	}
	if got := enginetest.Result(e, stampings, e.Await(last.ID)); !strings.HasPrefix(got, "24h0m0") {
		t.Errorf("the last of 25 runs began after %s, want a day", got)
	}
}

func TestDelayAndDeadlineTakeNoTime(t *testing.T) {
	t.Parallel()
	e := newStamping(t)
	got := enginetest.Run(e, stampings, trip{}, &engine.StartOptions{Delay: 1000 * time.Hour})
	if got != "1000h0m0s" {
		t.Errorf("it began after %s, want 1000h", got)
	}
	e = enginetest.New(t, asking())
	begun := e.Now()
	run := e.Await(enginetest.Start(e, asking().Name, trip{}, &engine.StartOptions{Deadline: time.Hour}).ID)
	if run.Status != engine.Failed || e.Now().Sub(begun) != time.Hour {
		t.Errorf("it is %s after %v, want failed after 1h", run.Status, e.Now().Sub(begun))
	}
}

func TestScheduleInNoTime(t *testing.T) {
	t.Parallel()
	e := newStamping(t)
	if _, err := e.AddSchedule(t.Context(), engine.Schedule{Name: "daily", Workflow: "stamping", Cron: "30 4 * * *"}); err != nil {
		t.Fatal(err)
	}
	e.Advance(10 * 24 * time.Hour)
	runs, err := e.List(t.Context(), engine.RunFilter{WithState: true})
	if err != nil || len(runs) != 10 {
		t.Fatalf("%d runs in ten days, error %v, want 10", len(runs), err)
	}
	for i, run := range runs { // newest first
		want := start.Truncate(24*time.Hour).AddDate(0, 0, 9-i).Add(4*time.Hour + 30*time.Minute)
		if !run.Scheduled.Equal(want) || string(run.Result) != `"`+want.Sub(start).String()+`"` {
			t.Errorf("run %d was for %v and executed after %s, want at %v", run.ID, run.Scheduled, run.Result, want)
		}
	}
}
