package steps

import (
	"fmt"

	"github.com/durable-wf/wf/engine"
)

// Primes names the workflow that counts primes.
const Primes engine.Name[PrimesState, PrimesResult] = "primes"

// PrimesState is the state of Primes: of the first I odd numbers, all are sieved.
type PrimesState struct {
	N     uint64 `json:"n" help:"count the primes up to this number, itself included" default:"1_000_000_000"`
	Twins bool   `json:"twins" help:"count pairs of primes that differ by 2, too"`
	I     uint64 `json:"i"`
	Count uint64 `json:"count"` // of odd primes
	Pairs uint64 `json:"pairs"`
	Last  uint64 `json:"last"` // 1 if the odd number sieved last is a prime
}

// PrimesResult is what Primes comes to.
type PrimesResult struct {
	N      uint64  `json:"n"`
	Primes uint64  `json:"primes"`
	Twins  *uint64 `json:"twins,omitempty"` // pairs that differ by 2; nil if they were not asked for
}

// PrimesWorkflow is the sieve of Eratosthenes in segments that fit into the cache of a CPU. What it saves is a
// few counters: a segment needs nothing of the one before.
func PrimesWorkflow() engine.Workflow[PrimesState, PrimesResult] {
	return engine.Workflow[PrimesState, PrimesResult]{
		Name:     Primes,
		Version:  1,
		Doc:      "Count the primes up to n with a segmented sieve.",
		Validate: (*PrimesState).validate,
		Steps:    []engine.Step[PrimesState]{{Name: "sieve", Pure: true, Do: sievePrimes}},
	}
}

// maxPrimes is 10^15: a day of work, with 30 MB of primes to sieve by.
const maxPrimes = 1_000_000_000_000_000

func (s *PrimesState) validate() error {
	if s.N > maxPrimes {
		return fmt.Errorf("n %d is more than %d", s.N, uint64(maxPrimes))
	}
	return nil
}

func sievePrimes(ctx *engine.Context, s *PrimesState) (engine.Transition, error) {
	odds := (s.N + 1) / 2 // 1, 3, 5 … up to n
	sieve := newSieve(s.N)
	batch := orHundredth(0, s.N)
	for from, to := range engine.Blocks(ctx, &s.I, odds, sieve.size()) {
		segment := sieve.segment(from, to)
		s.Count += countBits(segment)
		if s.Twins {
			s.Pairs += countPairs(segment, s.Last)
		}
		s.Last = bit(segment, to-from-1)
		ctx.Progress(int64(min(2*to, s.N)), int64(s.N)) //nolint:gosec // at most 10^15
		if passes(2*from, 2*to, batch) {
			ctx.Metric("primes", float64(s.result(2*to).Primes))
		}
	}
	return Primes.Done(s.result(s.N)), nil
}

// result is the count up to n, of which all odd numbers are sieved: with the only even prime.
func (s *PrimesState) result(n uint64) PrimesResult {
	r := PrimesResult{N: n, Primes: s.Count}
	if n >= 2 {
		r.Primes++
	}
	if s.Twins {
		r.Twins = &s.Pairs
	}
	return r
}
