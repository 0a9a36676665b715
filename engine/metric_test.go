package engine_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// series returns the values of a whole series, read page by page, and checks its numbers.
func series(t testing.TB, eng *engine.Engine, run int64, name string) (values []float64) {
	t.Helper()
	for f := (engine.MetricFilter{Name: name, Limit: 7}); ; {
		page, err := eng.Metrics(t.Context(), run, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page {
			if m.Name != name || m.N != int64(len(values)) || m.Time.IsZero() {
				t.Errorf("point %d of %s: %+v", len(values), name, m)
			}
			values = append(values, m.Value)
		}
		if len(page) < f.Limit {
			return values
		}
		f.First = page[len(page)-1].N + 1
	}
}

func TestMetricsKeepEveryValueAndProgress(t *testing.T) {
	t.Parallel()
	values := []float64{1, math.Inf(1), math.NaN(), math.Inf(-1), math.Copysign(0, -1), math.MaxFloat64, math.SmallestNonzeroFloat64}
	eng := newEngine(t, oneStep("measure", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
		ctx.Metric("early", 1)
		for i, v := range values {
			ctx.Progress(int64(10*i), 100)
			ctx.Metric("loss", v)
		}
		return engine.Next(), nil
	}))
	if _, err := engine.Name[count, int64]("measure").Run(t.Context(), eng, count{}, nil); err != nil {
		t.Fatal(err)
	}
	got := series(t, eng, 1, "loss")
	if !slices.EqualFunc(got, values, func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }) {
		t.Errorf("values %v, want %v", got, values)
	}
	points, err := eng.Metrics(t.Context(), 1, engine.MetricFilter{Name: "loss"})
	if err != nil || points[3].X != 30 {
		t.Errorf("point 3: %+v, %v, want it at 30", points[3], err)
	}
	latest, err := eng.LatestMetrics(t.Context(), 1)
	if err != nil || len(latest) != 2 || latest[0].Name != "early" || latest[0].X != -1 || latest[1].Name != "loss" || latest[1].N != 6 || latest[1].X != 60 {
		t.Errorf("latest: %+v, %v", latest, err)
	}
	if none, err := eng.LatestMetrics(t.Context(), 99); err != nil || len(none) > 0 {
		t.Errorf("latest of no run: %+v, %v", none, err)
	}
}

func TestMetricNeedsAName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", strings.Repeat("n", 256)} {
		eng := newEngine(t, oneStep("measure", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
			ctx.Metric(name, 1)
			return engine.Next(), nil
		}))
		_, err := engine.Name[count, int64]("measure").Run(t.Context(), eng, count{}, nil)
		if err == nil || !strings.Contains(err.Error(), "metric: its name") {
			t.Errorf("a name of %d bytes: %v", len(name), err)
		}
	}
}
