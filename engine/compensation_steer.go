package engine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/durable-wf/wf/engine/internal/store"
)

// decides reports whether the options decide what becomes of an undo.
func (o *ResumeOptions) decides() bool { return o.Skip != "" || o.TakeOver != "" }

// checkUndoing reports options that do not fit a run, which undoes its steps or does not.
func (o *ResumeOptions) checkUndoing(r *store.Run) error {
	switch {
	case o.Skip != "" && o.TakeOver != "":
		return &InputError{r.Workflow, errors.New("to skip one undo and to take over all exclude each other")}
	case r.Ending == "" && o.decides():
		return &InputError{r.Workflow, fmt.Errorf("run %d is %s: there is nothing to undo that could be skipped", r.ID, r.Status)}
	case r.Ending != "" && o.From != "":
		return &InputError{r.Workflow, fmt.Errorf("run %d undoes its steps: it cannot go on in another", r.ID)}
	}
	return nil
}

// resumeUndoing lets a run that was undoing its steps go on with that, or ends it as the options say.
func (e *Engine) resumeUndoing(tx *store.Tx, r store.Run, opts *ResumeOptions) error {
	u, open, err := tx.OpenUndo(r.ID)
	if err != nil {
		return err
	}
	c := &store.Change{Lease: r.Lease(), Row: r, History: []store.History{{
		Kind: "resumed", Step: r.Step, Visit: r.Visit, DurationUS: -1, Detail: detail("by", e.actor, "was", r.Status),
	}}}
	next := &c.Row
	next.Status, next.DueUS, next.Wait, next.Deaths, next.Reason = string(Compensating), 0, "", 0, ""
	if open {
		u.Failures = 0
		if err := e.renameUndo(&r, &u, opts); err != nil {
			return err
		}
		if opts.Skip != "" {
			u.State, u.Reason = string(UndoSkipped), e.saidBy(opts.Skip)
			c.History = append(c.History, e.skipEvent(&u, opts.Skip))
			clearCounters(c)
		}
		c.Undo = []store.Undo{u}
	}
	if r.Want != "" { // this takes it back
		if err := tx.SetWant(r.ID, "", ""); err != nil {
			return err
		}
	}
	if err := tx.Apply(c); err != nil || opts.TakeOver == "" {
		return err
	}
	return e.takeOver(tx, c, opts.TakeOver)
}

// renameUndo lets a visit be undone by the step that the options name for its own.
func (e *Engine) renameUndo(r *store.Run, u *store.Undo, opts *ResumeOptions) error {
	to, ok := opts.Map[u.Step]
	if !ok || to == u.Step {
		return nil
	}
	def, err := e.definition(r.Workflow)
	if err != nil {
		return err
	}
	if !def.steps[to].Undo {
		return &InputError{r.Workflow, fmt.Errorf("it has no step %q with an Undo; %s", to, nearest(to, def.undoable()))}
	}
	u.Step = to
	return nil
}

// undoable are the names of the steps that can be undone.
func (d *definition) undoable() (names []string) {
	for _, s := range d.Describe().Steps {
		if s.Undo {
			names = append(names, s.Name)
		}
	}
	return names
}

// skipEvent is the history row of a visit that will not be undone.
func (e *Engine) skipEvent(u *store.Undo, reason string) store.History {
	return store.History{Kind: "undo", Step: u.Step, Visit: u.Visit, DurationUS: -1,
		Detail: detail("by", e.actor, "reason", reason, "skipped", u.Visit)}
}

// takeOver ends a run whose remaining undos a person makes up for.
func (e *Engine) takeOver(tx *store.Tx, resumed *store.Change, reason string) error {
	left, err := tx.SkipUndos(resumed.Row.ID, e.saidBy(reason))
	if err != nil {
		return err
	}
	row := &resumed.Row
	c := &store.Change{Lease: resumed.Lease, Row: undoneRow(*row)}
	c.History = []store.History{
		{Kind: "undo", DurationUS: -1, Detail: detail("by", e.actor, "reason", reason, "taken_over", left)},
		{Kind: c.Row.Status, Step: row.Step, Visit: row.Visit, DurationUS: -1, Error: c.Row.Error, Detail: detail("reason", c.Row.Reason)},
	}
	return tx.Apply(c)
}

// saidBy is a reason with the name of the person who gives it.
func (e *Engine) saidBy(reason string) string {
	return strings.TrimSpace(reason) + " (by " + e.actor + ")"
}
