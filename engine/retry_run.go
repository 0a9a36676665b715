package engine

import (
	"context"
	"fmt"

	"github.com/durable-wf/wf/engine/internal/store"
)

// RetryOptions say how a failed run goes on. nil means in the step that has failed.
type RetryOptions struct {
	From   string // go on in this step instead, as a new visit
	Reason string // for the history
}

// Retry lets a run that has failed go on from its newest checkpoint: it becomes pending, for a worker or
// Execute. The step that has failed is tried anew in the same visit, so that calls which are recorded are not
// made again; its attempts, and the time it may take, count from the beginning. A deadline that has passed is
// removed, which the history tells. A run that was waiting when its deadline came needs From. A key of the run stands for a run that has not ended again. A child can
// be retried, too; its parent waits for it again if it still waits for others.
//
// It returns a *TransitionError if the run has not failed, an *UndoneError if its steps were undone, and
// ErrKeyTaken if its key stands for a later run.
func (e *Engine) Retry(ctx context.Context, id int64, opts *RetryOptions) (Run, error) {
	if opts == nil {
		opts = &RetryOptions{}
	}
	err := e.unowned(ctx, id, func(tx *store.Tx, r store.Run) error {
		if Status(r.Status) != Failed {
			return fmt.Errorf("%w: only a run that has failed is retried", &TransitionError{id, Status(r.Status), Pending})
		}
		if err := e.retryable(tx, &r); err != nil {
			return err
		}
		if err := owe(tx, &r); err != nil {
			return err
		}
		next := r
		if r.Wait != "" && opts.From == "" {
			return notThere(&r)
		}
		if err := e.redirect(&next, &ResumeOptions{From: opts.From}); err != nil {
			return err
		}
		next.Status, next.Failures, next.Deaths, next.TriedUS = string(Pending), 0, 0, 0
		next.Wait, next.DueUS, next.Reason, next.Error = "", 0, "", ""
		said := []any{"by", e.actor, "reason", opts.Reason, "error", r.Error}
		if r.DeadlineUS != 0 && r.DeadlineUS <= e.clock.NowUS() {
			if err := tx.RemoveDeadline(id); err != nil {
				return err
			}
			said = append(said, "deadline", "removed")
		}
		h := store.History{Kind: "retried", Step: r.Step, Visit: r.Visit, DurationUS: -1, Detail: detail(said...)}
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

// notThere says that a run has not come to its step: its deadline came while it waited.
func notThere(r *store.Run) error {
	return &InputError{r.Workflow, fmt.Errorf("run %d had not come to step %q when its deadline came (it %s): name the step where it is to go on",
		r.ID, r.Step, waitReasonOf(*r))}
}

// retryable reports why a failed run cannot go on.
func (e *Engine) retryable(tx *store.Tx, r *store.Run) error {
	undone, err := tx.Undone(r.ID)
	if err != nil {
		return err
	}
	if undone {
		return &UndoneError{r.ID}
	}
	if r.Key == "" {
		return nil
	}
	holder, err := tx.KeyHolder(r.Workflow, r.Key)
	if err == nil && holder != r.UUID {
		return fmt.Errorf("run %d: %w: key %q stands for run %s now", r.ID, ErrKeyTaken, r.Key, holder)
	}
	return err
}

// UndoneError says that steps of a run were undone, so that it cannot go on from where it failed.
type UndoneError struct{ RunID int64 }

func (e *UndoneError) Error() string {
	return fmt.Sprintf("run %d: its steps were undone, so it cannot go on from where it failed", e.RunID)
}

// Hint is what can be done instead.
func (e *UndoneError) Hint() string { return "start it again, or fork it" }
