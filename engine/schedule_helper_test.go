package engine_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/internal/clock"
)

// shift is the state of the workflow that schedules of these tests start: it sleeps for Nap, durably, and
// ends with the nominal time that its step has seen.
type shift struct {
	Nap  time.Duration `json:"nap" help:"how long it takes"`
	Seen string        `json:"seen"`
}

const shifts engine.Name[shift, string] = "shifts"

func shiftFlow() engine.Workflow[shift, string] {
	return engine.Workflow[shift, string]{
		Name: shifts,
		Validate: func(s *shift) error {
			if s.Nap < 0 {
				panic("nobody naps backwards")
			}
			return nil
		},
		Steps: []engine.Step[shift]{
			{Name: "begin", Do: func(ctx *engine.Context, s *shift) (engine.Transition, error) {
				s.Seen = ctx.Run().Scheduled.Format(time.RFC3339Nano)
				return engine.Sleep(s.Nap, "end"), nil
			}},
			{Name: "end", Do: func(_ *engine.Context, s *shift) (engine.Transition, error) {
				return shifts.Done(s.Seen), nil
			}},
		},
	}
}

// noon is when the clocks of these tests begin: the winter time of Berlin is to begin in the night.
var noon = time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC)

// clocked is an engine that goes by a clock of the test's.
type clocked struct {
	*engine.Engine
	t     testing.TB
	clock *clock.Clock
}

// newClocked opens the file at path (a new one if it is "") at a time.
func newClocked(t testing.TB, path string, at time.Time) *clocked {
	t.Helper()
	if path == "" {
		path = filepath.Join(t.TempDir(), "wf.db")
	}
	c := clock.New(at)
	return openClocked(t, path, c)
}

func openClocked(t testing.TB, path string, c *clock.Clock) *clocked {
	t.Helper()
	eng, err := engine.Open(clock.With(context.Background(), c), engine.Config{Path: path}, shiftFlow())
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			mustBeSound(t, eng)
		}
		if err := eng.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return &clocked{eng, t, c}
}

// serve runs the engine's workers until the test ends. It returns when they are at work.
func (c *clocked) serve() {
	c.t.Helper()
	serve(c.t, c.Engine)
	for {
		workers, err := c.Workers(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		if slices.ContainsFunc(workers, func(w engine.Worker) bool { return w.Alive && w.PID == os.Getpid() }) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// advance lets time pass, and all that falls into it be done.
func (c *clocked) advance(d time.Duration) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 20*time.Second)
	defer cancel()
	if err := c.clock.Advance(ctx, d, nil); err != nil {
		c.t.Fatalf("Advance(%v): %v", d, err)
	}
}

// add adds a schedule of the workflow shifts, with a nap.
func (c *clocked) add(s engine.Schedule, nap time.Duration) engine.ScheduleState {
	c.t.Helper()
	s.Workflow = string(shifts)
	var err error
	if s.Input, err = json.Marshal(shift{Nap: nap}); err != nil {
		c.t.Fatal(err)
	}
	state, err := c.AddSchedule(c.t.Context(), s)
	if err != nil {
		c.t.Fatalf("AddSchedule: %v", err)
	}
	return state
}

func (c *clocked) state(name string) engine.ScheduleState {
	c.t.Helper()
	state, err := c.Schedule(c.t.Context(), name)
	if err != nil {
		c.t.Fatalf("Schedule(%q): %v", name, err)
	}
	return state
}

// times are the nominal times of all runs in the order of their numbers, as time of day and status.
func (c *clocked) times() (list []string) {
	c.t.Helper()
	runs, err := c.List(c.t.Context(), engine.RunFilter{})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, run := range slices.Backward(runs) {
		list = append(list, run.Scheduled.Format("02T15:04:05 ")+string(run.Status))
	}
	return list
}
