package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/durable-wf/wf/engine/internal/store"
)

// KeyPolicy says what a start does with a key whose run has ended. While the run has not ended, the start
// returns it, whatever the policy but KeyReject.
//
// Looking at the key and taking it over are one transaction: of any number of processes that start at the
// same time, one makes a run and the others get it. A run that takes a key over may have another input; the
// run that had it before stays as it is, without its key. Of a run that was pruned it is known that it has
// ended, but not how.
type KeyPolicy string

// The key policies.
const (
	KeyReturn KeyPolicy = "return" // return that run: a key stands for one run for ever
	KeyRetry  KeyPolicy = "retry"  // a new run if it failed or was cancelled; else that run, a *RemovedError if it was pruned
	KeyReuse  KeyPolicy = "reuse"  // a new run, also if it was pruned: a key stands for one run at a time
	KeyReject KeyPolicy = "reject" // ErrKeyTaken, also while the run has not ended
)

func (p KeyPolicy) check() error {
	switch p {
	case "", KeyReturn, KeyRetry, KeyReuse, KeyReject:
		return nil
	}
	return fmt.Errorf("key policy %q must be return, retry, reuse or reject", string(p))
}

// reuse is the statuses of a key's run in which a new run takes the key over; "" is that of a pruned one.
func (p KeyPolicy) reuse() []string {
	switch p {
	case KeyRetry:
		return []string{string(Failed), string(Cancelled)}
	case KeyReuse:
		return []string{string(Completed), string(Failed), string(Cancelled), ""}
	default:
		return nil
	}
}

// refusal is the error of a start whose key is taken; nil if the run that has it is to be returned.
func (o *StartOptions) refusal(taken *store.KeyError, hash []byte) error {
	switch {
	case o != nil && o.OnKey == KeyReject:
		return fmt.Errorf("workflow %q, key %q: %w by run %s", taken.Workflow, taken.Key, ErrKeyTaken, taken.UUID)
	case string(taken.InputHash) != string(hash):
		return fmt.Errorf("workflow %q, key %q: %w", taken.Workflow, taken.Key, ErrKeyConflict)
	}
	return nil
}

// keyed returns the run for which the key of a new run stands already. Other errors it passes on.
func (e *Engine) keyed(ctx context.Context, err error, create *store.Create, opts *StartOptions) (Run, bool, error) {
	taken, ok := errors.AsType[*store.KeyError](err)
	if !ok {
		return Run{}, false, err
	}
	if err := opts.refusal(taken, create.InputHash); err != nil {
		return Run{}, false, err
	}
	row, err := e.store.RunByUUID(ctx, taken.UUID)
	if errors.Is(err, store.ErrNotFound) {
		missing := fmt.Errorf("%w: it stands for run %s", ErrRunNotFound, taken.UUID)
		return Run{}, false, fmt.Errorf("workflow %q, key %q: %w", taken.Workflow, taken.Key, e.removed(ctx, taken.UUID, missing))
	}
	if err != nil {
		return Run{}, false, err
	}
	return e.runOf(&row), false, nil
}
