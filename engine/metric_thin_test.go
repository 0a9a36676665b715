package engine_test

import (
	"math"
	"slices"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// measured runs a step that measures n values, with one spike up and one down, and returns the engine.
func measured(t testing.TB, n int) *engine.Engine {
	t.Helper()
	eng := newEngine(t, oneStep("measure", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
		for i := range n {
			ctx.Progress(int64(10*i), int64(10*n))
			ctx.Metric("loss", shape(i, n))
		}
		ctx.Metric("rare", 1)
		return engine.Next(), nil
	}))
	if _, err := engine.Name[count, int64]("measure").Run(t.Context(), eng, count{}, nil); err != nil {
		t.Fatal(err)
	}
	return eng
}

func shape(i, n int) float64 {
	switch i {
	case n/3 + 1:
		return 1e9
	case n/2 + 1:
		return -1e9
	case n/4 + 1:
		return math.NaN()
	}
	return float64(i)
}

// numbersOf returns the numbers of points.
func numbersOf(points []engine.Metric) (list []int64) {
	for _, m := range points {
		list = append(list, m.N)
	}
	return list
}

func TestMetricOutlineKeepsExtremesAndEnds(t *testing.T) {
	t.Parallel()
	const n, parts = 10_001, 50
	eng := measured(t, n)
	points, err := eng.MetricOutline(t.Context(), 1, "loss", parts)
	if err != nil || len(points) > 3*parts+1 || len(points) < parts {
		t.Fatalf("%d points, %v; want some %d to %d", len(points), err, parts, 3*parts)
	}
	numbers := numbersOf(points)
	for _, want := range []int64{0, n/3 + 1, n/2 + 1, n - 1} {
		if !slices.Contains(numbers, want) {
			t.Errorf("point %d is missing: it is an end or an extreme", want)
		}
	}
	if !slices.IsSorted(numbers) || len(slices.Compact(numbers)) != len(points) {
		t.Errorf("numbers %v are not in order, or not distinct", numbersOf(points))
	}
	all, err := eng.MetricOutline(t.Context(), 1, "loss", n)
	if err != nil || len(all) != n || !math.IsNaN(all[n/4+1].Value) || all[7].X != 70 {
		t.Errorf("in as many parts as points: %d points, %v; want all", len(all), err)
	}
}

func TestMetricSampleReadsAFew(t *testing.T) {
	t.Parallel()
	const n = 1000
	eng := measured(t, n)
	points, err := eng.MetricSample(t.Context(), 1, "loss", 5)
	if want := []int64{0, 249, 499, 749, 999}; err != nil || !slices.Equal(numbersOf(points), want) {
		t.Errorf("points %v, %v; want %v", numbersOf(points), err, want)
	}
	for name, want := range map[string]int{"rare": 1, "none": 0} {
		sample, errSample := eng.MetricSample(t.Context(), 1, name, 40)
		outline, errOutline := eng.MetricOutline(t.Context(), 1, name, 40)
		if errSample != nil || errOutline != nil || len(sample) != want || len(outline) != want {
			t.Errorf("%s: %d and %d points, %v, %v; want %d", name, len(sample), len(outline), errSample, errOutline, want)
		}
	}
}

// BenchmarkMetricOutline reads a million points for a picture, and a few of them for a sparkline.
func BenchmarkMetricOutline(b *testing.B) {
	eng := measured(b, 1_000_000)
	b.Run("outline", func(b *testing.B) {
		for b.Loop() {
			if _, err := eng.MetricOutline(b.Context(), 1, "loss", 1000); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sample", func(b *testing.B) {
		for b.Loop() {
			if _, err := eng.MetricSample(b.Context(), 1, "loss", 40); err != nil {
				b.Fatal(err)
			}
		}
	})
}
