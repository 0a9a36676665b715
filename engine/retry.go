package engine

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"time"
)

// Retry says how often and how fast the failed attempts of a step are repeated. The zero value does
// not retry. Counter and next time are stored with the run, so that they survive a crash.
type Retry struct {
	Attempts int           `json:"attempts,omitempty"`   // in a row without a new checkpoint, the first one included; 0 means 1, negative no limit
	Initial  time.Duration `json:"initial_ns,omitempty"` // before the second attempt; 0 means 1 s
	Factor   float64       `json:"factor,omitempty"`     // by which each pause is longer than the one before; 0 means 2
	Max      time.Duration `json:"max_ns,omitempty"`     // the longest pause; 0 means 1 min
	Jitter   float64       `json:"jitter,omitempty"`     // share of the pause that is random, up to 1; 0 means 0.1, negative none

	// If tells which errors are worth another attempt; false makes the error permanent. nil repeats all but
	// those marked with Permanent. It gets the error as the step returned it; a time-out is an ErrStepTimeout
	// or an ErrHeartbeatTimeout, a panic a *PanicError.
	If func(error) bool `json:"-"`
}

const (
	retryInitial = time.Second
	retryFactor  = 2
	retryMax     = time.Minute
	retryJitter  = 0.1
)

// or fills what r leaves out from wider.
func (r Retry) or(wider Retry) Retry {
	r.Attempts = cmp.Or(r.Attempts, wider.Attempts)
	r.Initial = cmp.Or(r.Initial, wider.Initial)
	r.Factor = cmp.Or(r.Factor, wider.Factor)
	r.Max = cmp.Or(r.Max, wider.Max)
	r.Jitter = cmp.Or(r.Jitter, wider.Jitter)
	if r.If == nil {
		r.If = wider.If
	}
	return r
}

// exhausted reports whether no attempt is left after so many failures in a row.
func (r Retry) exhausted(failures int64) bool {
	return r.Attempts >= 0 && failures >= int64(max(r.Attempts, 1))
}

// judge marks an error that If says not to repeat as permanent. A panic of If does that too.
func (r Retry) judge(err error) (judged error) {
	if r.If == nil || isPermanent(err) {
		return err
	}
	defer func() {
		if v := recover(); v != nil {
			judged = Permanent(fmt.Errorf("%w (and Retry.If: %w)", err, &PanicError{Value: v, Stack: string(debug.Stack())}))
		}
	}()
	if !r.If(err) {
		return Permanent(err)
	}
	return err
}

// pause returns the time to wait after so many failures in a row (1 or more).
func (r Retry) pause(failures int64) time.Duration {
	initial, factor, limit, jitter := r.Initial, r.Factor, r.Max, r.Jitter
	if initial == 0 {
		initial = retryInitial
	}
	if factor == 0 {
		factor = retryFactor
	}
	if limit == 0 {
		limit = retryMax
	}
	if jitter == 0 {
		jitter = retryJitter
	}
	d := min(float64(initial)*math.Pow(factor, float64(failures-1)), float64(limit))
	if jitter > 0 {
		d *= 1 - jitter*rand.Float64() // never longer than said; spread, so that failures do not return in step
	}
	return clamp(d)
}

// clamp makes a Duration of a number of nanoseconds that may be beyond all Durations.
func clamp(ns float64) time.Duration {
	if ns >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(ns)
}

// limit renders the number of attempts for people.
func (r Retry) limit() string {
	if r.Attempts < 0 {
		return "no limit"
	}
	return fmt.Sprint(max(r.Attempts, 1))
}

func (r Retry) faults() []error {
	var faults []error
	if r.Initial < 0 || r.Max < 0 {
		faults = append(faults, fmt.Errorf("retry: a pause must not be negative"))
	}
	if r.Factor < 0 || r.Factor > 0 && r.Factor < 1 || math.IsNaN(r.Factor) {
		faults = append(faults, fmt.Errorf("retry: factor %v must be 1 or more", r.Factor))
	}
	if r.Jitter > 1 || math.IsNaN(r.Jitter) {
		faults = append(faults, fmt.Errorf("retry: jitter %v must be at most 1", r.Jitter))
	}
	return faults
}
