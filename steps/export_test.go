package steps

import "math/rand/v2"

// DrawInside is the hot loop of Pi.
func DrawInside(rng *rand.Rand, n uint64) uint64 { return drawInside(rng, n) }

// Sieve is what Primes sieves with.
type Sieve struct{ sieve *sieve }

// NewSieve makes a sieve for numbers up to n.
func NewSieve(n uint64) Sieve { return Sieve{newSieve(n)} }

// Size is how many odd numbers a segment has at most.
func (s Sieve) Size() uint64 { return s.sieve.size() }

// Count counts the odd primes with the indices from and up to to, and pairs of them.
func (s Sieve) Count(from, to, last uint64) (primes, pairs, lastBit uint64) {
	segment := s.sieve.segment(from, to)
	return countBits(segment), countPairs(segment, last), bit(segment, to-from-1)
}

// Diffuse makes n iterations in so many bands of rows, and returns the temperatures and the last greatest change.
func Diffuse(s HeatState, n, bands int) ([]float64, float64) {
	u, next := s.first(), make([]float64, s.NX*s.NY)
	b, residual := splitBands(s.NX, s.NY, bands), 0.0
	for range n {
		residual = b.iterate(next, u)
		u, next = next, u
	}
	return u, residual
}

// Values reads a list of values of Sweep.
func Values(list string) ([]string, error) { return values(list) }
