package enginetest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/enginetest"
)

// trip is the state of the workflows that these tests run.
type trip struct {
	Days  int      `json:"days" help:"how long to sleep"`
	Notes []string `json:"notes"`
}

const napping engine.Name[trip, string] = "napping"

// nap sleeps for some days, and tells how long that took by the engine's clock.
func nap(now func() time.Time) engine.Workflow[trip, string] {
	return engine.Workflow[trip, string]{Name: napping, Steps: []engine.Step[trip]{
		{Name: "sleep", Do: func(_ *engine.Context, s *trip) (engine.Transition, error) {
			s.Notes = append(s.Notes, now().Format(time.RFC3339))
			return engine.Sleep(time.Duration(s.Days)*24*time.Hour, "wake"), nil
		}},
		{Name: "wake", Do: func(_ *engine.Context, s *trip) (engine.Transition, error) {
			begun, err := time.Parse(time.RFC3339, s.Notes[0])
			return napping.Done(now().Sub(begun).String()), err
		}},
	}}
}

var start = time.Date(2031, 5, 4, 3, 2, 1, 0, time.UTC)

func newNapping(t *testing.T, opts enginetest.Options) *enginetest.Engine {
	t.Helper()
	opts.Now = start
	var e *enginetest.Engine
	e = enginetest.Open(t, &opts, nap(func() time.Time { return e.Now() }))
	return e
}

func TestSleepOfAMonthTakesNoTime(t *testing.T) {
	t.Parallel()
	e := newNapping(t, enginetest.Options{})
	begun := time.Now()
	if got := enginetest.Run(e, napping, trip{Days: 30}, nil); got != "720h0m0s" {
		t.Errorf("slept %s by the engine's clock, want 720h", got)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("that took %v", took)
	}
	if got := e.Now(); got != start.AddDate(0, 0, 30) {
		t.Errorf("now = %v, want 30 days later", got)
	}
}

// Time stops where somebody has got what he waited for: later sleepers sleep on.
func TestTimeStopsWithTheAwaitedRun(t *testing.T) {
	t.Parallel()
	e := newNapping(t, enginetest.Options{})
	long := enginetest.Start(e, napping, trip{Days: 365}, nil)
	for day := 1; day <= 20; day++ {
		enginetest.Run(e, napping, trip{Days: 1}, nil)
		if got := e.Now(); got != start.AddDate(0, 0, day) {
			t.Fatalf("now = %v, want %d days later", got, day)
		}
	}
	if run, err := e.Get(t.Context(), long.ID); err != nil || run.Status != engine.Waiting {
		t.Errorf("the long sleeper is %s, error %v, want waiting", run.Status, err)
	}
}

// The engine's own ways to wait let time pass, too.
func TestForegroundRunLetsTimePass(t *testing.T) {
	t.Parallel()
	e := newNapping(t, enginetest.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if got, err := napping.Run(ctx, e.Engine, trip{Days: 30}, nil); err != nil || got != "720h0m0s" {
		t.Errorf("Run = %q, %v, want 720h", got, err)
	}
	run := enginetest.Start(e, napping, trip{Days: 2}, nil)
	if got, err := napping.Wait(ctx, e.Engine, run.ID); err != nil || got != "48h0m0s" {
		t.Errorf("Wait = %q, %v, want 48h", got, err)
	}
}

func TestTimeByHand(t *testing.T) {
	t.Parallel()
	e := newNapping(t, enginetest.Options{Time: enginetest.ByHand})
	run := enginetest.Start(e, napping, trip{Days: 2}, nil)
	for _, want := range []engine.Status{engine.Waiting, engine.Waiting, engine.Completed} {
		e.Settle()
		got, err := e.Get(t.Context(), run.ID)
		if err != nil || got.Status != want {
			t.Fatalf("at %v: run is %s, error %v, want %s", e.Now(), got.Status, err, want)
		}
		e.Advance(24 * time.Hour)
	}
	if got := enginetest.Result(e, napping, e.Await(run.ID)); got != "48h0m0s" {
		t.Errorf("slept %s, want 48h", got)
	}
}

func TestRetriesTakeNoTime(t *testing.T) {
	t.Parallel()
	const name engine.Name[trip, int] = "flaky"
	e := enginetest.New(t, engine.Workflow[trip, int]{Name: name, Steps: []engine.Step[trip]{{
		Name: "only", Retry: engine.Retry{Attempts: 20, Initial: time.Minute, Max: time.Hour},
		Do: func(ctx *engine.Context, _ *trip) (engine.Transition, error) {
			if n := ctx.Run().Attempt; n == 20 {
				return name.Done(n), nil
			}
			return engine.Transition{}, errors.New("not yet")
		},
	}}})
	if got := enginetest.Run(e, name, trip{}, nil); got != 20 {
		t.Errorf("it took %d attempts, want 20", got)
	}
}

const answer engine.Signal[int] = "answer"

// asking adds up the answers that it gets.
func asking() engine.Workflow[trip, int] {
	const name engine.Name[trip, int] = "asking"
	return engine.Workflow[trip, int]{
		Name: name, Signals: []engine.AnySignal{answer},
		Steps: []engine.Step[trip]{
			{Name: "ask", Do: func(*engine.Context, *trip) (engine.Transition, error) {
				return answer.Await("take").Within(24*time.Hour, "give up"), nil
			}},
			{Name: "take", Do: func(ctx *engine.Context, s *trip) (engine.Transition, error) {
				n, err := answer.Payload(ctx)
				if s.Days += n; err != nil || n > 0 {
					return engine.Goto("ask"), err
				}
				return name.Done(s.Days), nil
			}},
			{Name: "give up", Do: func(_ *engine.Context, s *trip) (engine.Transition, error) { return name.Done(-s.Days), nil }},
		},
	}
}

func TestSignalWhenWaiting(t *testing.T) {
	t.Parallel()
	e := enginetest.New(t, asking())
	run := enginetest.Start(e, asking().Name, trip{}, nil)
	for _, n := range []int{1, 2, 3, 0} {
		enginetest.SignalWhenWaiting(e, run.ID, answer, n)
	}
	begun := e.Now()
	if got := enginetest.Result(e, asking().Name, e.Await(run.ID)); got != 6 {
		t.Errorf("result = %d, want 6", got)
	}
	if e.Now() != begun {
		t.Errorf("%v have passed although the answers came at once", e.Now().Sub(begun))
	}
	enginetest.SignalWhenWaiting(e, 0, answer, 7)
	if got := enginetest.Run(e, asking().Name, trip{}, nil); got != -7 {
		t.Errorf("result = %d, want -7: one answer, and then none for a day", got)
	}
}
