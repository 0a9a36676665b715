package cli

import (
	"os"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"github.com/durable-wf/wf/engine"
)

// jobEnd is the variable in which Slurm tells a job when it will be ended, in Unix seconds.
const jobEnd = "SLURM_JOB_END_TIME"

// timeLimit is the flag that says how long this process has.
type timeLimit struct {
	d time.Duration
}

func (l *timeLimit) add(flags *pflag.FlagSet) {
	flags.DurationVar(&l.d, "time-limit", 0, "save and stop in time before so long is over (default: what Slurm tells, else none)")
}

func (l *timeLimit) check() error {
	if l.d < 0 {
		return usagef("--time-limit %v must not be negative", l.d)
	}
	return nil
}

// stopAt is when this process will be ended; zero if that is not known. What the flag says counts; without it, what
// Slurm says, which is told to people, since it is not they who have said it.
func (l *timeLimit) stopAt(a *app) time.Time {
	now := time.Now()
	if l.d > 0 {
		return now.Add(l.d)
	}
	text := os.Getenv(jobEnd)
	if text == "" {
		return time.Time{}
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if end := time.Unix(seconds, 0); err == nil && end.After(now) {
		a.note("Slurm ends this job in %s (%s): what executes is saved before; --time-limit says otherwise", humanETA(end.Sub(now)), jobEnd)
		return end
	}
	a.note("%s is %q, which is no time to come in Unix seconds: no time limit is known", jobEnd, text)
	return time.Time{}
}

// stopped says how a run was stopped, to go on after its name and state.
func stopped(s *engine.Stop) string {
	switch {
	case s == nil:
		return ""
	case s.Saved:
		return " (saved " + humanDuration(s.Took) + " after " + s.Cause + ")"
	}
	return " (stopped " + humanDuration(s.Took) + " after " + s.Cause + ", without one more save)"
}
