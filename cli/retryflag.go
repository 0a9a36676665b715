package cli

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/durable-wf/wf/engine"
)

// retryFlags say how often failed attempts at a step are repeated.
type retryFlags struct {
	times int64 // 0: as the step says
	pause time.Duration
}

func (r *retryFlags) add(flags *pflag.FlagSet) {
	flags.Var((*wholeFlag)(&r.times), "retry", "repeat a failed attempt at a step so often; -1 without end (default: as the step says)")
	flags.DurationVar(&r.pause, "retry-pause", 0, "before the first repetition; each pause is twice the one before, up to a minute (default 1s)")
}

// into puts what was said into the options of a start.
func (r *retryFlags) into(o *engine.StartOptions) error {
	switch {
	case r.times < -1:
		return usagef("--retry %d must be -1 or more", r.times)
	case r.pause < 0:
		return usagef("--retry-pause %v must not be negative", r.pause)
	case r.times == 0 && r.pause == 0:
		return nil
	}
	policy := engine.Retry{Initial: r.pause, Max: max(r.pause, time.Minute)}
	switch {
	case r.times > 0:
		policy.Attempts = int(r.times) + 1 // the first one is no repetition
	case r.times < 0:
		policy.Attempts = -1
	}
	o.Retry = &policy
	return nil
}
