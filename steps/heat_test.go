package steps_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/enginetest"
	"github.com/durable-wf/wf/steps"
)

// The arch of a sine decays exactly as the eigenvalue of the finite differences says, on a plate of any shape.
func TestHeatIsExact(t *testing.T) {
	t.Parallel()
	eng := newEngine(t)
	for _, size := range [][2]int{{1, 1}, {1, 7}, {64, 64}, {200, 130}} {
		from := steps.HeatState{NX: size[0], NY: size[1], Steps: 300, Begin: "sine"}
		got, err := steps.Heat.Run(t.Context(), eng, from, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got.Off == nil || *got.Off > 1e-12 || got.Iterations != 300 || got.Mean > got.Max {
			t.Errorf("%v: %s, want it exact after 300 iterations", size, asJSON(t, got))
		}
	}
}

// It stops at the tolerance, and not before.
func TestHeatStopsAtItsTolerance(t *testing.T) {
	t.Parallel()
	eng := newEngine(t)
	from := steps.HeatState{NX: 16, NY: 16, Steps: 100_000, Tolerance: 1e-5, Begin: "sine"}
	got, err := steps.Heat.Run(t.Context(), eng, from, nil)
	if err != nil || got.Residual > 1e-5 || got.Residual < 0.9e-5 || *got.Off > 1e-12 {
		t.Errorf("%s, %v; want a residual just below 1e-5", asJSON(t, got), err)
	}
	from.Steps = got.Iterations - 1
	if less, err := steps.Heat.Run(t.Context(), eng, from, nil); err != nil || less.Residual <= 1e-5 {
		t.Errorf("one iteration less: %s, %v; want a residual above 1e-5", asJSON(t, less), err)
	}
	from.Steps = 0
	if none, err := steps.Heat.Run(t.Context(), eng, from, nil); err != nil || none.Residual != 0 || *none.Off != 0 {
		t.Errorf("no iteration: %s, %v", asJSON(t, none), err)
	}
}

// The residual has a point for each iteration up to 100, then for each tenth, and for the last one.
func TestHeatShowsHowItConverges(t *testing.T) {
	t.Parallel()
	eng := newEngine(t)
	if _, err := steps.Heat.Run(t.Context(), eng, steps.HeatState{NX: 8, NY: 8, Steps: 205, Begin: "sine"}, nil); err != nil {
		t.Fatal(err)
	}
	points, err := eng.Metrics(t.Context(), 1, engine.MetricFilter{Name: "residual"})
	if err != nil {
		t.Fatal(err)
	}
	var at []int64
	for i, p := range points {
		at = append(at, p.X)
		if i > 0 && p.Value >= points[i-1].Value {
			t.Errorf("the residual of iteration %d is %g, not less than the one before", p.X, p.Value)
		}
	}
	if n := len(at); n != 111 || at[0] != 1 || at[99] != 100 || at[100] != 110 || at[n-2] != 200 || at[n-1] != 205 {
		t.Errorf("%d points, at %v", n, at)
	}
}

// A hot spot spreads the same way to all sides, and only where it can have come: one point an iteration.
func TestHeatOfASpot(t *testing.T) {
	t.Parallel()
	const n, iterations = 41, 15
	u, _ := steps.Diffuse(steps.HeatState{NX: n, NY: n, Begin: "spot"}, iterations, 1)
	sum := 0.0
	for y := range n {
		for x := range n {
			sum += u[y*n+x]
			far := abs(x-n/2) + abs(y-n/2)
			if hot := u[y*n+x] > 0; hot != (far <= iterations) {
				t.Fatalf("at %d, %d it is %v after %d iterations", x, y, u[y*n+x], iterations)
			}
			if u[y*n+x] != u[x*n+y] || u[y*n+x] != u[(n-1-y)*n+x] {
				t.Fatalf("at %d, %d it is not symmetric", x, y)
			}
		}
	}
	if math.Abs(sum-1) > 1e-12 { // nothing has reached the border
		t.Errorf("the heat sums up to %v, want 1", sum)
	}
}

// However many bands compute an iteration, each bit of it is the same.
func TestHeatDoesNotDependOnTheCPUs(t *testing.T) {
	t.Parallel()
	from := steps.HeatState{NX: 70, NY: 50, Begin: "sine"}
	want, change := steps.Diffuse(from, 100, 1)
	for _, bands := range []int{2, 3, 7, 50} {
		got, c := steps.Diffuse(from, 100, bands)
		if !slices.Equal(got, want) || c != change {
			t.Errorf("%d bands differ from one", bands)
		}
	}
}

func TestHeatCrashesEverywhere(t *testing.T) {
	t.Parallel()
	enginetest.CrashEverywhere(t, steps.HeatWorkflow(), steps.HeatState{NX: 150, NY: 150, Steps: 40, Begin: "spot"}, &enginetest.CrashOptions{
		Start: &engine.StartOptions{Checkpoint: engine.Checkpoint{Every: 10}}, Each: 2,
	})
}

func TestHeatRefuses(t *testing.T) {
	t.Parallel()
	state := func(changed string) string {
		s := map[string]any{"nx": 2, "ny": 2, "steps": 1, "tolerance": 0, "begin": "sine", "i": 0, "residual": 0, "u": []float64{}}
		if err := json.Unmarshal([]byte(changed), &s); err != nil {
			t.Fatal(err)
		}
		return asJSON(t, s)
	}
	mustRefuse(t, steps.HeatWorkflow(), map[string]string{
		state(`{"nx":0}`):                  "nx 0 and ny 2 must be at least 1",
		state(`{"nx":100000,"ny":100000}`): "more than 134217728 points",
		state(`{"steps":-1}`):              "steps -1 must not be negative",
		state(`{"tolerance":-1}`):          "tolerance must not be negative",
		state(`{"begin":"cosine"}`):        `begin "cosine" must be sine or spot`,
	})
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	doc, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%+v", v)
	}
	return string(doc)
}

func abs(n int) int { return max(n, -n) }
