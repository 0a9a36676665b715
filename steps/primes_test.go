package steps_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/enginetest"
	"github.com/durable-wf/wf/steps"
)

// The counts are those of OEIS A006880 and A007508, with those next to primes and twins.
func TestPrimes(t *testing.T) {
	t.Parallel()
	eng := newEngine(t)
	tests := []struct{ n, primes, twins uint64 }{
		{0, 0, 0}, {1, 0, 0}, {2, 1, 0}, {3, 2, 0}, {4, 2, 0}, {5, 3, 1}, {6, 3, 1}, {7, 4, 2}, {10, 4, 2}, {11, 5, 2}, {13, 6, 3},
		{100, 25, 8}, {1_000, 168, 35}, {10_000, 1_229, 205}, {100_000, 9_592, 1_224}, {1_000_000, 78_498, 8_169},
		{10_000_000, 664_579, 58_980}, {100_000_000, 5_761_455, 440_312},
	}
	for _, test := range tests {
		got, err := steps.Primes.Run(t.Context(), eng, steps.PrimesState{N: test.n, Twins: true}, nil)
		if err != nil || got.Primes != test.primes || *got.Twins != test.twins {
			t.Errorf("up to %d: %+v, %v; want %+v", test.n, got, err, test)
		}
	}
	if got, err := steps.Primes.Run(t.Context(), eng, steps.PrimesState{N: 10}, nil); err != nil || got.Twins != nil {
		t.Errorf("twins that nobody asked for: %+v, %v", got, err)
	}
}

// Wherever checkpoints cut the numbers into segments, the counts are the same.
func TestPrimesDoNotDependOnTheirSegments(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Range(0, 30_000).Draw(t, "n")
		every := rapid.Int64Range(1, 3000).Draw(t, "every")
		odds, last, primes, pairs := (n+1)/2, uint64(0), uint64(0), uint64(0)
		cut := steps.NewSieve(n)
		for from := uint64(0); from < odds; {
			to := min(from+uint64(every), odds)
			c, p, l := cut.Count(from, to, last)
			from, last, primes, pairs = to, l, primes+c, pairs+p
		}
		wantPrimes, wantPairs := uint64(0), uint64(0)
		for k := uint64(3); k <= n; k += 2 {
			if isPrime(k) {
				wantPrimes++
				if isPrime(k - 2) {
					wantPairs++
				}
			}
		}
		if primes != wantPrimes || pairs != wantPairs {
			t.Fatalf("up to %d by %d: %d odd primes, %d pairs; want %d, %d", n, every, primes, pairs, wantPrimes, wantPairs)
		}
	})
}

// isPrime tries all divisors of an odd number.
func isPrime(n uint64) bool {
	for d := uint64(3); d*d <= n; d += 2 {
		if n%d == 0 {
			return false
		}
	}
	return n > 1
}

func TestPrimesCrashEverywhere(t *testing.T) {
	t.Parallel()
	enginetest.CrashEverywhere(t, steps.PrimesWorkflow(), steps.PrimesState{N: 1_000_000, Twins: true}, &enginetest.CrashOptions{
		Start: &engine.StartOptions{Checkpoint: engine.Checkpoint{Every: 150_000}}, Each: 2,
	})
}

func TestPrimesRefuse(t *testing.T) {
	t.Parallel()
	mustRefuse(t, steps.PrimesWorkflow(), map[string]string{
		`{"n":1000000000000001,"twins":false,"i":0,"count":0,"pairs":0,"last":0}`: "n 1000000000000001 is more than 1000000000000000",
	})
}

// BenchmarkPrimes compares primes under the default checkpoint policy with the same sieve alone. The budget is
// 1.1 times.
func BenchmarkPrimes(b *testing.B) {
	const n = 1_000_000_000
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			v, last, primes := steps.NewSieve(n), uint64(0), uint64(0)
			for from := uint64(0); from < n/2; from += v.Size() {
				c, _, l := v.Count(from, min(from+v.Size(), n/2), last)
				primes, last = primes+c, l
			}
			sink += primes
		}
	})
	b.Run("checkpointed", func(b *testing.B) {
		for b.Loop() {
			visit(b.Context(), b, steps.PrimesWorkflow(), "sieve", &host{}, steps.PrimesState{N: n}, 0)
		}
	})
}
