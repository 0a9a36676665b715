package steps_test

import (
	"math"
	"testing"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/enginetest"
	"github.com/durable-wf/wf/steps"
)

func TestPi(t *testing.T) {
	t.Parallel()
	eng := newEngine(t)
	for _, streams := range []int{1, 3} {
		got, err := steps.Pi.Run(t.Context(), eng, steps.PiState{N: 3_000_000, Streams: streams}, seeded(1))
		if err != nil {
			t.Fatal(err)
		}
		if off := math.Abs(got.Pi - math.Pi); off > 4*got.Error || got.Error > 0.001 || got.N != 3_000_000 {
			t.Errorf("%d streams: %+v is %v off", streams, got, off)
		}
	}
}

// Neither where the checkpoints are nor how often there are some changes what is drawn.
func TestPiDoesNotDependOnItsCheckpoints(t *testing.T) {
	t.Parallel()
	eng := newEngine(t)
	for _, streams := range []int{1, 3} {
		from := steps.PiState{N: 1_000_000, Streams: streams}
		want, err := steps.Pi.Run(t.Context(), eng, from, seeded(5))
		if err != nil {
			t.Fatal(err)
		}
		for _, every := range []int64{70_001, 65_536, 400_000} {
			opts := seeded(5)
			opts.Checkpoint.Every = every
			if got, err := steps.Pi.Run(t.Context(), eng, from, opts); err != nil || got != want {
				t.Errorf("%d streams, a checkpoint every %d points: %+v, %v; want %+v", streams, every, got, err, want)
			}
		}
	}
	one, _ := steps.Pi.Run(t.Context(), eng, steps.PiState{N: 1000, Streams: 1}, seeded(5))
	if other, _ := steps.Pi.Run(t.Context(), eng, steps.PiState{N: 1000, Streams: 1}, seeded(6)); one == other {
		t.Errorf("seeds 5 and 6 give both %+v", one)
	}
}

// A Monte-Carlo that dies at any commit ends as one that does not: the deaths, and the comparison, are
// enginetest's.
func TestPiCrashesEverywhere(t *testing.T) {
	t.Parallel()
	for name, streams := range map[string]int{"one generator": 1, "streams": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := seeded(9)
			opts.Checkpoint.Every = 50_000
			enginetest.CrashEverywhere(t, steps.PiWorkflow(), steps.PiState{N: 200_000, Streams: streams},
				&enginetest.CrashOptions{Start: opts, Each: 2})
		})
	}
}

// The metrics of a run are those of its hundredths, whatever interrupts it.
func TestPiMetrics(t *testing.T) {
	t.Parallel()
	eng := newEngine(t)
	run, _, err := eng.StartHere(t.Context(), "pi", []byte(`{"n":1000000,"batch":250000,"streams":1,"i":0,"inside":0}`), seeded(3))
	if err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Execute(t.Context(), run.ID, nil); err != nil || run.Progress.Done != 1_000_000 {
		t.Fatalf("Execute: %+v, %v", run.Progress, err)
	}
	metrics, err := eng.LatestMetrics(t.Context(), run.ID)
	if err != nil || len(metrics) != 2 {
		t.Fatalf("metrics %+v, %v", metrics, err)
	}
	for _, m := range metrics {
		if m.N != 3 || m.X != 1_000_000 {
			t.Errorf("%+v is not the fourth point, at the end", m)
		}
	}
}

func TestPiRefuses(t *testing.T) {
	t.Parallel()
	mustRefuse(t, steps.PiWorkflow(), map[string]string{
		`{"n":0,"batch":0,"streams":1,"i":0,"inside":0}`:                   "n must be at least 1",
		`{"n":9000000000000000000,"batch":0,"streams":1,"i":0,"inside":0}`: "more than 2^62",
		`{"n":1,"batch":0,"streams":0,"i":0,"inside":0}`:                   "streams 0 must be",
	})
}

func seeded(n int64) *engine.StartOptions { return &engine.StartOptions{Seed: &n} }

// BenchmarkPi compares pi under the default checkpoint policy with the same draws alone. The budget is 1.1 times.
func BenchmarkPi(b *testing.B) {
	const n = 100_000_000
	b.Run("bare", func(b *testing.B) {
		ctx := enginetest.NewContext(b, nil)
		for b.Loop() {
			sink += steps.DrawInside(ctx.Rand(), n)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/point")
	})
	b.Run("checkpointed", func(b *testing.B) {
		for b.Loop() {
			visit(b.Context(), b, steps.PiWorkflow(), "draw", &host{}, steps.PiState{N: n, Streams: 1}, 0)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/point")
	})
}
