package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

// heldWait is the wait of a child for which there is no place yet; an index names this very text.
const heldWait = `{"kind":"limit"}`

// head reads a run without its payloads.
func (b *batch) head(id int64) (Run, error) {
	run, err := scanRun(b.w.stmts.runHead.QueryRowContext(context.Background(), sql.Named("id", id)))
	if errors.Is(err, sql.ErrNoRows) {
		return Run{}, fmt.Errorf("run %d: %w", id, ErrNotFound)
	}
	return run, err
}

// spawn inserts the children of a change, in the order of their places. Those for which there is no
// place in flight are held.
func (b *batch) spawn(c *Change) error {
	var reqs []*request
	for i := range c.Spawn {
		child := c.Spawn[i] // a copy: the batch may have to be repeated
		run := &child.Run
		run.Parent, run.ParentVisit, run.Place, run.Root = c.Lease.Run, c.Row.Visit, int64(i), c.Lease.root
		if run.Root == 0 {
			run.Root = c.Lease.Run
		}
		if c.Limit > 0 && i >= c.Limit {
			run.Wait, run.DueUS = heldWait, 0
		}
		reqs = append(reqs, &request{create: &child})
	}
	if err := b.create(reqs); err != nil {
		return err
	}
	for i, r := range reqs {
		if r.err != nil {
			return &EffectError{fmt.Errorf("child %d: %w", i+1, r.err)}
		}
	}
	return nil
}

// relatives does what the end of a run means for its family: its children are cancelled, a sibling that
// was held begins, and the parent goes on when all of its children have ended.
func (b *batch) relatives(m *move) error {
	ended := hasEnded(m.to.status) && !hasEnded(m.from.status)
	failing := m.to.status == "compensating" && m.from.status != "compensating"
	if !ended && !failing {
		return nil
	}
	if ended {
		if err := b.scheduleEnded(m.row); err != nil {
			return err
		}
	}
	if m.row.Children > 0 {
		if err := b.cancelChildren(m.lease.Run, 0, fmt.Sprintf(`{"by":"run %d","reason":"its parent has ended: %s"}`, m.lease.Run, m.to.status)); err != nil {
			return err
		}
	}
	if m.row.Parent == 0 || !ended {
		return nil
	}
	if err := b.fanIn(m); err != nil || m.lease.held {
		return err
	}
	return b.admit(m.row) // unless fanIn has cancelled those that were held
}

// admit lets the next held sibling begin.
func (b *batch) admit(child *Run) error {
	var id int64
	err := b.w.stmts.childHeld.QueryRowContext(context.Background(), child.Parent, child.ParentVisit).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	next, err := b.head(id)
	if err != nil {
		return err
	}
	detail := fmt.Sprintf(`{"because":"a sibling has ended","sibling":%d}`, child.ID)
	return b.wake(&next, nil, History{Kind: "woken", Step: next.Step, Visit: next.Visit, DurationUS: -1, Detail: detail})
}

// admitResumed lets a held child begin that was paused, if none of its siblings is in flight, whose end would do
// so: those that ended while it was paused have passed it over.
func (b *batch) admitResumed(child *Run) error {
	var flying bool
	err := b.w.stmts.childFlight.QueryRowContext(context.Background(), child.Parent, child.ParentVisit).Scan(&flying)
	if err != nil || flying {
		return err
	}
	return b.wake(child, nil, History{Kind: "woken", Step: child.Step, Visit: child.Visit, DurationUS: -1,
		Detail: `{"because":"no sibling is in flight"}`})
}

// fanIn wakes the parent of a run that has ended, if the parent waits for no other child.
func (b *batch) fanIn(m *move) error {
	parent, err := b.head(m.row.Parent)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil || parent.Status != "waiting" || parent.Visit != m.row.ParentVisit {
		return err
	}
	wait, err := parent.Waits()
	if err != nil || wait.Children == nil {
		return nil //nolint:nilerr // a run whose wait does not decode is blocked when it is claimed
	}
	because, over, err := b.childrenOver(&parent, &wait, m.to.status)
	if err != nil || !over {
		return err
	}
	detail := fmt.Sprintf(`{"because":%s,"child":%d}`, quoted(because), m.lease.Run)
	h := History{Kind: "woken", Step: parent.Step, Next: wait.Children.Step, Visit: parent.Visit, DurationUS: -1, Detail: detail}
	return b.join(&parent, &wait, h)
}

// join lets a parent go on that waits for no child any more. If that is because one did not complete, the
// others are cancelled.
func (b *batch) join(parent *Run, wait *Wait, h History) error {
	if err := b.wake(parent, wait.Children, h); err != nil || !wait.FailFast {
		return err
	}
	return b.cancelChildren(parent.ID, parent.Visit, fmt.Sprintf(`{"by":"run %d","reason":"a sibling did not complete"}`, parent.ID))
}

