package steps_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/steps"
)

func TestSum(t *testing.T) {
	t.Parallel()
	eng := newEngine(t)
	tests := []struct {
		name string
		from steps.SumState
		want string
	}{
		{"nothing", steps.SumState{}, "0"},
		{"one", steps.SumState{N: 1}, "1"},
		{"two hundred", steps.SumState{N: 200}, "20100"},
		{"with delay", steps.SumState{N: 3, Delay: time.Microsecond}, "6"},
		{"the last of the greatest", steps.SumState{N: math.MaxUint64, I: math.MaxUint64 - 1, Total: total(t, "170141183460469231704017187605319778305")},
			"170141183460469231722463931679029329920"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := steps.Sum.Run(t.Context(), eng, test.from, nil)
			if err != nil || got.String() != test.want {
				t.Errorf("sum of %+v = %v, %v; want %s", test.from, got, err, test.want)
			}
		})
	}
}

// TestSumEvery finds a checkpoint after each fifth addition, exactly.
func TestSumEvery(t *testing.T) {
	t.Parallel()
	h := &host{}
	run(t.Context(), t, h, steps.SumState{N: 17}, 5)
	want := []string{
		`{"n":17,"delay":0,"i":5,"total":15}`, `{"n":17,"delay":0,"i":10,"total":55}`, `{"n":17,"delay":0,"i":15,"total":120}`,
	}
	if len(h.saved) != len(want) {
		t.Fatalf("%d checkpoints, want %d: %v", len(h.saved), len(want), h.saved)
	}
	for i := range want {
		if h.saved[i] != want[i] {
			t.Errorf("checkpoint %d = %s, want %s", i, h.saved[i], want[i])
		}
	}
}

// TestSumStops interrupts a slow sum in its sleep and goes on from what it saved.
func TestSumStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	h := &host{progressed: func(done int64) {
		if done == 4 {
			cancel(engine.ErrShutdown)
		}
	}}
	out := run(ctx, t, h, steps.SumState{N: 10, Delay: time.Millisecond}, 2)
	if !errors.Is(out.Refuse, engine.ErrStopped) {
		t.Fatalf("outcome %+v, want Refuse = ErrStopped", out)
	}
	var s steps.SumState
	last := h.saved[len(h.saved)-1]
	if err := json.Unmarshal([]byte(last), &s); err != nil {
		t.Fatal(err)
	}
	if s.I != 4 || s.Total.String() != "10" {
		t.Errorf("saved %s, want i = 4 and total = 10", last)
	}
}

// TestSumProgressOfGreatNumbers stays within int64.
func TestSumProgressOfGreatNumbers(t *testing.T) {
	t.Parallel()
	h := &host{}
	run(t.Context(), t, h, steps.SumState{N: math.MaxUint64, I: math.MaxUint64 - 1}, 0)
	if h.done != math.MaxInt64 || h.total != math.MaxInt64 {
		t.Errorf("progress %d of %d, want MaxInt64 of MaxInt64", h.done, h.total)
	}
}

func total(t *testing.T, digits string) steps.Uint128 {
	t.Helper()
	var u steps.Uint128
	if err := u.UnmarshalText([]byte(digits)); err != nil {
		t.Fatal(err)
	}
	return u
}

// run runs the step of sum once.
func run(ctx context.Context, t testing.TB, h *host, from steps.SumState, every int64) engine.Outcome {
	t.Helper()
	return visit(ctx, t, steps.SumWorkflow(), "add", h, from, every)
}
