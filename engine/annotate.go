package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/durable-wf/wf/engine/internal/store"
)

// maxNote is the longest note, in bytes of JSON: the history is no place for documents.
const maxNote = 16 << 10

// Annotate notes something about this attempt for whoever looks back: the exit code of a program, the machine it
// ran on. The value is encoded as JSON, in at most 16 KiB. It goes into the detail of the next event of the attempt,
// under "notes", whatever that is: a checkpoint, its end, its failure. So it survives an attempt that fails,
// unlike everything else that a step does; it is not part of any checkpoint, and no step can read it. What was not
// committed when the process died is lost. Of notes with one name the last one before the event counts.
func (c *Context) Annotate(name string, value any) {
	if c.attempt != nil && !c.attempt.ended.Load() {
		c.attempt.annotate(name, value)
	}
}

func (a *attempt) annotate(name string, value any) {
	if err := nameFault(name); err != nil {
		a.blame(fmt.Errorf("note: %w", err))
		return
	}
	text, err := json.Marshal(value)
	if err == nil && len(text) > maxNote {
		err = fmt.Errorf("it has %d bytes, it must not have more than %d", len(text), maxNote)
	}
	if err != nil {
		a.blame(fmt.Errorf("note %q: %w", name, err))
		return
	}
	a.host.Annotate(name, text)
}

// Annotate keeps a note until the next event, see [Host].
func (x *execution) Annotate(name string, value json.RawMessage) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.notes == nil {
		x.notes = map[string]json.RawMessage{}
	}
	x.notes[name] = value
}

// note puts the notes so far into the first event of a change. The caller holds mu.
func (x *execution) note(c *store.Change) {
	if len(x.notes) == 0 || len(c.History) == 0 {
		return
	}
	notes, err := json.Marshal(x.notes) // sorted by name
	x.notes = nil
	if err != nil { // a map of JSON always marshals
		return
	}
	events := append([]store.History{}, c.History...)
	events[0].Detail = withNotes(events[0].Detail, notes)
	c.History = events
}

// withNotes adds notes to a detail, which is a JSON object or empty.
func withNotes(detail string, notes []byte) string {
	field := `"notes":` + string(notes) + "}"
	if body := strings.TrimSuffix(detail, "}"); body != "" && body != "{" {
		return body + "," + field
	}
	return "{" + field
}

// NotesOf reads what steps have noted with [Context.Annotate] out of an event; nil if there is nothing.
func NotesOf(e Event) map[string]json.RawMessage {
	var d struct {
		Notes map[string]json.RawMessage `json:"notes"`
	}
	if json.Unmarshal(e.Detail, &d) != nil {
		return nil
	}
	return maps.Clone(d.Notes)
}
