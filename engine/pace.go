package engine

import (
	"cmp"
	"math"
	"time"
)

// Pace is how often the checkpoint policy has an attempt save, and the figures from which it was chosen. It
// is stored with every checkpoint, so that a resumed run begins with what it has learned.
type Pace struct {
	Interval time.Duration `json:"interval_ns"` // between saves on the clock; 0 for none
	Bound    Bound         `json:"bound"`       // which rule decided on it

	Stall   time.Duration `json:"stall_ns"`   // how long the step stands still for a save, smoothed; counts for the budget
	Cost    time.Duration `json:"cost_ns"`    // until a save is durable, smoothed; counts for Young's formula. 0: none was measured
	Slowest time.Duration `json:"slowest_ns"` // the longest of the newest 100 saves, until durable
	Silence time.Duration `json:"silence_ns"` // the longest that the step let a due save wait, of the newest 100

	Overhead float64       `json:"overhead"` // the budget: the share of time that may go into saves
	MaxLoss  time.Duration `json:"max_loss_ns"`
	MTBF     time.Duration `json:"mtbf_ns"` // mean time between failures of the host
}

// Bound names the rule that decides on the interval between saves.
type Bound string

// The rules.
const (
	ByChoice   Bound = "choice"   // Checkpoint.Interval says so
	ByCount    Bound = "count"    // Checkpoint.Every alone decides
	ByNothing  Bound = "nothing"  // there are no saves within the step
	ByLearning Bound = "learning" // no save was measured yet: one comes soon, to learn what it costs
	ByMaxLoss  Bound = "max-loss" // no more work than this is put at risk
	ByYoung    Bound = "young"    // saves and repeated work together cost least
	ByOverhead Bound = "overhead" // more saves would exceed the budget
)

// chosen returns p with the interval that the policy chooses by p's Stall, Cost and MTBF.
func (p Pace) chosen(c Checkpoint) Pace {
	p.Overhead, p.MaxLoss = cmp.Or(c.Overhead, defaultOverhead), cmp.Or(c.MaxLoss, defaultMaxLoss)
	p.Interval, p.Bound = 0, ByNothing
	switch {
	case c.Interval > 0:
		p.Interval, p.Bound = c.Interval, ByChoice
		return p
	case c.Interval < 0 && c.Every == 0:
		return p
	case c.Every > 0:
		p.Bound = ByCount
		return p
	}
	p.Interval, p.Bound = p.MaxLoss, ByMaxLoss
	if p.Cost == 0 { // the first save may be under way: then its stall is known already, and counts
		p.Interval, p.Bound = min(p.MaxLoss, defaultMaxLoss), ByLearning
	} else if young := clamp(math.Sqrt(2 * float64(p.Cost) * float64(p.MTBF))); young < p.Interval {
		p.Interval, p.Bound = young, ByYoung
	}
	if least := clamp(float64(p.Stall) / p.Overhead); least > p.Interval {
		p.Interval, p.Bound = least, ByOverhead
	}
	return p
}

// lead is how long it takes, at worst, to stop the attempt with a save. All counts twice: it may just be saving when it
// is told, and then save once more; and if it looks up at a steady beat, the clock may have rung late in each.
func (p Pace) lead() time.Duration { return 2 * (p.Slowest + p.Silence) }
