// Package preserve decides which older checkpoints of a run are kept.
//
// Kept are the last ones, the best one by a metric, and some older ones that are the farther apart the older
// they are. Those are thinned as the run goes on, after the idea of K. Bringmann, B. Doerr, A. Neumann and
// J. Sliacan, Online Checkpointing with Improved Worst-Case Guarantees (INFORMS J. Computing 27(3), 2015): of
// the older ones, that one goes whose neighbours are closest. Distances are ratios of ages here, so that the
// near past is dense.
//
// The bound, by which a test measures: let a point of the past be of age a, which counts from the newest
// checkpoint, plus a second. As long as it is not older than the oldest checkpoint that is kept, there is a kept
// one of an age between a and R·a, with R = T^(1/⌊N/2⌋), where T is the run's age in seconds and N the number of
// spaced ones. A gap is opened only where its ends are within R, since N+1 ages cannot all be farther apart; and
// ages that grow by the same amount come closer to each other.
package preserve

import (
	"math"
	"slices"
)

// Policy says which older checkpoints of a run are kept. The zero value keeps none.
type Policy struct {
	Last   int    `json:"last"`            // the newest ones
	Spaced int    `json:"spaced"`          // older ones than those, at growing distances
	Bytes  int64  `json:"bytes,omitempty"` // what the spaced ones may take together; 0 means any amount
	Best   string `json:"best,omitempty"`  // and the best one, by this metric
	Max    bool   `json:"max,omitempty"`   // the highest value is the best, not the lowest
}

// Default is the policy of runs that were given none.
func Default() Policy { return Policy{Last: 3, Spaced: 16, Bytes: 256 << 20} }

// Point is a kept checkpoint.
type Point struct {
	ID    int64
	AtUS  int64   // time spent in steps when it was made, in microseconds
	Size  int64   // of its state, in bytes
	Value float64 // of the metric Best; NaN if none came with it
}

// Improves reports whether value is better than those of all kept checkpoints.
func (p Policy) Improves(kept []Point, value float64) bool {
	if p.Best == "" || math.IsNaN(value) {
		return false
	}
	best := p.best(kept)
	return best < 0 || p.better(value, kept[best].Value)
}

// Thin takes those out of kept, oldest first, that the policy does not keep. It changes kept.
func (p Policy) Thin(kept []Point) (left []Point, gone []int64) {
	for {
		i := p.spare(kept)
		if i < 0 {
			return kept, gone
		}
		gone = append(gone, kept[i].ID)
		kept = slices.Delete(kept, i, i+1)
	}
}

// Reason is why a checkpoint is kept.
type Reason uint8

// The reasons, which may be added.
const (
	Last Reason = 1 << iota
	Spaced
	Best
)

// Why returns for each of kept, oldest first, why it is kept.
func (p Policy) Why(kept []Point) []Reason {
	why := make([]Reason, len(kept))
	for i := range kept {
		if why[i] = Spaced; i >= len(kept)-p.Last {
			why[i] = Last
		}
	}
	if best := p.best(kept); best >= 0 {
		why[best] = why[best]&^Spaced | Best
	}
	return why
}

// spare returns the one of kept that is missed least and that has to go; -1 if none has to.
func (p Policy) spare(kept []Point) int {
	older, best := max(len(kept)-p.Last, 0), p.best(kept)
	spaced, size := 0, int64(0)
	for i := range older {
		if i != best {
			spaced++
			size += kept[i].Size
		}
	}
	if spaced <= p.Spaced && (p.Bytes == 0 || size <= p.Bytes) {
		return -1
	}
	least, ratio := -1, math.Inf(1)
	for i := range older {
		if i == best {
			continue
		}
		if r := gap(kept, i); least < 0 || r <= ratio {
			least, ratio = i, r
		}
	}
	return least
}

// gap is the ratio of the ages between which there is nothing left without number i. The oldest one is
// missed most: nothing is behind it.
func gap(kept []Point, i int) float64 {
	if i == 0 || i == len(kept)-1 {
		return math.Inf(1)
	}
	now := kept[len(kept)-1].AtUS
	return age(now, kept[i-1].AtUS) / age(now, kept[i+1].AtUS)
}

// age is a second more than the time since then, so that the newest has one, too.
func age(now, then int64) float64 { return max(float64(now-then), 0)/1e6 + 1 }

// best returns the best one of kept; of two that are as good the older, and -1 if there is none.
func (p Policy) best(kept []Point) int {
	best := -1
	if p.Best == "" {
		return best
	}
	for i := range kept {
		v := kept[i].Value
		if !math.IsNaN(v) && (best < 0 || p.better(v, kept[best].Value)) {
			best = i
		}
	}
	return best
}

func (p Policy) better(a, b float64) bool {
	if p.Max {
		return a > b
	}
	return a < b
}
