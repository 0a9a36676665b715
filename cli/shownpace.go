package cli

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/durable-wf/wf/engine"
)

// paceText is what the checkpoint policy has chosen, from what, and why.
func paceText(p engine.Pace, given engine.Checkpoint) string {
	choice := "at the end of a step only"
	if p.Interval > 0 {
		choice = "every " + humanDuration(p.Interval)
	}
	if given.Every > 0 {
		choice = given.String()
	}
	figures := fmt.Sprintf("save %s, budget %s, MTBF %s", humanDuration(p.Cost), percent(p.Overhead), humanETA(p.MTBF))
	switch p.Bound {
	case engine.ByMaxLoss:
		return fmt.Sprintf("%s (%s), so that no more is lost", choice, figures)
	case engine.ByYoung:
		return fmt.Sprintf("%s (%s), where saves and repeated work cost least", choice, figures)
	case engine.ByOverhead:
		return fmt.Sprintf("%s (stall %s, %s), to stay within the budget", choice, humanDuration(p.Stall), figures)
	case engine.ByLearning:
		return fmt.Sprintf("%s, to learn what a save costs", choice)
	case engine.ByChoice, engine.ByCount, engine.ByNothing:
	}
	return fmt.Sprintf("%s, as chosen (save %s)", choice, humanDuration(p.Cost))
}

// session is what the present owner has measured, or the last one of a run that nobody owns; nothing if it has not.
func (s shownRun) session() (engine.Session, bool) {
	return s.Session, s.Session.Epoch == s.Epoch && s.Session.Epoch != 0
}

// eta is the time left at the rate of this session; negative while that is not known, and for a run that is not executed.
func (s shownRun) eta() time.Duration {
	now, known := s.session()
	if !known || s.Status != engine.Running || s.crashed() {
		return -1
	}
	return now.ETA(s.Progress.Total, s.now)
}

// rateText is rate and time left by what this session has measured, apart from what was done before.
func (s shownRun) rateText() string {
	now, known := s.session()
	if s.Progress.Done < 0 || s.Status.Ended() {
		return ""
	}
	rate, eta := unknown, unknown
	if known && now.Rate > 0 {
		rate = humanRate(now.Rate)
	}
	if d := s.eta(); d >= 0 {
		eta = humanETA(d)
	}
	text := fmt.Sprintf("%s  ETA %s", rate, eta)
	if known && now.Rate > 0 {
		text += fmt.Sprintf("  (%s done in this session of %s)", humanize.Comma(now.Done-now.From), humanDuration(now.At.Sub(now.Since)))
	}
	return text
}

// stoppedText says how the run was stopped in order the last time.
func (s shownRun) stoppedText() string {
	if s.Stop == nil {
		return ""
	}
	return since(s.Stop.At, s.now) + stopped(s.Stop)
}

// learned is null until a save was measured.
func (s shownRun) learned(d time.Duration) any {
	if s.Pace.Cost == 0 {
		return nil
	}
	return d
}

// rate is units per second in this session; null until known.
func (s shownRun) rate() any {
	now, known := s.session()
	if !known || now.Rate == 0 {
		return nil
	}
	return now.Rate
}

// stop is how the run was stopped in order the last time; zero if it never was.
func (s shownRun) stop() engine.Stop {
	if s.Stop == nil {
		return engine.Stop{}
	}
	return *s.Stop
}

// paceColumns are how a run saves, how fast it is and how it was stopped, in machine formats.
func paceColumns() []column[shownRun] {
	return []column[shownRun]{
		{Name: "interval_us", Value: func(r shownRun) any { return r.learned(r.Pace.Interval) }},
		{Name: "interval_bound", Value: func(r shownRun) any { return textOrNull(string(r.Pace.Bound)) }},
		{Name: "save_us", Value: func(r shownRun) any { return r.learned(r.Pace.Cost) }},
		{Name: "save_stall_us", Value: func(r shownRun) any { return r.learned(r.Pace.Stall) }},
		{Name: "budget", Value: func(r shownRun) any { return r.Pace.Overhead }},
		{Name: "max_loss_us", Value: func(r shownRun) any { return r.learned(r.Pace.MaxLoss) }},
		{Name: "mtbf_us", Value: func(r shownRun) any { return r.learned(r.Pace.MTBF) }},
		{Name: "rate", Value: func(r shownRun) any { return r.rate() }},
		{Name: "eta_us", Value: func(r shownRun) any { return orNull(r.eta()) }},
		{Name: "session_since", Value: func(r shownRun) any { return r.Session.Since }},
		{Name: "session_done", Value: func(r shownRun) any { return r.Session.Done - r.Session.From }},
		{Name: "stopped", Value: func(r shownRun) any { return r.stop().At }},
		{Name: "stopped_by", Value: func(r shownRun) any { return textOrNull(r.stop().Cause) }},
		{Name: "stop_us", Value: func(r shownRun) any { return r.stop().Took }},
		{Name: "stop_saved", Value: func(r shownRun) any { return r.stop().Saved }},
	}
}
