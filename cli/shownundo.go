package cli

import (
	"fmt"
	"io"

	"github.com/durable-wf/wf/engine"
)

// shownUndos is how many visits that can be undone a table shows.
const shownUndos = 20

// undoes says how far a run is that undoes its steps, and how it ends then.
func (s shownRun) undoes() string {
	if s.Ending == "" {
		return ""
	}
	open := 0
	for _, u := range s.undos {
		if u.State == engine.UndoOpen {
			open++
		}
	}
	return fmt.Sprintf("%d of %d visits left, then it ends as %s", open, len(s.undos), s.Ending)
}

// showUndos lists the visits that can be undone, or were, the newest first.
func (a *app) showUndos(undos []engine.Undo) error {
	if len(undos) == 0 {
		return nil
	}
	title := "what can be undone"
	if extra := len(undos) - shownUndos; extra > 0 {
		title = fmt.Sprintf("the newest %d of %d visits that can be undone", shownUndos, len(undos))
		undos = undos[:shownUndos]
	}
	if _, err := io.WriteString(a.stdout, "\n"+title+"\n"); err != nil {
		return err
	}
	columns := []column[engine.Undo]{
		{Head: "VISIT", Value: func(u engine.Undo) any { return u.Visit }},
		{Head: "STEP", Value: func(u engine.Undo) any { return u.Step }},
		{Head: "STATE", Value: func(u engine.Undo) any { return string(u.State) }},
		{Head: "TRIES", Value: func(u engine.Undo) any { return countOrNull(u.Attempts) }},
		{Head: "NOTE", Value: func(u engine.Undo) any { return textOrNull(undoNote(u)) }},
	}
	return newRows(a, columns).All(undos)
}

// undoNote is why a visit is not undone yet, or will not be.
func undoNote(u engine.Undo) string {
	if u.State == engine.UndoSkipped {
		return u.Reason
	}
	return u.Error
}

// shownUndo is a visit in machine formats.
type shownUndo struct {
	Visit    int    `json:"visit"`
	Step     string `json:"step"`
	State    string `json:"state"`
	Attempts int    `json:"attempts"`
	Failures int    `json:"failures"`
	Error    string `json:"error,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

func (s shownRun) undosJSON() any {
	list := make([]shownUndo, len(s.undos))
	for i, u := range s.undos {
		list[i] = shownUndo{u.Visit, u.Step, string(u.State), u.Attempts, u.Failures, u.Error, u.Reason}
	}
	return list
}
