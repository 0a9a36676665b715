package engine

import (
	"cmp"
	"fmt"
	"time"
)

// Checkpoint is the policy that decides when [Context.Due] is true. The rules are independent: the count
// and the clock fire each by itself, and their union is what Due tells. A zero field is filled from the next
// wider policy: StartOptions, Step, Workflow, Config, default.
type Checkpoint struct {
	// Every fires at each so-many-th call of Due, whatever was saved between. Such a save is exact: it is
	// committed before the loop goes on. 0 means never. With Every set, the default interval does not apply.
	Every int64 `json:"every,omitempty"`
	// Interval fires when so much time has passed since the last save. 0 means the interval that
	// costs least: max(C/b, min(sqrt(2·C·M), MaxLoss)), with C the measured cost of a save, b the
	// Overhead and M the mean time between failures of this host (J. W. Young, A first order
	// approximation to the optimum checkpoint interval, CACM 17(9), 1974). Negative means never.
	Interval time.Duration `json:"interval_ns,omitempty"`
	// Overhead is the share of time that may go into saves under the default interval. 0 means 0.001.
	Overhead float64 `json:"overhead,omitempty"`
	// MaxLoss is how much work the default interval puts at risk at most, unless Overhead demands it. 0
	// means 1 s. To set it is to choose the default interval: an Interval or Every of wider policies does
	// not apply then.
	MaxLoss time.Duration `json:"max_loss_ns,omitempty"`
}

const (
	defaultOverhead = 0.001
	defaultMaxLoss  = time.Second
	priorMTBF       = 24 * time.Hour // believed of a host before anything was observed
)

// or fills the zero fields of c from wider.
func (c Checkpoint) or(wider Checkpoint) Checkpoint {
	if c.Interval == 0 && c.Every == 0 && c.MaxLoss == 0 { // each of them is a choice of cadence
		c.Interval, c.Every, c.MaxLoss = wider.Interval, wider.Every, wider.MaxLoss
	}
	c.Overhead = cmp.Or(c.Overhead, wider.Overhead)
	return c
}

// String describes the policy for people.
func (c Checkpoint) String() string {
	switch {
	case c.Every > 0 && c.Interval > 0:
		return fmt.Sprintf("every %d iterations and every %v", c.Every, c.Interval)
	case c.Every > 0:
		return fmt.Sprintf("every %d iterations", c.Every)
	case c.Interval > 0:
		return fmt.Sprintf("every %v", c.Interval)
	case c.Interval < 0:
		return "at the end of a step only"
	}
	return fmt.Sprintf("about every %v, within %.3g %% of the time", cmp.Or(c.MaxLoss, defaultMaxLoss), cmp.Or(c.Overhead, defaultOverhead)*100)
}

func (c Checkpoint) faults() []error {
	var faults []error
	if c.Every < 0 {
		faults = append(faults, fmt.Errorf("checkpoint: every %d must not be negative", c.Every))
	}
	if !(c.Overhead >= 0 && c.Overhead <= 1) {
		faults = append(faults, fmt.Errorf("checkpoint: overhead %v must be between 0 and 1", c.Overhead))
	}
	if c.MaxLoss < 0 {
		faults = append(faults, fmt.Errorf("checkpoint: max loss %v must not be negative", c.MaxLoss))
	}
	return faults
}
