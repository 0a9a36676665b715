package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/durable-wf/wf/engine"
)

// shownRun is a run with the part of its history that says how it went.
type shownRun struct {
	runRow
	attempts []eventRow // that failed, the oldest first
	resumed  []eventRow // claims after it was interrupted
	retried  []eventRow // by a person, after it had failed
	origin   engine.Origin
	schedule string // that has started it, if its history knows
	undos    []engine.Undo
	timeout  time.Duration   // of its step, if this program has its workflow
	metrics  []engine.Metric // the newest of each series
	skipped  bool            // its history is too long to be read for this
	trail    trail
	source   json.RawMessage // provenance of the newest attempt
}

// read reads the failed attempts and the claims.
func (s *shownRun) read(ctx context.Context, eng *engine.Engine) error {
	src := &eventSource{eng: eng, filter: engine.HistoryFilter{
		Run: s.ID, Kinds: trailKinds(), Limit: pageSize,
	}}
	return src.each(ctx, func(e eventRow) error {
		s.trail.note(e)
		switch {
		case e.Kind == "attempt":
			s.attempts = append(s.attempts, e)
		case e.Kind == "created":
			s.origin = engine.OriginOf(e.Event)
			s.schedule = e.text("schedule")
		case e.Kind == "retried":
			s.retried = append(s.retried, e)
		case e.tookOver() || e.Kind == "claimed" && e.text("was") == string(engine.Suspended):
			s.resumed = append(s.resumed, e)
		}
		return nil
	})
}

// scheduleText says which schedule has started the run, and for when.
func (s shownRun) scheduleText() string {
	if s.Schedule == 0 {
		return ""
	}
	return strings.TrimSpace(s.schedule + "  for " + s.Scheduled.Format(humanLayout))
}

// headline is the status with what decides it.
func (s shownRun) headline() string {
	text := s.state()
	if s.Want != "" {
		text += ", " + s.Want + " asked for"
	}
	return text
}

func (s shownRun) where() string {
	text := fmt.Sprintf("%s  visit %d, attempt %d", s.Step, s.Visit, s.Attempt)
	if s.Failures > 0 {
		text += fmt.Sprintf(", %d failed in a row", s.Failures)
	}
	if s.Deaths > 0 {
		text += fmt.Sprintf(", died %d× at this checkpoint", s.Deaths) // its owners, or what they ran
	}
	return text
}

func (s shownRun) workerText() string {
	switch {
	case s.Worker == 0:
		return ""
	case s.crashed():
		return fmt.Sprintf("%s  dead  (%s)", place(s.owner), program(s.owner))
	}
	return fmt.Sprintf("%s  alive  (%s)", place(s.owner), program(s.owner))
}

// atRisk is the time since the newest checkpoint of a run that is executed, negative for others.
func (s shownRun) atRisk() time.Duration {
	if s.Status != engine.Running || s.crashed() {
		return -1
	}
	return s.now.Sub(s.Updated)
}

func (s shownRun) risk() string {
	d := s.atRisk()
	if d < 0 {
		return ""
	}
	return fmt.Sprintf("%s of work since the newest commit", humanDuration(d))
}

// overhead is the share of the time in steps that went into checkpoints. Time in steps is known up to
// the newest event only.
func (s shownRun) overhead() float64 {
	active := max(s.Active, s.Updated.Sub(s.Started))
	if s.Started.IsZero() || active <= 0 {
		return 0
	}
	return float64(s.Stall) / float64(active)
}

func (s shownRun) cost() string {
	text := s.Policy.String()
	if s.Pace.Cost > 0 {
		text = paceText(s.Pace, s.Policy)
	}
	if s.Saves > 0 {
		text += fmt.Sprintf("; %d saved within steps, stalled %s (%s)", s.Saves, humanDuration(s.Stall), percent(s.overhead()))
	}
	return text
}

// percent shows a share with two digits; one that is next to nothing as less than that.
func percent(share float64) string {
	switch {
	case share <= 0:
		return "0 %"
	case share < 0.0001:
		return "< 0.01 %"
	case share < 0.1:
		return strconv.FormatFloat(100*share, 'g', 2, 64) + " %"
	}
	return strconv.FormatFloat(100*share, 'f', 0, 64) + " %"
}

func (s shownRun) timing() string {
	if s.took() < 0 {
		return ""
	}
	text := humanDuration(s.took())
	if s.Active > 0 {
		text += fmt.Sprintf(", %s of it in steps", humanDuration(s.Active))
	}
	return text
}

func (s shownRun) resumedText() string {
	if len(s.resumed) == 0 {
		return ""
	}
	last := s.resumed[len(s.resumed)-1]
	text := fmt.Sprintf("%d×, last %s by %s", len(s.resumed), since(last.Time, s.now), place(last.Worker))
	if last.tookOver() {
		return text + ", its owner died"
	}
	return text + ", was " + last.text("was")
}

// limits are the run's deadline, and what its step has used of its time.
func (s shownRun) limits() string {
	text := ""
	if !s.Deadline.IsZero() {
		text = s.Deadline.UTC().Format(humanLayout)
		if !s.Status.Ended() {
			text += " (" + dueIn(s.Deadline, s.now) + ")"
		}
	}
	if s.timeout > 0 && !s.Status.Ended() {
		text = strings.TrimPrefix(text+"; ", "; ") + fmt.Sprintf("a try of step %s may take %v, %s used", s.Step, s.timeout, humanDuration(s.Tried))
	}
	return text
}

// forkedText names the run from which this one goes on.
func (s shownRun) forkedText() string {
	if s.origin.UUID == "" {
		return ""
	}
	return fmt.Sprintf("from run %d (%s), event %d", s.origin.Run, s.origin.UUID, s.origin.Seq)
}

func (s shownRun) retriedText() string {
	if len(s.retried) == 0 {
		return ""
	}
	last := s.retried[len(s.retried)-1]
	text := fmt.Sprintf("%d×, last %s by %s", len(s.retried), since(last.Time, s.now), last.text("by"))
	return text + colon(last.text("reason"))
}

// since shows a time and how long ago that is.
func since(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s (%s ago)", t.UTC().Format(humanLayout), humanAge(now.Sub(t)))
}

func dueText(due, now time.Time) string {
	if due.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s (%s)", due.UTC().Format(humanLayout), dueIn(due, now))
}

// queueText is how the run waits for a worker, as far as that is not the usual way.
func (s shownRun) queueText() string {
	if s.Queue == engine.DefaultQueue && s.Priority == 0 && s.FairKey == "" {
		return ""
	}
	text := s.Queue
	if s.Priority != 0 {
		text += fmt.Sprintf(", priority %d", s.Priority)
	}
	if s.FairKey != "" {
		text += ", fair key " + s.FairKey
	}
	return text
}
