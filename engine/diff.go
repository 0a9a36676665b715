package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
)

// Diff is how two runs differ.
type Diff struct {
	A, B   Run
	Common int      // events in which they went the same way, one after the other
	Parted *Parting // the first event in which they did not; nil if there is none
	// Drifted is the first event that both have, but after which their states were different; nil if there
	// is none before Parted. The history knows states in their short form alone.
	Drifted *Parting
	Input   []FieldChange // of the states with which they began
	State   []FieldChange // of their newest states, as far as they are kept
	Result  []FieldChange
}

// Same reports whether no difference was found.
func (d *Diff) Same() bool {
	return d.Parted == nil && d.Drifted == nil && len(d.Input) == 0 && len(d.State) == 0 && len(d.Result) == 0 &&
		d.A.Status == d.B.Status
}

// Parting is where two runs part.
type Parting struct {
	A, B *Event // nil where a run has no further event
	What string // kind, step, next, error or state: in what they differ first; "end" if one has no further event
}

// Diff compares two runs: where their ways part, and in which fields their inputs, newest states and results
// differ. Their ways are the events that a run makes by itself: its transitions, failed attempts, signals and
// ends; not when its checkpoints were made, or which process executed it. A fork is compared with its origin
// from where it goes on.
func (e *Engine) Diff(ctx context.Context, a, b int64) (*Diff, error) {
	d := &Diff{}
	var err error
	if d.A, err = e.Get(ctx, a); err != nil {
		return nil, err
	}
	if d.B, err = e.Get(ctx, b); err != nil {
		return nil, err
	}
	if err := e.compareWays(ctx, d); err != nil {
		return nil, err
	}
	if d.State, err = compareKept("states", d, d.A.State, d.B.State); err != nil {
		return nil, err
	}
	d.Result, err = compareKept("results", d, d.A.Result, d.B.Result)
	return d, err
}

// compareKept compares documents that both runs have.
func compareKept(what string, d *Diff, a, b json.RawMessage) ([]FieldChange, error) {
	if a == nil || b == nil {
		return nil, nil
	}
	found, err := CompareJSON(a, b)
	if err != nil {
		return nil, fmt.Errorf("%s of runs %d and %d: %w", what, d.A.ID, d.B.ID, err)
	}
	return found, nil
}

// compareWays compares the histories side by side.
func (e *Engine) compareWays(ctx context.Context, d *Diff) error {
	first, err := e.begins(ctx, d.A.ID, d.B.ID)
	if err != nil {
		return err
	}
	if d.Input, err = compareKept("inputs", d, inputOf(first[0]), inputOf(first[1])); err != nil {
		return err
	}
	var from [2]int64 // the events of a run up to this one are those that its fork has not made
	for i := range first {
		if o := OriginOf(first[i]); o.UUID != "" && o.UUID == [2]string{d.B.UUID, d.A.UUID}[i] {
			from[1-i] = o.Seq
		}
	}
	nextA, stopA := iter.Pull2(e.way(ctx, d.A.ID, from[0]))
	defer stopA()
	nextB, stopB := iter.Pull2(e.way(ctx, d.B.ID, from[1]))
	defer stopB()
	for {
		a, errA, moreA := nextA()
		b, errB, moreB := nextB()
		switch {
		case errA != nil:
			return errA
		case errB != nil:
			return errB
		case !moreA && !moreB:
			return nil
		case !moreA:
			d.Parted = &Parting{B: &b, What: "end"}
			return nil
		case !moreB:
			d.Parted = &Parting{A: &a, What: "end"}
			return nil
		}
		if what := partsIn(&a, &b); what != "" {
			d.Parted = &Parting{A: &a, B: &b, What: what}
			return nil
		}
		if d.Drifted == nil && stateOf(&a) != stateOf(&b) {
			d.Drifted = &Parting{A: &a, B: &b, What: "state"}
		}
		d.Common++
	}
}

// begins returns the first events of two runs; a zero Event where there is no history any more.
func (e *Engine) begins(ctx context.Context, runs ...int64) (first [2]Event, err error) {
	for i, run := range runs {
		events, err := e.History(ctx, HistoryFilter{Run: run, Limit: 1})
		if err != nil {
			return first, err
		}
		if len(events) > 0 {
			first[i] = events[0]
		}
	}
	return first, nil
}

// way yields the events that a run has made by itself, after one with that number.
func (e *Engine) way(ctx context.Context, run, after int64) iter.Seq2[Event, error] {
	filter := HistoryFilter{Run: run, Kinds: []string{
		"transition", "attempt", "blocked", "signal", "woken", "compensating", "undo", "completed", "failed", "cancelled",
	}}
	return func(yield func(Event, error) bool) {
		for page, err := range e.HistoryPages(ctx, filter) {
			if err != nil {
				yield(Event{}, err)
				return
			}
			for _, ev := range page {
				if ev.Seq > after && !yield(ev, nil) {
					return
				}
			}
		}
	}
}

// partsIn names in what two events differ first; "" if they do not.
func partsIn(a, b *Event) string {
	switch {
	case a.Kind != b.Kind:
		return "kind"
	case a.Step != b.Step:
		return "step"
	case a.Next != b.Next:
		return "next"
	case a.Error != b.Error:
		return "error"
	}
	return ""
}

// stateOf is the short form of the state that an event has committed.
func stateOf(ev *Event) string {
	var d struct {
		State string `json:"state"`
	}
	_ = json.Unmarshal(ev.Detail, &d) // an event without one has none
	return d.State
}

// inputOf is the input that the first event of a run tells; nil if it was too large for that.
func inputOf(first Event) json.RawMessage {
	var d struct {
		Input json.RawMessage `json:"input"`
	}
	_ = json.Unmarshal(first.Detail, &d)
	return d.Input
}
