package steps_test

import (
	"math/bits"
	"testing"

	"github.com/durable-wf/wf/steps"
)

const additions = 1_000_000_000

// BenchmarkSum compares the loop of sum under the default checkpoint policy with the same arithmetic
// alone. The budget is 1.1 times.
func BenchmarkSum(b *testing.B) {
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			hi, lo := bare(additions)
			sink = hi ^ lo
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/additions, "ns/addition")
	})
	b.Run("checkpointed", func(b *testing.B) {
		for b.Loop() {
			run(b.Context(), b, &host{}, steps.SumState{N: additions}, 0)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/additions, "ns/addition")
	})
}

var sink uint64 //nolint:gochecknoglobals // keeps the compiler from dropping the loop

//go:noinline
func bare(n uint64) (hi, lo uint64) {
	for i := uint64(0); i < n; {
		i++
		var carry uint64
		lo, carry = bits.Add64(lo, i, 0)
		hi, _ = bits.Add64(hi, 0, carry)
	}
	return hi, lo
}
