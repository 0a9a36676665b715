package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/durable-wf/wf/engine/internal/store"
)

// Pause keeps a run from going on until Resume. It works like Cancel on a run that a living process
// executes.
func (e *Engine) Pause(ctx context.Context, id int64, reason string) (Run, error) {
	return e.steer(ctx, id, Paused, "pause", detail("by", e.actor, "reason", reason))
}

// move is a change of status that a person has asked for.
func (e *Engine) move(tx *store.Tx, r store.Run, to Status, said string) (store.Run, error) {
	if !Status(r.Status).CanBecome(to) {
		return r, &TransitionError{r.ID, Status(r.Status), to}
	}
	next := r
	next.Status, next.Reason = string(to), reasonOf(said)
	if to != Paused { // else it goes on waiting when it is resumed
		next.DueUS, next.Wait = 0, ""
	}
	next.Want, next.WantDetail = "", ""
	h := store.History{Kind: string(to), Step: r.Step, Visit: r.Visit, Attempt: r.Attempt, DurationUS: -1, Detail: said}
	c := &store.Change{Lease: r.Lease(), Row: next, History: []store.History{h}}
	err := tx.Apply(c)
	return c.Row, err // which undoes its steps first if there is anything to undo
}

// fulfil does what somebody wanted of a run that its owner has let go.
func (e *Engine) fulfil(ctx context.Context, id int64) error {
	err := e.store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error { return e.fulfilIn(tx, id) })
	if err != nil {
		return fmt.Errorf("run %d: what was wanted of it: %w", id, err)
	}
	e.ended(id, nil) // whoever waits looks again
	e.scheduled()
	return nil
}

// fulfilIn is fulfil's transaction.
func (e *Engine) fulfilIn(tx *store.Tx, id int64) error {
	r, err := tx.Run(id)
	if err != nil || r.Want == "" || r.Owner != 0 || Status(r.Status).Ended() {
		return err
	}
	to := Paused
	if r.Want == "cancel" {
		to = Cancelled
	}
	if !Status(r.Status).CanBecome(to) || to == Cancelled && r.Ending != "" { // it rests already: blocked, say
		return tx.SetWant(id, "", "")
	}
	_, err = e.move(tx, r, to, r.WantDetail)
	return err
}

