// Package cron knows at which times a rule comes round: by a cron expression, by an interval, or once. A
// rule is a function of its text and zone alone, so every process finds the same times.
//
// All functions are pure and safe for concurrent use.
package cron

import (
	"errors"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // zones must mean the same on every host, also where the system has none

	"github.com/robfig/cron/v3"
)

// Rule is a series of times.
type Rule struct {
	spec  *cron.SpecSchedule
	every time.Duration
	at    time.Time
}

// Parse returns the rule of a cron expression: minute, hour, day of month, month and day of week, with the
// seconds before them if there are six fields, or one of @yearly, @monthly, @weekly, @daily and @hourly.
// CRON_TZ=ZONE or TZ=ZONE may stand before it, and must then agree with zone if both are given.
//
// The fields speak of the wall clock of the zone. What falls into the hour that the clock leaves out in
// spring does not come that day; what falls into the hour that comes twice in autumn comes twice.
//
// The error names all fields that are wrong, and the zone if it is.
func Parse(expression, zone string) (Rule, error) {
	text, own, err := cutZone(expression)
	if err != nil {
		return Rule{}, err
	}
	if own != "" && zone != "" && own != zone {
		return Rule{}, fmt.Errorf("cron %q: its zone is not %s", expression, zone)
	}
	if own != "" {
		zone = own
	}
	loc, zoneErr := Zone(zone)
	spec, err := parse(text)
	if err != nil {
		err = fmt.Errorf("cron %q: %w", expression, err)
	}
	if err := errors.Join(err, zoneErr); err != nil {
		return Rule{}, err
	}
	spec.Location = loc
	return Rule{spec: spec}, nil
}

// cutZone cuts the zone off the beginning of an expression.
func cutZone(expression string) (text, zone string, err error) {
	text = strings.TrimSpace(expression)
	for _, prefix := range [...]string{"CRON_TZ=", "TZ="} {
		rest, ok := strings.CutPrefix(text, prefix)
		if !ok {
			continue
		}
		zone, text, _ = strings.Cut(rest, " ")
		if zone == "" {
			return "", "", fmt.Errorf("cron %q: no zone after %s", expression, prefix)
		}
		return strings.TrimSpace(text), zone, nil
	}
	return text, "", nil
}

// Zone returns the time zone of that name; "" is UTC. "Local" is none: it is another one on each host.
func Zone(name string) (*time.Location, error) {
	if name == "Local" {
		return nil, errors.New(`zone "Local" differs from host to host: name one such as Europe/Berlin`)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("unknown zone %q: write one such as Europe/Berlin", name)
	}
	return loc, nil
}

// Every returns the rule whose times lie a multiple of interval after the beginning of 1970 in UTC: every
// hour is on the hour, and the same for all who ask. The interval must be positive.
func Every(interval time.Duration) Rule { return Rule{every: interval} }

// At returns the rule of one time.
func At(t time.Time) Rule { return Rule{at: t.UTC()} }

// Next returns the first time after t; the zero time if there is none (within five years, for a cron
// expression).
func (r Rule) Next(t time.Time) time.Time {
	switch {
	case r.spec != nil:
		if next := r.spec.Next(t.In(r.spec.Location)); !next.IsZero() {
			return next.UTC()
		}
		return time.Time{}
	case r.every > 0:
		n := floor(t.UnixMicro(), r.every.Microseconds()) + r.every.Microseconds()
		return time.UnixMicro(n).UTC()
	case r.at.After(t):
		return r.at
	}
	return time.Time{}
}

// Last returns the newest time that lies after from and not after until; the zero time if there is none.
// It takes no longer for many times in between than for few.
func (r Rule) Last(from, until time.Time) time.Time {
	last := r.Next(from)
	if last.IsZero() || last.After(until) {
		return time.Time{}
	}
	for high := until; ; { // no time lies after high and not after until
		middle := last.Add(high.Sub(last) / 2)
		next := r.Next(middle)
		switch none := next.IsZero() || next.After(until); {
		case !none:
			last = next
		case middle.Equal(last):
			return last
		default:
			high = middle
		}
	}
}

// floor is the greatest multiple of step that is not above n.
func floor(n, step int64) int64 {
	rest := n % step
	if rest < 0 {
		rest += step
	}
	return n - rest
}
