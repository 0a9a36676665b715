package store

import (
	"encoding/json"
	"fmt"
)

// Wait is what a waiting run waits for besides its due time, and where it goes on then. It is stored as
// JSON, and kept while the run is paused.
type Wait struct {
	Kind     string `json:"kind"`               // retry, timer, start, signal, children or limit
	Signals  []Door `json:"signals,omitempty"`  // one that comes opens its door; of several that are there, the oldest
	Children *Door  `json:"children,omitempty"` // opened when the last child of the visit has ended
	FailFast bool   `json:"fail_fast,omitempty"`
	Else     *Door  `json:"else,omitempty"` // opened by the due time; nil: the run goes on where it is
}

// Door is a way on.
type Door struct {
	Signal      string `json:"signal,omitempty"`
	Step        string `json:"step"`
	Fingerprint string `json:"fingerprint"` // of the step
}

// The kinds of Wait.
const (
	WaitRetry    = "retry"    // for the next attempt
	WaitTimer    = "timer"    // for a time that the step has named
	WaitStart    = "start"    // for the time at which it is to begin
	WaitSignal   = "signal"   // for a signal
	WaitChildren = "children" // for its children
	WaitLimit    = "limit"    // for a sibling to end
)

// Waits returns what the run waits for; the zero Wait stands for nothing.
func (r *Run) Waits() (Wait, error) {
	var w Wait
	if r.Wait == "" {
		return w, nil
	}
	if err := json.Unmarshal([]byte(r.Wait), &w); err != nil {
		return w, fmt.Errorf("run %d: column wait: %w", r.ID, err)
	}
	return w, nil
}

// JSON returns the column's value.
func (w Wait) JSON() string {
	text, err := json.Marshal(w)
	if err != nil { // strings and booleans always marshal
		return ""
	}
	return string(text)
}

// leadsOn reports whether the run comes to its step by what it waits for, and not before.
func (w *Wait) leadsOn() bool {
	return w.Kind == WaitTimer || w.Kind == WaitSignal || w.Kind == WaitChildren
}

// door returns the way on that a signal opens; nil if it is not awaited.
func (w *Wait) door(signal string) *Door {
	for i := range w.Signals {
		if w.Signals[i].Signal == signal {
			return &w.Signals[i]
		}
	}
	return nil
}