// childrenOver reports whether a parent has nothing to wait for any more, and why. status is that of the
// child that has just ended; "" if that is not known.
func (b *batch) childrenOver(parent *Run, wait *Wait, status string) (because string, over bool, err error) {
	lost := status == "failed" || status == "cancelled"
	if wait.FailFast && status == "" {
		row := b.w.stmts.childLost.QueryRowContext(context.Background(), parent.ID, parent.Visit)
		if err := row.Scan(&lost); err != nil {
			return "", false, err
		}
	}
	if wait.FailFast && lost {
		return "a child did not complete", true, nil
	}
	var open bool
	if err := b.w.stmts.childOpen.QueryRowContext(context.Background(), parent.ID, parent.Visit).Scan(&open); err != nil {
		return "", false, err
	}
	return "all children have ended", !open, nil
}

// cancelChildren cancels the open children of a run, of one visit or (0) of all. Those that a process owns are
// asked to stop. Those that are held come first, so that none takes the place of another that is cancelled.
func (b *batch) cancelChildren(parent, visit int64, detail string) error {
	rows, err := b.w.stmts.childOpenList.QueryContext(context.Background(), parent, visit)
	if err != nil {
		return err
	}
	ids, err := scanIDs(rows)
	if err != nil {
		return err
	}
	for _, id := range ids {
		child, err := b.head(id)
		if err != nil {
			return err
		}
		if err := b.cancel(&child, detail); err != nil {
			return err
		}
	}
	return nil
}

// cancel ends a run that nobody owns, or begins to undo what it has done; the owner of another is asked
// to do so. One that is on its way to its end already is left alone.
func (b *batch) cancel(run *Run, detail string) error {
	if run.Ending != "" || hasEnded(run.Status) {
		return nil
	}
	if run.Owner != 0 {
		b.aside.Wanted = true
		return b.w.exec(b.w.stmts.runWant, run.ID, "cancel", detail)
	}
	b.aside.Ended = append(b.aside.Ended, run.ID)
	next := *run
	next.Status, next.Wait, next.DueUS, next.Reason = "cancelled", "", 0, reasonIn(detail)
	h := History{Kind: next.Status, Step: run.Step, Visit: run.Visit, Attempt: run.Attempt, DurationUS: -1, Detail: detail}
	return b.one(&request{change: &Change{Lease: run.Lease(), Row: next, History: []History{h}}})
}

// wake lets a waiting run go on, through a door or where it is.
func (b *batch) wake(run *Run, door *Door, h History) error {
	next := *run
	next.Status, next.Wait, next.DueUS, next.Reason = "pending", "", 0, ""
	if door != nil {
		next.Step, next.Fingerprint = door.Step, door.Fingerprint
	}
	return b.one(&request{change: &Change{Lease: run.Lease(), Row: next, History: []History{h}}})
}

// Rest decides what becomes of a run that has a wait and is no longer held back by a person: it goes on if
// what it waits for has come, and waits otherwise. h is the history row of the decision.
func (tx *Tx) Rest(run Run, h History) error {
	err := tx.b.rest(&run, h)
	if err != nil && !errors.Is(err, ErrGuard) {
		tx.failed = err
	}
	return err
}

func (b *batch) rest(run *Run, h History) error {
	wait, err := run.Waits()
	if err != nil {
		return err
	}
	next := *run
	next.Status = "waiting"
	if err := b.one(&request{change: &Change{Lease: run.Lease(), Row: next, History: []History{h}}}); err != nil {
		return err
	}
	now, err := b.head(run.ID)
	if err != nil {
		return err
	}
	if len(wait.Signals) > 0 {
		sig, ok, err := b.nextSignal(run.ID, &wait)
		if err != nil || ok {
			return errors.Join(err, b.consumeIf(ok, &now, &wait, sig))
		}
	}
	if now.Wait == heldWait {
		return b.admitResumed(&now)
	}
	if wait.Children == nil {
		return nil
	}
	because, over, err := b.childrenOver(&now, &wait, "")
	if err != nil || !over {
		return err
	}
	return b.join(&now, &wait, History{
		Kind: "woken", Step: now.Step, Next: wait.Children.Step, Visit: now.Visit, DurationUS: -1,
		Detail: fmt.Sprintf(`{"because":%s}`, quoted(because)),
	})
}

func (b *batch) consumeIf(ok bool, run *Run, wait *Wait, sig Signal) error {
	if !ok {
		return nil
	}
	return b.consume(run, wait.door(sig.Name), sig)
}

// quoted is a JSON string.
func quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil { // a string always marshals
		return `""`
	}
	return string(text)
}

func jsonOr(text, or string) string {
	if text == "" {
		return or
	}
	return text
}

// reasonIn returns the reason that a detail names.
func reasonIn(detail string) string {
	var said struct {
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal([]byte(detail), &said); err != nil {
		return ""
	}
	return said.Reason
}
