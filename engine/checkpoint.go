package engine

import (
	"fmt"
	"math"
	"time"
)

// Checkpoint is the policy that decides when [Context.Due] is true. The rules are independent
// clocks and their union fires. A zero field is filled from the next wider policy: StartOptions,
// Step, Workflow, Config, default.
type Checkpoint struct {
	// Every fires at each so-many-th call of Due. Such a save is exact: it is committed before the
	// loop goes on. 0 means never. With Every set, the default interval does not apply.
	Every int64 `json:"every,omitempty"`
	// Interval fires when so much time has passed since the last save. 0 means the interval that
	// costs least: max(C/b, min(sqrt(2·C·M), 1 s)), with C the measured cost of a save, b the
	// Overhead and M the mean time between failures of this host (J. W. Young, A first order
	// approximation to the optimum checkpoint interval, CACM 17(9), 1974). Negative means never.
	Interval time.Duration `json:"interval_ns,omitempty"`
	// Overhead is the share of time that may go into saves under the default interval. 0 means 0.001.
	Overhead float64 `json:"overhead,omitempty"`
}

const (
	defaultOverhead = 0.001
	maxLoss         = time.Second    // the default interval never risks more, unless Overhead demands it
	priorMTBF       = 24 * time.Hour // believed of a host before anything was observed
)

// or fills the zero fields of c from wider.
func (c Checkpoint) or(wider Checkpoint) Checkpoint {
	if c.Interval == 0 && c.Every == 0 { // a count is a choice of cadence, too
		c.Interval, c.Every = wider.Interval, wider.Every
	}
	if c.Overhead == 0 {
		c.Overhead = wider.Overhead
	}
	return c
}

// interval returns the time between saves on the clock, 0 for never. stall is the measured time
// that a step stands still for a save, cost the measured time until it is durable.
func (c Checkpoint) interval(stall, cost, mtbf time.Duration) time.Duration {
	switch {
	case c.Interval < 0 || c.Interval == 0 && c.Every > 0:
		return 0
	case c.Interval > 0:
		return c.Interval
	case cost == 0:
		return maxLoss // nothing measured yet
	}
	overhead := c.Overhead
	if overhead == 0 {
		overhead = defaultOverhead
	}
	young := time.Duration(math.Sqrt(2 * float64(cost) * float64(mtbf)))
	return max(clamp(float64(stall)/overhead), min(young, maxLoss))
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
	overhead := c.Overhead
	if overhead == 0 {
		overhead = defaultOverhead
	}
	return fmt.Sprintf("about every %v, within %.3g %% of the time", maxLoss, overhead*100)
}

func (c Checkpoint) faults() []error {
	var faults []error
	if c.Every < 0 {
		faults = append(faults, fmt.Errorf("checkpoint: every %d must not be negative", c.Every))
	}
	if !(c.Overhead >= 0 && c.Overhead <= 1) {
		faults = append(faults, fmt.Errorf("checkpoint: overhead %v must be between 0 and 1", c.Overhead))
	}
	return faults
}
