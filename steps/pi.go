package steps

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"sync"

	"github.com/durable-wf/wf/engine"
)

// Pi names the workflow that estimates π.
const Pi engine.Name[PiState, PiResult] = "pi"

// PiState is the state of Pi: of the first I points, Inside were in the circle.
type PiState struct {
	N       uint64 `json:"n" help:"how many points to draw" default:"100_000_000"`
	Batch   uint64 `json:"batch" help:"points between two entries of the metrics (0: a hundredth of n)" default:"0"`
	Streams int    `json:"streams" help:"draw from so many random streams in parallel; the result depends on it, but not on the CPUs" default:"1"`
	I       uint64 `json:"i"`
	Inside  uint64 `json:"inside"`
}

// PiResult is what Pi comes to.
type PiResult struct {
	Pi     float64 `json:"pi"`
	Error  float64 `json:"error"` // standard error of Pi
	N      uint64  `json:"n"`
	Inside uint64  `json:"inside"` // of N points
}

// PiWorkflow draws points in a square and counts those in the circle: the usual Monte-Carlo. The state of the
// random generators is part of every checkpoint, so that a run with the same --seed has the same result, bit for
// bit, however often it is interrupted.
func PiWorkflow() engine.Workflow[PiState, PiResult] {
	return engine.Workflow[PiState, PiResult]{
		Name:     Pi,
		Version:  1,
		Doc:      "Estimate pi from n random points, with its standard error.",
		Validate: (*PiState).validate,
		Steps:    []engine.Step[PiState]{{Name: "draw", Pure: true, Do: drawPoints}},
	}
}

// maxStreams bounds the goroutines of a run.
const maxStreams = 1024

func (s *PiState) validate() error {
	switch {
	case s.N == 0:
		return errors.New("n must be at least 1")
	case s.N > 1<<62:
		return fmt.Errorf("n %d is more than 2^62", s.N)
	case s.Streams < 1 || s.Streams > maxStreams:
		return fmt.Errorf("streams %d must be from 1 to %d", s.Streams, maxStreams)
	}
	return nil
}

func drawPoints(ctx *engine.Context, s *PiState) (engine.Transition, error) {
	batch := orHundredth(s.Batch, s.N)
	streams := s.generators(ctx)
	for from, to := range engine.Blocks(ctx, &s.I, s.N, uint64(len(streams))*stretch) {
		s.Inside += drawBlock(streams, from, to)
		ctx.Progress(int64(to), int64(s.N)) //nolint:gosec // at most 2^62
		if passes(from, to, batch) {
			r := s.result(to)
			ctx.Metric("estimate", r.Pi)
			ctx.Metric("error", r.Error)
		}
	}
	return Pi.Done(s.result(s.N)), nil
}

// generators returns the run's own generator, or a stream for each part.
func (s *PiState) generators(ctx *engine.Context) []*rand.Rand {
	if s.Streams == 1 {
		return []*rand.Rand{ctx.Rand()}
	}
	list := make([]*rand.Rand, s.Streams)
	for i := range list {
		list[i] = ctx.RandStream(i)
	}
	return list
}

// stretch is how many points in a row a stream draws, some 200 µs of them; then it is the next one's turn.
// Which stream draws a point depends on nothing but the point's number: not on where a checkpoint cuts a block.
const stretch = 1 << 16

// drawBlock draws the points from and up to to, each from its stream, and counts those inside.
func drawBlock(streams []*rand.Rand, from, to uint64) uint64 {
	if len(streams) == 1 {
		return drawInside(streams[0], to-from)
	}
	inside := make([]uint64, len(streams))
	var parts sync.WaitGroup
	for i, rng := range streams {
		n := pointsOf(i, len(streams), to) - pointsOf(i, len(streams), from)
		parts.Go(func() { inside[i] = drawInside(rng, n) })
	}
	parts.Wait()
	var sum uint64
	for _, n := range inside {
		sum += n
	}
	return sum
}

// pointsOf is how many of the first n points stream i of all draws.
func pointsOf(i, all int, n uint64) uint64 {
	lap := uint64(all) * stretch
	begin := uint64(i) * stretch
	done := n / lap * stretch
	if rest := n % lap; rest > begin {
		done += min(rest-begin, stretch)
	}
	return done
}

// drawInside draws n points of the square of 2^32 by 2^32 and counts those less than 2^32 from its corner. One
// number makes a point, and the sum of two squares overflows 64 bits exactly if the point is outside: there is
// no float to round, and no branch to mispredict. The grid's error is 10^-9 at most.
func drawInside(rng *rand.Rand, n uint64) uint64 {
	outside := uint64(0)
	for range n {
		u := rng.Uint64()
		x, y := u>>32, u&math.MaxUint32
		_, over := bits.Add64(x*x, y*y, 0)
		outside += over
	}
	return n - outside
}

// result is the estimate after n points.
func (s *PiState) result(n uint64) PiResult {
	p := float64(s.Inside) / float64(n)
	return PiResult{Pi: 4 * p, Error: 4 * math.Sqrt(p*(1-p)/float64(n)), N: n, Inside: s.Inside}
}

// orHundredth is batch, or a hundredth of n if that is 0.
func orHundredth(batch, n uint64) uint64 {
	if batch == 0 {
		batch = n / 100
	}
	return max(batch, 1)
}

// passes reports whether a multiple of step is after from, up to and with to.
func passes(from, to, step uint64) bool { return from/step != to/step }
