package cli

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/durable-wf/wf/engine"
)

// limitFlag is a flag for a number that may be none. It stays nil unless it is given.
type limitFlag struct{ to **int }

// String, Set and Type make a limitFlag a flag.
func (f limitFlag) String() string {
	if f.to == nil || *f.to == nil {
		return ""
	}
	return strconv.Itoa(**f.to)
}

// Set accepts a number from 1, and none.
func (f limitFlag) Set(word string) error {
	n, err := limitOf(word)
	if err == nil {
		*f.to = &n
	}
	return err
}

// Type names the flag's values in the help.
func (f limitFlag) Type() string { return "N|none" }

// limitOf reads a limit; 0 stands for none.
func limitOf(word string) (int, error) {
	if word == "none" {
		return 0, nil
	}
	n, err := strconv.Atoi(word)
	if err != nil || n < 1 {
		return 0, errors.New("must be a number from 1, or none")
	}
	return n, nil
}

// rateFlag is a flag for so many in a time: 10/1m, 10/m, or none.
type rateFlag struct{ options *engine.QueueOptions }

// String, Set and Type make a rateFlag a flag.
func (f rateFlag) String() string {
	if f.options == nil || f.options.Rate == nil {
		return ""
	}
	return rateText(*f.options.Rate, f.options.Period)
}

// Set accepts 10/1m, 10/m and none.
func (f rateFlag) Set(word string) error {
	number, period, found := strings.Cut(word, "/")
	n, err := limitOf(number)
	switch {
	case err != nil || found != (n > 0):
		return errors.New("must be a number per time, such as 10/1m, or none")
	case n == 0:
		f.options.Rate, f.options.Period = &n, 0
		return nil
	}
	d, err := parseAge(period)
	if err != nil { // a unit alone
		d, err = parseAge("1" + period)
	}
	if err != nil || d < time.Microsecond {
		return errors.New("must be a number per time, such as 10/1m, or none")
	}
	f.options.Rate, f.options.Period = &n, d
	return nil
}

// Type names the flag's values in the help.
func (f rateFlag) Type() string { return "N/TIME|none" }

// rateText is a rate for people, as the flag takes it; "" for none.
func rateText(rate int, period time.Duration) string {
	if rate == 0 {
		return ""
	}
	text := period.String()
	for _, zero := range []string{"m0s", "h0m"} { // 1h0m0s is 1h
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return strconv.Itoa(rate) + "/" + text
}

// dawn is a flag that names a time to come: a length of time from now on, or a date that moment takes.
type dawn time.Time

// String, Set and Type make dawn a flag.
func (d *dawn) String() string {
	if (*time.Time)(d).IsZero() {
		return ""
	}
	return (*time.Time)(d).Format(time.RFC3339)
}

// Set reads the time.
func (d *dawn) Set(text string) error {
	now := time.Now()
	at, err := parseMoment(text, now)
	if ahead, no := parseAge(text); no == nil {
		at = now.Add(ahead)
	}
	switch {
	case err != nil:
		return errors.New("must be a time: a date (2026-11-01), with a time of day (2026-11-01 15:04), RFC 3339, or how long from now (2h)")
	case at.Before(now):
		return errors.New("must be a time to come, and that is over")
	}
	*d = dawn(at)
	return nil
}

// Type names the flag's values in the help.
func (d *dawn) Type() string { return "time" }

// addEntryFlags adds the flags that say how a run enters its queue.
func addEntryFlags(flags *pflag.FlagSet, o *engine.StartOptions) {
	flags.StringVar(&o.Queue, "queue", "", "the queue in which the run waits for a worker (default "+engine.DefaultQueue+")")
	flags.IntVar(&o.Priority, "priority", 0, "higher ones go first in their queue")
	flags.StringVar(&o.FairKey, "fair-key", "", "runs of different keys take turns in their queue")
	flags.Var((*age)(&o.Delay), "delay", "begin so much later")
	flags.Var((*dawn)(&o.At), "at", "begin at this time: a date with a time of day, RFC 3339, or in so long (2h)")
	flags.Var((*age)(&o.Deadline), "deadline", "fail the run if it has not ended so long after its start (default: as its workflow says)")
}
