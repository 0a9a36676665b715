package engine_test

import (
	"runtime"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// What happens often allocates little: in the whole process, the encoding of the state and the writer included. The limits
// are a tenth or so above what it takes; who needs less lowers them.
func TestAllocations(t *testing.T) { // not in parallel: what others allocate would count
	everySave := engine.StartOptions{Checkpoint: engine.Checkpoint{Every: 1}}
	for _, tt := range []struct {
		name string
		most float64
		got  func(t *testing.T) float64
	}{
		{"a transition", 76, func(t *testing.T) float64 { return allocationsOfSteps(t, false) }},
		{"a pure transition", 40, func(t *testing.T) float64 { return allocationsOfSteps(t, true) }},
		{"a save that is waited for", 77, func(t *testing.T) float64 {
			return allocationsWithin(t, &everySave, func(ctx *engine.Context) error { return ctx.Save() })
		}},
		{"a run of one step", 270, func(t *testing.T) float64 {
			eng := newEngine(t, countTo(nil))
			return allocations(t, func() { mustTotal(t, 1)(counting.Run(t.Context(), eng, count{N: 1}, nil)) })
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.got(t)
			t.Logf("%v allocations", got)
			if got > tt.most {
				t.Errorf("%s allocates %v times, want at most %v", tt.name, got, tt.most)
			}
		})
	}
}

// repeats are over how many of a kind allocations are averaged.
const repeats = 500

// allocations returns how often one call of do allocates, once everything that is made once has been made.
func allocations(t *testing.T, do func()) float64 {
	t.Helper()
	for range repeats / 10 {
		do()
	}
	begun := mallocs()
	for range repeats {
		do()
	}
	return float64(mallocs()-begun) / repeats
}

func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

func allocationsOfSteps(t *testing.T, pure bool) float64 {
	t.Helper()
	var begun uint64
	eng := newEngine(t, climb(pure, func(_ *engine.Context, s *count) error {
		if s.I == s.N-repeats {
			begun = mallocs()
		}
		return nil
	}))
	const steps = repeats + repeats/10
	mustTotal(t, steps*(steps+1)/2)(climbing.Run(t.Context(), eng, count{N: steps}, nil))
	return float64(mallocs()-begun) / repeats
}

func allocationsWithin(t *testing.T, opts *engine.StartOptions, do func(*engine.Context) error) (n float64) {
	t.Helper()
	eng := newEngine(t, oneStep("within", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
		var err error
		n = allocations(t, func() { err = do(ctx) })
		return engine.Done(int64(0)), err
	}))
	mustTotal(t, 0)(engine.Name[count, int64]("within").Run(t.Context(), eng, count{}, opts))
	return n
}
