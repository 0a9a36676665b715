package engine

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/durable-wf/wf/engine/internal/cron"
)

// Schedule is a rule that starts runs of a workflow: by a cron expression, at an interval, or once. Any
// worker (see [Engine.Serve]) that knows the workflow starts them, each for its nominal time (see
// [Ref].Scheduled) and under the key schedule/NAME/TIME, so that two workers, a crash at any instant and a
// clock that goes back start it once.
type Schedule struct {
	Name     string // its identity in the file
	Workflow string
	// Input is that of each start, as JSON: see [Engine.Start].
	Input json.RawMessage
	// Options are those of each start. Key, OnKey, Delay and At must be left out: the schedule sets them.
	Options StartOptions

	// Exactly one of these three says when.
	//
	// Cron is an expression of five fields (minute, hour, day of month, month, day of week), of six with the
	// seconds first, or @yearly, @monthly, @weekly, @daily or @hourly. It speaks of the wall clock of Zone:
	// what falls into the hour that is left out in spring is not started that day, and what falls into the
	// hour that comes twice in autumn is started twice.
	Cron string
	// Every is an interval of at least a millisecond. Starts lie at its multiples since 1970 in UTC: those of
	// an hour are on the hour.
	Every time.Duration
	// At is the time of a single start.
	At time.Time
	// Zone is the IANA name of the time zone of Cron, such as Europe/Berlin; "" is UTC. It may also stand in
	// Cron, as CRON_TZ=Europe/Berlin before the fields.
	Zone string

	// Overlap says what happens at a start while a run of the schedule has not ended; "" means OverlapSkip.
	Overlap Overlap
	// CatchUp is how late a start may be made up for, because no worker ran at its time. Of several starts
	// that were missed the newest is made up for, and with OverlapAllow all of them. 0 means 24 h, and for At
	// however late; else it is at least a second. What is missed while the schedule is paused is not made up for.
	CatchUp time.Duration
	// Jitter delays each start by up to so much, by the same amount wherever it is looked at, so that many
	// schedules of one time do not start at once. It must be shorter than the time between two starts.
	Jitter time.Duration
}

// Overlap says what happens when a start is due while a run of the schedule has not ended.
type Overlap string

// The ways to deal with overlap.
const (
	OverlapSkip   Overlap = "skip"   // leave the start out
	OverlapQueue  Overlap = "queue"  // start when all runs before have ended; of several starts only the newest waits
	OverlapAllow  Overlap = "allow"  // start at once
	OverlapCancel Overlap = "cancel" // cancel the runs before, and start at once
)

// ScheduleState is a schedule as it was when it was read.
type ScheduleState struct {
	Schedule
	ID      int64 // never used twice; [Run].Schedule
	Created time.Time
	Next    time.Time // for which it starts next; zero when there is nothing to come
	Due     time.Time // when it is looked at next: Next and its jitter; zero when never, or paused
	Last    time.Time // for which it has started last; zero if it never has
	LastRun int64     // the run that it has started last
	Queued  time.Time // of the start that waits for the runs before it; zero for none
	Starts  int64     // made
	Skips   int64     // left out: because of overlap, or too late. Of one gap at most 1,000 are counted
	Error   string    // why the newest start was not made; "" if it was
	Paused  string    // why, and by whom; "" if it is not
}

// DefaultCatchUp is the CatchUp of schedules that say none.
const DefaultCatchUp = 24 * time.Hour

const (
	minEvery        = time.Millisecond
	minCatchUp      = time.Second
	maxScheduleName = 200 // characters
)

// The kinds of rules.
const (
	ruleCron  = "cron"
	ruleEvery = "every"
	ruleAt    = "at"
)

// Times returns the next times after a time for which the schedule would start, at most n.
func (s *Schedule) Times(after time.Time, n int) ([]time.Time, error) {
	rule, err := s.rule()
	if err != nil {
		return nil, s.fault(err)
	}
	var list []time.Time
	for range n {
		if after = rule.Next(after); after.IsZero() {
			break
		}
		list = append(list, after)
	}
	return list, nil
}

