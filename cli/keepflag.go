package cli

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/pflag"

	"github.com/durable-wf/wf/engine"
)

// addPreserveFlags adds the flags that say which older checkpoints of a run are kept.
func addPreserveFlags(flags *pflag.FlagSet, p *engine.Preserve) {
	flags.Var((*lastFlag)(&p.Last), "keep-last", "how many of the newest checkpoints are kept (default 3)")
	flags.Var((*spacedFlag)(&p.Spaced), "keep-spaced", "how many older ones, the farther apart the older they are (default 16)")
	flags.Var((*bytesFlag)(&p.Bytes), "keep-bytes", "what the spaced ones may take together: 1GiB, or none for no limit (default 256MiB)")
	flags.Var((*bestFlag)(&p.Best), "keep-best", "and the best one by this metric: residual for the lowest, accuracy:max for the highest value")
}

// lastFlag is a flag for a number from 1 on.
type lastFlag int

// String, Set and Type make a lastFlag a flag.
func (f *lastFlag) String() string { return zeroless(int64(*f)) }

// Set accepts a number from 1 on.
func (f *lastFlag) Set(word string) error {
	n, err := strconv.Atoi(word)
	if err != nil || n < 1 {
		return errors.New("must be a whole number from 1 on")
	}
	*f = lastFlag(n)
	return nil
}

// Type names the flag's values in the help.
func (f *lastFlag) Type() string { return "int" }

// spacedFlag is a flag for a number from 0 on. None is -1 in the engine's policy, where 0 leaves it to others.
type spacedFlag int

// String, Set and Type make a spacedFlag a flag.
func (f *spacedFlag) String() string { return zeroless(max(int64(*f), 0)) }

// Set accepts a number from 0 on.
func (f *spacedFlag) Set(word string) error {
	n, err := strconv.Atoi(word)
	if err != nil || n < 0 {
		return errors.New("must be a whole number from 0 on")
	}
	if *f = spacedFlag(n); n == 0 {
		*f = -1
	}
	return nil
}

// Type names the flag's values in the help.
func (f *spacedFlag) Type() string { return "int" }

// bytesFlag is a flag for a size; no limit is -1 in the engine's policy.
type bytesFlag int64

// String, Set and Type make a bytesFlag a flag.
func (f *bytesFlag) String() string {
	if *f <= 0 {
		return ""
	}
	return humanize.IBytes(uint64(*f))
}

// Set accepts 100000, 100kB, 1GiB and none.
func (f *bytesFlag) Set(word string) error {
	if word == "none" {
		*f = -1
		return nil
	}
	n, err := humanize.ParseBytes(word)
	if err != nil || n == 0 || n > math.MaxInt64 {
		return errors.New("must be a size such as 100MB or 1GiB, or none")
	}
	*f = bytesFlag(n)
	return nil
}

// Type names the flag's values in the help.
func (f *bytesFlag) Type() string { return "size" }

// bestFlag is a flag for a metric and what of it is the best.
type bestFlag string

// String, Set and Type make a bestFlag a flag.
func (f *bestFlag) String() string { return string(*f) }

// Set accepts residual, residual:min and accuracy:max.
func (f *bestFlag) Set(word string) error {
	if name := strings.TrimSuffix(strings.TrimSuffix(word, ":max"), ":min"); name == "" {
		return errors.New("must be the name of a metric, which :max may follow")
	}
	*f = bestFlag(word)
	return nil
}

// Type names the flag's values in the help.
func (f *bestFlag) Type() string { return "metric" }

// zeroless writes a number, but nothing for zero.
func zeroless(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