// steer changes a run that nobody executes, or tells the owner what is wanted.
// said is the detail of its history row: who wants it, and why.
func (e *Engine) steer(ctx context.Context, id int64, to Status, want, said string) (Run, error) {
	var row store.Run
	err := e.unowned(ctx, id, func(tx *store.Tx, r store.Run) error {
		row = r
		switch {
		case Status(r.Status) == to, r.Want == "cancel" && to == Paused:
			return nil // a cancel was acknowledged: it is for good
		case to == Cancelled && r.Ending != "": // it is on its way to its end
			return nil
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
		e.ended(id, nil)
		e.pay(&row)
		e.plans.notify() // a start may wait for it
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
	// Map gives the new names of steps, by their old ones: of the step where the run is, or to which its
	// wait leads. The visit stays, so that calls which are recorded are not made again.
	Map  map[string]string
	From string // go on in this step, as a new visit, whatever the step where the run is

	// Accept takes the state as far as this program's definition can read it, for a run that is blocked
	// because it cannot: fields that the definition does not have, or that do not fit it, are dropped, which
	// the history tells with their values; and the state has the version of this program from then on.
	Accept bool

	// Packed lets a run go on that was packed to go on elsewhere, and all its descendants: for when the pack is lost.
	// A copy that was unpacked goes on beside the run of which it is one.
	Packed bool

	// Skip and TakeOver are for a run that undoes its steps; each is the reason, for the history. Skip
	// leaves the undo that is next, mostly the one that has failed, to a person and goes on with the one
	// after it. TakeOver leaves all that are left to a person, and ends the run. Map then names, for the
	// step of the undo that is next, the step that has its Undo now.
	Skip     string
	TakeOver string
}

// Resume lets a run that is paused, blocked, suspended, or whose owner has died, go on: it becomes
// pending, for a worker or Execute. If it stood still, its counters of failures and deaths start again.
// A run that was undoing its steps (see Run.Ending) goes on with that instead. Descendants that were suspended with it go
// on, too. Resume returns a
// *TransitionError if the run has ended, and ErrRunOwned if a living process executes it.
func (e *Engine) Resume(ctx context.Context, id int64, opts *ResumeOptions) (Run, error) {
	if opts == nil {
		opts = &ResumeOptions{}
	}
	change, err := e.amendment(ctx, id, opts)
	if err != nil {
		return Run{}, err
	}
	err = e.unowned(ctx, id, func(tx *store.Tx, r store.Run) error {
		switch from := Status(r.Status); {
		case from == Running, r.Owner != 0:
			return fmt.Errorf("run %d: %w (worker %d)", id, ErrRunOwned, r.Owner)
		case from.Ended():
			return &TransitionError{id, from, Pending}
		}
		if err := e.resumeAs(tx, r, opts, change); err != nil {
			return err
		}
		return e.resumeSuspended(tx, id)
	})
	if err != nil {
		return Run{}, err
	}
	e.enqueued()
	return e.Get(ctx, id)
}

// resumeAs lets a run go on that nobody executes, with what was to be changed of it.
func (e *Engine) resumeAs(tx *store.Tx, r store.Run, opts *ResumeOptions, change *amendment) error {
	r, err := e.unpacked(tx, r, opts)
	if err != nil {
		return err
	}
	if err := opts.checkUndoing(&r); err != nil {
		return err
	}
	if r.Ending != "" {
		return e.resumeUndoing(tx, r, opts)
	}
	if r, err = change.apply(tx, r); err != nil {
		return err
	}
	next := r
	if err := e.redirect(&next, opts); err != nil {
		return err
	}
	if r.Want == "pause" { // this takes it back
		if err := tx.SetWant(r.ID, "", ""); err != nil {
			return err
		}
	}
	stays := next.Step == r.Step
	if stays && (r.Status == string(Pending) || r.Status == string(Waiting) && !retries(r)) {
		return nil // a wait is not cut short
	}
	if err := owe(tx, &r); err != nil {
		return err
	}
	if stays && r.Wait != "" && !retries(r) {
		next.Reason = waitReasonOf(r)
		return tx.Rest(next, store.History{Kind: "resumed", Step: r.Step, Visit: r.Visit, DurationUS: -1,
			Detail: detail("by", e.actor, "was", r.Status)})
	}
	next.Wait = ""
	next.Status, next.DueUS, next.Failures, next.Deaths, next.Reason = string(Pending), 0, 0, 0, ""
	next.TriedUS = 0
	h := store.History{Kind: "resumed", Step: r.Step, Visit: r.Visit, DurationUS: -1, Detail: detail("by", e.actor, "was", r.Status)}
	if next.Step != r.Step {
		h.Next = next.Step
	}
	return tx.Apply(&store.Change{Lease: r.Lease(), Row: next, ForgetCalls: next.Visit != r.Visit, History: []store.History{h}})
}

// resumeSuspended lets the descendants of a run go on that were suspended with it: whoever executes it from now on may
// be a worker, and wait for them.
func (e *Engine) resumeSuspended(tx *store.Tx, root int64) error {
	ids, err := tx.Suspended(root)
	for _, id := range ids {
		r, err := tx.Run(id)
		if err != nil {
			return err
		}
		if err := e.resumeAs(tx, r, &ResumeOptions{}, &amendment{eng: e}); err != nil {
			return err
		}
	}
	return err
}

// redirect puts the run into the step that the options name: by another name into the same visit, else into
// a new one.
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
	if err := def.lacks(step); err != nil {
		return &InputError{row.Workflow, err}
	}
	row.Step, row.Fingerprint = step, def.fingerprints[step]
	if opts.From != "" {
		row.Visit, row.Attempt = row.Visit+1, 0
	}
	return nil
}
