package engine_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/enginetest"
)

// sums is the state of a computation whose parts draw in parallel.
type sums struct {
	I   int        `json:"i"`
	Sum [4]float64 `json:"sum"`
}

// parallelSums draws from four streams on four goroutines and fails as often as interrupt says.
func parallelSums(interrupt *int) engine.Workflow[sums, [4]float64] {
	return engine.Workflow[sums, [4]float64]{Name: "sums", Steps: []engine.Step[sums]{{
		Name: "draw", Retry: engine.Retry{Attempts: 9, Initial: time.Millisecond},
		Do: func(ctx *engine.Context, s *sums) (engine.Transition, error) {
			for s.I < 200 {
				var parts sync.WaitGroup
				for i := range s.Sum {
					parts.Go(func() { s.Sum[i] += ctx.RandStream(i * 1000).NormFloat64() })
				}
				parts.Wait()
				if s.I++; s.I%50 == 0 && *interrupt > 0 {
					*interrupt--
					return engine.Transition{}, errors.New("interrupted")
				}
				if s.I%3 == 0 {
					s.Sum[0] += ctx.Rand().Float64()
				}
				if ctx.Due() {
					if err := ctx.Save(); err != nil {
						return engine.Transition{}, err
					}
				}
			}
			return engine.Done(s.Sum), nil
		}}}}
}

// What parallel parts draw is the same with interruptions as without.
func TestRandStreamsArePartOfTheCheckpoint(t *testing.T) {
	t.Parallel()
	interrupt := 0
	def := parallelSums(&interrupt)
	eng := newEngine(t, def)
	opts := &engine.StartOptions{Seed: new(int64(42)), Checkpoint: engine.Checkpoint{Every: 7}}
	want, err := def.Name.Run(t.Context(), eng, sums{}, opts)
	if err != nil {
		t.Fatal(err)
	}
	interrupt = 3
	got, err := def.Name.Run(t.Context(), eng, sums{}, opts)
	if err != nil || got != want {
		t.Errorf("interrupted sums are %v, %v; want %v", got, err, want)
	}
	if interrupt != 0 {
		t.Errorf("%d interruptions did not happen", interrupt)
	}
}

// Streams differ from each other, from Rand and with the seed; the same number is the same generator.
func TestRandStreamsAreIndependent(t *testing.T) {
	t.Parallel()
	seen := map[uint64]bool{}
	for _, seed := range []int64{0, 1, -1} {
		ctx := enginetest.NewContext(t, &enginetest.StepOptions{Seed: seed})
		seen[ctx.Rand().Uint64()] = true
		for i := range 1000 {
			seen[ctx.RandStream(i).Uint64()] = true
		}
		if a, b := ctx.RandStream(7), ctx.RandStream(7); a != b {
			t.Errorf("seed %d: stream 7 is two generators", seed)
		}
	}
	if len(seen) != 3*1001 {
		t.Errorf("%d different numbers, want %d", len(seen), 3*1001)
	}
}

// The first numbers of a stream stay what they are: results that people have published must come out again.
func TestRandStreamIsStable(t *testing.T) {
	t.Parallel()
	ctx := enginetest.NewContext(t, &enginetest.StepOptions{Seed: 42})
	got := [3]uint64{ctx.RandStream(0).Uint64(), ctx.RandStream(1).Uint64(), ctx.Rand().Uint64()}
	if want := [3]uint64{0x924301685111f1ad, 0x728276e6214f5b9b, 0xb7e24505598dc793}; got != want {
		t.Errorf("drawn %#x, want %#x", got, want)
	}
}

func TestRandStreamRefusesOddNumbers(t *testing.T) {
	t.Parallel()
	def := engine.Workflow[sums, int]{Name: "odd", Steps: []engine.Step[sums]{{
		Name: "draw", Do: func(ctx *engine.Context, _ *sums) (engine.Transition, error) {
			ctx.RandStream(-1).Uint64()
			return engine.Next(), nil
		}}}}
	_, err := def.Name.Run(t.Context(), newEngine(t, def), sums{}, nil)
	mustComplain(t, err, "RandStream(-1)")
}
