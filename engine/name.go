package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/durable-wf/wf/engine/internal/codec"
	"github.com/durable-wf/wf/engine/internal/store"
)

// Name is the durable identity of a workflow with state S and result R. It is typed, so that Start
// and Run take an S and give an R, and it has no steps attached, so that steps may name their own
// workflow.
type Name[S, R any] string

// Start enqueues a run that begins with state s and returns it once it is durable. A worker (see
// [Engine.Serve]) of this or another process executes it. Start returns an *InputError if Validate
// refuses s, and ErrKeyConflict if the key stands for another input; with a key that stands for the
// same input it returns that run. opts may be nil.
func (n Name[S, R]) Start(ctx context.Context, eng *Engine, s S, opts *StartOptions) (Run, error) {
	def, err := eng.definition(string(n))
	if err != nil {
		return Run{}, err
	}
	return eng.start(ctx, def, &s, opts, enqueue)
}

// Run starts a run and executes it in the foreground, until it has ended;
// it waits for retries. When ctx ends, the run is saved and suspended, and Run returns a *RunError
// with that status; [Engine.Execute] goes on with it. No other run is touched. A run whose first step is pure may
// begin before it is in the file, which it is as soon as anything needs its number, or after 10 ms.
func (n Name[S, R]) Run(ctx context.Context, eng *Engine, s S, opts *StartOptions) (R, error) {
	var zero R
	def, err := eng.definition(string(n))
	if err != nil {
		return zero, err
	}
	row, err := eng.perform(ctx, def, &s, opts)
	if err != nil {
		return zero, err
	}
	return resultOf[R](endOf(&row))
}

// Wait blocks until the run has ended and returns its result, or a *RunError if it did not complete.
// A run that is blocked or paused has not ended, see [Engine.Wait]. Any number of callers, in any
// process, may wait for the same run.
func (n Name[S, R]) Wait(ctx context.Context, eng *Engine, id int64) (R, error) {
	var zero R
	row, err := eng.waitFor(ctx, id)
	if err != nil {
		return zero, err
	}
	return resultOf[R](endOf(row))
}

// State returns the newest committed state of the run. The state of a completed run is deleted
// unless it was started with KeepAll.
func (n Name[S, R]) State(ctx context.Context, eng *Engine, id int64) (S, error) {
	var s S
	row, err := eng.row(ctx, id)
	switch state := Payload(row.Checkpoint.State); {
	case errors.Is(err, ErrRunNotFound):
		return s, eng.removed(ctx, number(id), err)
	case err != nil:
		return s, err
	case row.Checkpoint.Fault != "":
		return s, fmt.Errorf("run %d: state: %s", id, row.Checkpoint.Fault)
	case len(state.Data) == 0:
		return s, fmt.Errorf("run %d: its checkpoint was deleted when it completed", id)
	default:
		if err := codec.Decode(state, &s); err != nil {
			return s, fmt.Errorf("run %d: state: %w", id, err)
		}
		return s, nil
	}
}

// Done ends the run with result r, checked by the compiler.
func (n Name[S, R]) Done(r R) Transition { return Done(r) }

// ending is as much of a run as its result needs.
type ending struct {
	run    int64
	status Status
	reason string
	result json.RawMessage
	fault  string
}

func resultOf[R any](end ending) (R, error) {
	var r R
	if end.status != Completed {
		return r, &RunError{RunID: end.run, Status: end.status, Reason: end.reason}
	}
	if end.result == nil && end.fault != "" {
		return r, fmt.Errorf("run %d: result: %s", end.run, end.fault)
	}
	if end.result == nil {
		return r, nil
	}
	if err := decodeJSON(end.result, &r); err != nil {
		return r, fmt.Errorf("run %d: result: %w", end.run, err)
	}
	return r, nil
}

func (r *Run) end() ending { return ending{r.ID, r.Status, r.reason(), r.Result, r.Fault} }

// endOf is the ending of a row's run.
func endOf(row *store.Run) ending {
	end := ending{run: row.ID, status: Status(row.Status), reason: cmp.Or(row.Error, row.Reason), fault: row.ResultFault}
	if len(row.Result.Data) > 0 {
		if doc, err := Payload(row.Result).JSON(); err == nil {
			end.result = doc
		} else {
			end.fault = cmp.Or(end.fault, err.Error())
		}
	}
	return end
}
