package cli

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/durable-wf/wf/engine"
)

// eventRow is an event of a run's history with the archive file that it was read from, if any.
type eventRow struct {
	engine.Event
	archive string
}

// eventLayout is humanLayout with milliseconds: steps are fast.
const eventLayout = humanLayout + ".000"

// eventColumns are the columns of an event. In a table of one run the run is left out.
func eventColumns(oneRun bool) []column[eventRow] {
	run, workflow := "RUN", "WORKFLOW"
	if oneRun {
		run, workflow = "", ""
	}
	seen := map[string]bool{} // processes whose program was shown
	return []column[eventRow]{
		{Name: "id", Value: func(e eventRow) any { return e.ID }},
		{Name: "time", Head: "TIME", Value: func(e eventRow) any { return e.Time },
			Show: func(e eventRow) string { return e.Time.UTC().Format(eventLayout) }},
		{Name: "run", Head: run, Value: func(e eventRow) any { return e.Run }},
		{Name: "workflow", Head: workflow, Value: func(e eventRow) any { return e.Workflow }},
		{Name: "seq", Head: "SEQ", Value: func(e eventRow) any { return e.Seq }},
		{Name: "kind", Head: "KIND", Value: func(e eventRow) any { return e.Kind }},
		{Name: "step", Head: "STEP", Value: func(e eventRow) any { return textOrNull(e.Step) }},
		{Name: "next", Value: func(e eventRow) any { return textOrNull(e.Next) }},
		{Name: "visit", Head: "VISIT", Value: func(e eventRow) any { return countOrNull(e.Visit) }},
		{Name: "attempt", Head: "TRY", Value: func(e eventRow) any { return countOrNull(e.Attempt) }},
		{Name: "duration_us", Head: "TOOK", Value: func(e eventRow) any { return orNull(e.Duration) },
			Show: func(e eventRow) string { return humanDuration(e.Duration) }},
		{Name: "host", Head: "WHERE", Value: func(e eventRow) any { return textOrNull(e.Worker.Host) },
			Show: func(e eventRow) string { return place(e.Worker) }},
		{Name: "pid", Value: func(e eventRow) any { return countOrNull(e.Worker.PID) }},
		{Name: "program", Value: func(e eventRow) any { return textOrNull(e.Worker.Program) }},
		{Name: "program_version", Value: func(e eventRow) any { return textOrNull(e.Worker.Version) }},
		{Name: "error", Value: func(e eventRow) any { return textOrNull(e.Error) }},
		{Name: "state", Value: func(e eventRow) any { return textOrNull(e.text("state")) }},
		{Name: "detail", Head: "DETAIL", Value: func(e eventRow) any { return e.Detail }, Show: func(e eventRow) string {
			text := e.summary()
			if who := place(e.Worker) + program(e.Worker); who != "" && !seen[who] {
				seen[who] = true
				text = strings.TrimSpace(text + " (" + program(e.Worker) + ")")
			}
			return text
		}},
		{Name: "hash", Value: func(e eventRow) any { return hex.EncodeToString(e.Hash) }},
		{Name: "archive", Value: func(e eventRow) any { return textOrNull(e.archive) }},
	}
}

func countOrNull(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

// details are the fields of an event's detail.
func (e eventRow) details() map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(e.Detail, &fields) // what is no object has no fields to show
	return fields
}

// text is one field of the detail for people, "" if it has none.
func (e eventRow) text(name string) string { return rawText(e.details()[name]) }

// tookOver reports whether the event is the claim of a run whose owner had died.
func (e eventRow) tookOver() bool {
	was, deaths := e.text("was"), e.text("deaths")
	return e.Kind == "claimed" && (was == string(engine.Running) || was == string(engine.Pending) && deaths != "" && deaths != "0")
}

// summary is the event for people: the error, where it went, the short form of its state, and what
// else its detail says, but no stack, no input and no progress, which are in the machine formats.
func (e eventRow) summary() string {
	fields := e.details()
	take := func(name, format string) string {
		text := rawText(fields[name])
		delete(fields, name)
		if text == "" {
			return ""
		}
		return fmt.Sprintf(format, text)
	}
	parts := []string{shorten(e.Error, noteWidth)}
	if e.Next != "" {
		parts = append(parts, "→ "+e.Next)
	}
	parts = append(parts, take("call", "%s")+take("n", "#%s"), take("state", "%s"), take("result", "= %s"))
	if e.tookOver() {
		parts = append(parts, "its owner died")
		delete(fields, "was")
	}
	if deaths := rawText(fields["deaths"]); e.Kind == "claimed" && (deaths == "0" || deaths == "1") { // as usual
		delete(fields, "deaths")
	}
	parts = append(parts, take("was", "was %s"), take("reason", "%s"), take("by", "by %s"))
	parts = append(parts, waitText(fields["wait"]), take("until", "until %s"))
	delete(fields, "wait")
	delete(fields, "stack")
	delete(fields, "input")
	delete(fields, "done") // the state tells
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		parts = append(parts, take(name, name+"=%s"))
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return strings.Join(parts, "  ")
}

// waitText says what a transition waits for, "" for nothing.
func waitText(doc json.RawMessage) string {
	var wait struct {
		Kind    string `json:"kind"`
		Signals []struct {
			Signal string `json:"signal"`
		} `json:"signals"`
		Else *struct {
			Step string `json:"step"`
		} `json:"else"`
	}
	if len(doc) == 0 || json.Unmarshal(doc, &wait) != nil { // written by the engine
		return ""
	}
	text := "waits: " + wait.Kind
	for i, s := range wait.Signals {
		text += []string{" ", " or "}[min(i, 1)] + s.Signal
	}
	if wait.Else != nil {
		text += ", else → " + wait.Else.Step
	}
	return text
}
