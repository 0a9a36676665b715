package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/durable-wf/wf/engine"
)

// stint is the time that one process worked on a run without a break.
type stint struct {
	begun      time.Time
	step       string
	attempt    int
	worker     engine.Worker   // zero until the history names it
	from       int64           // event of the checkpoint from which it went on; 0 for the beginning
	state      string          // short form of it
	why        string          // it went on from there
	provenance json.RawMessage // of the process
	git        json.RawMessage // of the program that the step has started, if it says so
}

// text says from where the run went on, and why.
func (s *stint) text() string {
	if s.from == 0 {
		return s.why
	}
	state := ""
	if s.state != "" {
		state = " (" + s.state + ")"
	}
	return fmt.Sprintf("resumed from seq %d%s because %s", s.from, state, s.why)
}

// trail is how a run went from process to process. It is told the events of the run in their order.
type trail struct {
	workers roster
	stints  []stint
	saved   eventRow      // the event of the newest checkpoint
	last    eventRow      // the newest event
	owner   engine.Worker // the newest that an event names
}

// trailKinds are the events that it has to be told.
func trailKinds() []string {
	return []string{
		"created", "claimed", "checkpoint", "transition", "fallback", "suspended", "paused", "blocked", "released", "resumed",
		"retried", "woken", "attempt", "completed", "failed", "cancelled",
	}
}

// note takes the next event.
func (t *trail) note(e eventRow) {
	switch e.Kind {
	case "created":
		t.stints = append(t.stints, stint{begun: e.Time, step: e.Step, attempt: 1, why: beginning(e)})
		t.saved = e
	case "claimed":
		if t.owner.ID == 0 && len(t.stints) == 1 { // it waited before anybody had executed it
			t.stints = nil
		}
		t.stints = append(t.stints, stint{
			begun: e.Time, step: e.Step, attempt: e.Attempt, from: t.saved.Seq, state: t.saved.text("state"), why: t.whyClaimed(e),
		})
	case "fallback":
		t.fellBack(e)
		t.saved = e
	case "checkpoint", "transition":
		t.saved = e
	}
	if e.Worker.ID != 0 {
		t.owner = e.Worker
		if n := len(t.stints); n > 0 && t.stints[n-1].worker.ID == 0 {
			t.stints[n-1].worker = e.Worker
		}
	}
	if git, ok := engine.NotesOf(e.Event)["git"]; ok && len(t.stints) > 0 {
		t.stints[len(t.stints)-1].git = git
	}
	t.last = e
}

// beginning says how a run came to be.
func beginning(e eventRow) string {
	switch origin := engine.OriginOf(e.Event); {
	case origin.UUID != "":
		return fmt.Sprintf("forked from run %d at its seq %d", origin.Run, origin.Seq)
	case e.text("schedule") != "":
		return "new: started by schedule " + e.text("schedule")
	}
	return "new: there was nothing to go on from"
}

// fellBack notes that the newest checkpoint was given up for an older one.
func (t *trail) fellBack(e eventRow) {
	if len(t.stints) == 0 {
		return
	}
	s := &t.stints[len(t.stints)-1]
	given := t.saved.Seq
	s.why += fmt.Sprintf("; seq %d was refused: %s", given, e.Error)
	var d struct {
		Seq int64 `json:"seq"`
	}
	if json.Unmarshal(e.Detail, &d) == nil && d.Seq != 0 {
		s.from = d.Seq
	}
	s.state = e.text("state")
}

// whyClaimed says why a process took the run up, after "because".
func (t *trail) whyClaimed(e eventRow) string {
	was := engine.Status(e.text("was"))
	switch {
	case e.tookOver():
		return t.whyDied()
	case was == engine.Suspended:
		return "its process was told to stop" + whose(t.last.Worker)
	case was == engine.Waiting && e.text("waited") == "retry":
		return "the attempt before failed: " + shorten(t.failure(), noteWidth)
	case was == engine.Waiting:
		return "what it waited for had come" + colon(e.text("waited"))
	case t.last.Kind == "woken":
		return cmp.Or(t.last.text("because"), "what it waited for had come")
	case t.last.Kind == "released":
		return "the worker before stopped in order" + whose(t.last.Worker)
	case t.last.Kind == "resumed" || t.last.Kind == "retried":
		return strings.TrimSpace(t.last.Kind + " by " + t.last.text("by"))
	case was == engine.Paused || was == engine.Blocked:
		return "it was " + string(was)
	}
	return "it was its turn"
}

