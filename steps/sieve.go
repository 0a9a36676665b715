package steps

import (
	"math"
	"math/bits"
)

// sieve finds the primes among odd numbers. The odd number 2k+1 has the index k.
type sieve struct {
	base    []uint64 // the odd primes up to the square root of the greatest number, without those of pattern
	pattern []uint64 // 1155 words: the multiples of 3, 5, 7 and 11, which repeat after 1155 odd numbers
	words   []uint64 // a segment: bit k is 1 if the k-th odd number in it is a prime
}

// segmentWords are the words of a segment: 32 KB, which fit into the first cache of today's CPUs.
const segmentWords = 1 << 12

// patternPeriod is 3·5·7·11.
const patternPeriod = 1155

// newSieve makes a sieve for numbers up to n.
func newSieve(n uint64) *sieve {
	root := uint64(math.Sqrt(float64(n))) + 1 // the root is rounded
	size := max(segmentWords, int(root>>6))   // a segment is not much shorter than the steps through it
	v := &sieve{base: basePrimes(root), words: make([]uint64, size), pattern: make([]uint64, patternPeriod)}
	for i := range v.pattern {
		v.pattern[i] = math.MaxUint64
	}
	for _, p := range smallPrimes() {
		strike(v.pattern, p/2, p)
	}
	return v
}

// smallPrimes are those whose multiples are in the pattern.
func smallPrimes() []uint64 { return []uint64{3, 5, 7, 11} }

// basePrimes returns the primes above 11 up to root.
func basePrimes(root uint64) []uint64 {
	words := make([]uint64, root/128+1)
	var base []uint64
	for p := uint64(3); p <= root; p += 2 {
		if bit(words, p/2) == 1 { // here 1 is a composite
			continue
		}
		if p > 11 {
			base = append(base, p)
		}
		for k := p * p / 2; k < uint64(len(words))*64; k += p {
			words[k/64] |= 1 << (k % 64)
		}
	}
	return base
}

// size is how many odd numbers a segment has at most.
func (v *sieve) size() uint64 { return uint64(len(v.words)) * 64 }

// segment sieves the odd numbers with the indices from and up to to. What it returns is valid until the next call;
// bits behind the last number are 0.
func (v *sieve) segment(from, to uint64) []uint64 {
	n := to - from
	words := v.words[:(n+63)/64]
	v.begin(words, from)
	last := 2*to - 1
	for _, p := range v.base {
		if p*p > last {
			break
		}
		strike(words, firstMultiple(p, from), p)
	}
	if rest := n % 64; rest > 0 {
		words[len(words)-1] &= 1<<rest - 1
	}
	mend(words, from, to)
	return words
}

// begin fills a segment with the pattern as it is from index from on: it begins anew after 1155 bits, and so it
// does after 1155 words.
func (v *sieve) begin(words []uint64, from uint64) {
	at := from % patternPeriod
	for at%64 != 0 {
		at += patternPeriod
	}
	for rest := v.pattern[at/64:]; len(words) > 0; rest = v.pattern {
		words = words[copy(words, rest):]
	}
}

// mend sets what is special among the first numbers: 1 is no prime, and those of the pattern are.
func mend(words []uint64, from, to uint64) {
	if from == 0 {
		words[0] &^= 1
	}
	for _, p := range smallPrimes() {
		if k := p / 2; from <= k && k < to {
			words[0] |= 1 << (k - from)
		}
	}
}

// firstMultiple is the index within a segment that begins at index from of the first odd multiple of p there that
// is at least its square.
func firstMultiple(p, from uint64) uint64 {
	first := p * p / 2
	if first >= from {
		return first - from
	}
	return (p - (from-first)%p) % p
}

// strike clears every p-th bit from the k-th on.
func strike(words []uint64, k, p uint64) {
	for n := uint64(len(words)) * 64; k < n; k += p {
		words[k/64] &^= 1 << (k % 64)
	}
}

// bit returns the k-th bit, 0 or 1.
func bit(words []uint64, k uint64) uint64 { return words[k/64] >> (k % 64) & 1 }

func countBits(words []uint64) (n uint64) {
	for _, w := range words {
		n += uint64(bits.OnesCount64(w))
	}
	return n
}

// countPairs counts the neighbours that are both 1. last is the bit before the first.
func countPairs(words []uint64, last uint64) (n uint64) {
	for _, w := range words {
		n += uint64(bits.OnesCount64(w & (w<<1 | last)))
		last = w >> 63
	}
	return n
}