// Rule says when it starts, for people.
func (s *Schedule) Rule() string {
	switch {
	case s.Cron != "":
		return s.Cron
	case s.Every != 0:
		every := strings.TrimSuffix(s.Every.String(), "m0s")
		if every != s.Every.String() {
			every = strings.TrimSuffix(every+"m", "h0m") // 1h0m0s is 1h
			if !strings.HasSuffix(every, "m") {
				every += "h"
			}
		}
		return "every " + every
	}
	return "at " + s.At.UTC().Format(time.RFC3339Nano)
}

// rule is the part that says when. Its error names all that is wrong with it.
func (s *Schedule) rule() (cron.Rule, error) {
	given := 0
	for _, set := range [...]bool{s.Cron != "", s.Every != 0, !s.At.IsZero()} {
		if set {
			given++
		}
	}
	if given != 1 {
		return cron.Rule{}, fmt.Errorf("exactly one of Cron, Every and At must be set, not %d", given)
	}
	_, zoneErr := cron.Zone(s.Zone)
	switch {
	case s.Cron != "":
		return cron.Parse(s.Cron, s.Zone)
	case zoneErr != nil:
		return cron.Rule{}, zoneErr
	case s.Every != 0 && s.Every < minEvery:
		return cron.Rule{}, fmt.Errorf("every %v must be at least %v", s.Every, minEvery)
	case s.Every%time.Microsecond != 0:
		return cron.Rule{}, fmt.Errorf("every %v must be whole microseconds", s.Every)
	case s.Every != 0:
		return cron.Every(s.Every), nil
	}
	return cron.At(s.At.Truncate(time.Microsecond)), nil
}

// check reports all that is wrong with the schedule, but for its workflow and input. now is for rules that
// never come round.
func (s *Schedule) check(now time.Time) error {
	var faults []error
	add := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if err := checkScheduleName(s.Name); err != nil {
		faults = append(faults, err)
	}
	rule, err := s.rule()
	switch {
	case err != nil:
		faults = append(faults, err)
	case s.Cron != "" && rule.Next(now).IsZero():
		add("cron %q names a day that never comes", s.Cron)
	case s.Jitter > 0 && s.At.IsZero() && s.Jitter >= shortest(rule, now):
		add("jitter %v must be shorter than the %v between two starts", s.Jitter, shortest(rule, now))
	}
	switch s.Overlap {
	case "", OverlapSkip, OverlapQueue, OverlapAllow, OverlapCancel:
	default:
		add("overlap %q must be skip, queue, allow or cancel", string(s.Overlap))
	}
	if s.CatchUp != 0 && s.CatchUp < minCatchUp {
		add("catch-up %v must be at least %v", s.CatchUp, minCatchUp)
	}
	if s.Jitter < 0 {
		add("jitter %v must not be negative", s.Jitter)
	}
	if s.Options.Key != "" || s.Options.OnKey != "" || s.Options.Delay != 0 || !s.Options.At.IsZero() {
		add("Key, OnKey, Delay and At of its Options must be left out: the schedule sets them")
	}
	return errors.Join(faults...)
}

func checkScheduleName(name string) error {
	switch {
	case name == "":
		return errors.New("it has no name")
	case len([]rune(name)) > maxScheduleName:
		return fmt.Errorf("its name has more than %d characters", maxScheduleName)
	case strings.TrimSpace(name) != name || strings.ContainsFunc(name, unicode.IsControl):
		return errors.New("its name has space around it, or control characters in it")
	}
	return nil
}

// shortest is the shortest time between two of the next starts.
func shortest(rule cron.Rule, now time.Time) time.Duration {
	const looked = 100
	least, t := time.Duration(1<<63-1), rule.Next(now)
	for range looked {
		next := rule.Next(t)
		if next.IsZero() {
			break
		}
		least, t = min(least, next.Sub(t)), next
	}
	return least
}

// fault makes what is wrong with the schedule an *InputError.
func (s *Schedule) fault(err error) error {
	return &InputError{s.Workflow, fmt.Errorf("schedule %q: %w", s.Name, err)}
}

// overlap is the way to deal with overlap, with its default.
func (s *Schedule) overlap() Overlap { return cmp.Or(s.Overlap, OverlapSkip) }