// failure is the error of the attempt that the run waited to repeat.
func (t *trail) failure() string { return t.last.Error }

// whyDied says who died and when, as far as is known.
func (t *trail) whyDied() string {
	if t.owner.ID == 0 {
		return "its owner died"
	}
	text := "its owner " + place(t.owner) + " died"
	if gone := t.workers[t.owner.ID].Stopped; !gone.IsZero() && !gone.Before(t.saved.Time) {
		text += fmt.Sprintf(" %s after it", humanDuration(gone.Sub(t.saved.Time)))
	}
	return text
}

func whose(w engine.Worker) string {
	if w.ID == 0 {
		return ""
	}
	return " (" + place(w) + ")"
}

// newest is how the run went on last, "" if that is not known.
func (t *trail) newest() string {
	if len(t.stints) == 0 {
		return ""
	}
	return t.stints[len(t.stints)-1].text()
}

// git is of which commit the program was that a step has started last, as a document; nil if that is not known.
func (t *trail) git() json.RawMessage {
	if len(t.stints) == 0 {
		return nil
	}
	return t.stints[len(t.stints)-1].git
}

// readTrail reads how a run went from process to process out of its history.
func (a *app) readTrail(ctx context.Context, eng *engine.Engine, run int64) (trail, error) {
	workers, err := newRoster(ctx, eng)
	if err != nil {
		return trail{}, err
	}
	t := trail{workers: workers}
	src := &eventSource{eng: eng, filter: engine.HistoryFilter{Run: run, Kinds: trailKinds(), Limit: pageSize}}
	return t, src.each(ctx, func(e eventRow) error { t.note(e); return nil })
}

// fetch reads the provenance of each process that worked on the run.
func (t *trail) fetch(ctx context.Context, eng *engine.Engine) error {
	for i := range t.stints {
		if id := t.stints[i].worker.ID; id != 0 {
			doc, err := eng.WorkerProvenance(ctx, id)
			if err != nil {
				return err
			}
			t.stints[i].provenance = doc
		}
	}
	return nil
}

// showStints lists the processes that worked on a run, with their provenance.
func (a *app) showStints(ctx context.Context, eng *engine.Engine, ref string) error {
	run, err := a.find(ctx, eng, ref)
	if err != nil {
		return err
	}
	t, err := a.readTrail(ctx, eng, run.ID)
	if err != nil {
		return err
	}
	if err := t.fetch(ctx, eng); err != nil {
		return err
	}
	return newRows(a, stintColumns()).All(t.stints)
}

func stintColumns() []column[stint] {
	return []column[stint]{
		{Name: "time", Head: "TIME", Value: func(s stint) any { return s.begun }},
		{Name: "step", Head: "STEP", Value: func(s stint) any { return s.step }},
		{Name: "attempt", Head: "TRY", Value: func(s stint) any { return s.attempt }},
		{Name: "host", Head: "WHERE", Value: func(s stint) any { return textOrNull(s.worker.Host) }, Show: func(s stint) string { return place(s.worker) }},
		{Name: "pid", Value: func(s stint) any { return countOrNull(s.worker.PID) }},
		{Name: "from_seq", Value: func(s stint) any { return numberOrNull(s.from) }},
		{Name: "why", Head: "FROM", Value: func(s stint) any { return s.why }, Show: func(s stint) string { return s.text() }},
		{Name: "provenance", Head: "PROVENANCE", Value: func(s stint) any { return s.provenance }, Show: func(s stint) string { return provenanceText(s.provenance) + gitText(s.git) }},
		{Name: "program_git", Value: func(s stint) any { return s.git }},
	}
}
