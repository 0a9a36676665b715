package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/durable-wf/wf/engine/internal/store"
)

// Cancel ends a run for good, with a reason for the history. A run that a living process executes is
// asked to stop: its step's context is cancelled with ErrCancelled, and it saves a last time; the
// returned Run then has Want "cancel", and Wait tells when it has ended. It returns a
// *TransitionError if the run has completed or failed; cancelling a cancelled run changes nothing.
func (e *Engine) Cancel(ctx context.Context, id int64, reason string) (Run, error) {
	return e.steer(ctx, id, Cancelled, "cancel", reason)
}

// Pause keeps a run from going on until Resume. It works like Cancel on a run that a living process
// executes.
func (e *Engine) Pause(ctx context.Context, id int64, reason string) (Run, error) {
	return e.steer(ctx, id, Paused, "pause", reason)
}

// move is a change of status that a person has asked for.
func (e *Engine) move(tx *store.Tx, r store.Run, to Status, said string) (store.Run, error) {
	if !Status(r.Status).CanBecome(to) {
		return r, &TransitionError{r.ID, Status(r.Status), to}
	}
	next := r
	next.Status, next.DueUS, next.Reason = string(to), 0, reasonOf(said)
	next.Want, next.WantDetail = "", ""
	h := store.History{Kind: string(to), Step: r.Step, Visit: r.Visit, Attempt: r.Attempt, DurationUS: -1, Detail: said}
	return next, tx.Apply(&store.Change{Lease: r.Lease(), Row: next, History: []store.History{h}})
}

// fulfil does what somebody wanted of a run that its owner has let go.
func (e *Engine) fulfil(ctx context.Context, id int64) error {
	err := e.store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		r, err := tx.Run(id)
		if err != nil || r.Want == "" || r.Owner != 0 || Status(r.Status).Ended() {
			return err
		}
		to := Paused
		if r.Want == "cancel" {
			to = Cancelled
		}
		if !Status(r.Status).CanBecome(to) { // it rests already: blocked, say
			return tx.SetWant(id, "", "")
		}
		_, err = e.move(tx, r, to, r.WantDetail)
		return err
	})
	if err != nil {
		return fmt.Errorf("run %d: what was wanted of it: %w", id, err)
	}
	e.ended(id) // whoever waits looks again
	e.changed()
	return nil
}

// steer changes a run that nobody executes, or tells the owner what is wanted.
func (e *Engine) steer(ctx context.Context, id int64, to Status, want, reason string) (Run, error) {
	said := detail("by", e.actor, "reason", reason)
	var row store.Run
	err := e.unowned(ctx, id, func(tx *store.Tx, r store.Run) error {
		row = r
		switch {
		case Status(r.Status) == to, r.Want == "cancel" && to == Paused:
			return nil // a cancel was acknowledged: it is for good
		case r.Owner != 0:
			row.Want, row.WantDetail = want, said
			return tx.SetWant(id, want, said)
		}
		var err error
		row, err = e.move(tx, r, to, said)
		return err
	})
	if err != nil {
		return Run{}, err
	}
	if row.Want == want {
		e.attend(ctx) // the owner may be this process
	} else if Status(row.Status).Ended() {
		e.ended(id)
	}
	e.enqueued()
	return e.Get(ctx, id)
}

// unowned runs fn on a run in a write transaction, after the run was freed if its owner has died.
func (e *Engine) unowned(ctx context.Context, id int64, fn func(*store.Tx, store.Run) error) error {
	if err := e.freeDead(ctx, id); err != nil {
		return err
	}
	return e.store.Update(ctx, func(tx *store.Tx) error {
		r, err := tx.Run(id)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("run %d: %w", id, ErrRunNotFound)
		}
		if err != nil {
			return err
		}
		return fn(tx, r)
	})
}

// ResumeOptions move a run on whose definition has changed. nil means none.
type ResumeOptions struct {
	Map  map[string]string // go on in another step, by the name of the step where the run is
	From string            // go on in this step, whatever the step where the run is
}

// Resume lets a run that is paused, blocked, suspended, or whose owner has died, go on: it becomes
// pending, for a worker or Execute. If it stood still, its counters of failures and deaths start again.
// It returns a *TransitionError if the run has ended, and ErrRunOwned if a living process executes it.
func (e *Engine) Resume(ctx context.Context, id int64, opts *ResumeOptions) (Run, error) {
	if opts == nil {
		opts = &ResumeOptions{}
	}
	err := e.unowned(ctx, id, func(tx *store.Tx, r store.Run) error {
		switch from := Status(r.Status); {
		case from == Running:
			return fmt.Errorf("run %d: %w (worker %d)", id, ErrRunOwned, r.Owner)
		case from.Ended():
			return &TransitionError{id, from, Pending}
		}
		next := r
		if err := e.redirect(&next, opts); err != nil {
			return err
		}
		if r.Want == "pause" { // this takes it back
			if err := tx.SetWant(id, "", ""); err != nil {
				return err
			}
		}
		if r.Status == string(Pending) && next.Step == r.Step {
			return nil
		}
		next.Status, next.DueUS, next.Failures, next.Deaths, next.Reason = string(Pending), 0, 0, 0, ""
		h := store.History{Kind: "resumed", Step: r.Step, Visit: r.Visit, DurationUS: -1, Detail: detail("by", e.actor, "was", r.Status)}
		if next.Step != r.Step {
			h.Next = next.Step
		}
		return tx.Apply(&store.Change{Lease: r.Lease(), Row: next, ForgetCalls: h.Next != "", History: []store.History{h}})
	})
	if err != nil {
		return Run{}, err
	}
	e.enqueued()
	return e.Get(ctx, id)
}

// redirect puts the run into the step that the options name, as a new visit.
func (e *Engine) redirect(row *store.Run, opts *ResumeOptions) error {
	step := opts.From
	if to, ok := opts.Map[row.Step]; ok && step == "" {
		step = to
	}
	if step == "" || step == row.Step {
		return nil
	}
	def, err := e.definition(row.Workflow)
	if err != nil {
		return err
	}
	if _, ok := def.fingerprints[step]; !ok {
		var names []string
		for name := range def.fingerprints {
			names = append(names, name)
		}
		slices.Sort(names)
		return &InputError{row.Workflow, fmt.Errorf("it has no step %q; %s", step, nearest(step, names))}
	}
	row.Step, row.Visit, row.Attempt, row.Fingerprint = step, row.Visit+1, 0, def.fingerprints[step]
	return nil
}
