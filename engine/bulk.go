package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Bulk is what came of doing something to many runs. Each run is done for itself, so an error with one
// changes nothing for the others.
type Bulk struct {
	Runs   []Run   // to which it was done, as they were then, oldest first, without states
	Errors []error // of the others; each names its run
}

// CancelAll is [Engine.Cancel] for all runs that the filter selects and that have not ended. Parents come
// before their children, so that none goes on because its children have ended. RunFilter.Limit bounds how
// many of the newest runs are taken; 0 means all. The error is one that ended the whole.
func (e *Engine) CancelAll(ctx context.Context, f RunFilter, reason string) (Bulk, error) {
	return e.CancelAllWith(ctx, f, &CancelOptions{Reason: reason})
}

// CancelAllWith is [Engine.CancelAll] with the options of [Engine.CancelWith]. opts are those of each run.
func (e *Engine) CancelAllWith(ctx context.Context, f RunFilter, opts *CancelOptions) (Bulk, error) {
	return e.each(ctx, f, func(s Status) bool { return !s.Ended() }, func(id int64) (Run, error) {
		return e.CancelWith(ctx, id, opts)
	})
}

// PauseAll is [Engine.Pause] for all runs that the filter selects and that can be paused; see [Engine.CancelAll].
func (e *Engine) PauseAll(ctx context.Context, f RunFilter, reason string) (Bulk, error) {
	return e.each(ctx, f, func(s Status) bool { return s.CanBecome(Paused) }, func(id int64) (Run, error) {
		return e.Pause(ctx, id, reason)
	})
}

// ResumeAll is [Engine.Resume] for all runs that the filter selects and that stand still: paused, blocked
// and suspended ones; see [Engine.CancelAll].
func (e *Engine) ResumeAll(ctx context.Context, f RunFilter) (Bulk, error) {
	still := func(s Status) bool { return s == Paused || s == Blocked || s == Suspended }
	return e.each(ctx, f, still, func(id int64) (Run, error) {
		return e.Resume(ctx, id, nil)
	})
}

// RetryAll is [Engine.Retry] for all runs that the filter selects and that have failed; see [Engine.CancelAll].
// opts are those of each and may be nil.
func (e *Engine) RetryAll(ctx context.Context, f RunFilter, opts *RetryOptions) (Bulk, error) {
	return e.each(ctx, f, func(s Status) bool { return s == Failed }, func(id int64) (Run, error) {
		return e.Retry(ctx, id, opts)
	})
}

// target is a run to which something is to be done.
type target struct{ id, parent int64 }

// bulkWidth is how many runs are done at the same time: their commits share a transaction.
const bulkWidth = 32

// each does something to all runs that the filter selects and whose status is fit. They are found first,
// so that what is done to one does not decide whether another is found.
func (e *Engine) each(ctx context.Context, f RunFilter, fit func(Status) bool, do func(int64) (Run, error)) (Bulk, error) {
	targets, err := e.targets(ctx, f, fit)
	if err != nil {
		return Bulk{}, err
	}
	var b Bulk
	for len(targets) > 0 {
		if ctx.Err() != nil {
			return b, context.Cause(ctx)
		}
		n := together(targets)
		runs, errs := make([]Run, n), make([]error, n)
		var wg sync.WaitGroup // waited for below
		for i, t := range targets[:n] {
			wg.Go(func() { runs[i], errs[i] = do(t.id) })
		}
		wg.Wait()
		for i, err := range errs {
			switch {
			case err == nil:
				runs[i].State, runs[i].Result = nil, nil
				b.Runs = append(b.Runs, runs[i])
			case errors.Is(err, ErrStorage), errors.Is(err, ErrClosed), errors.Is(err, ErrReadOnly), ctx.Err() != nil:
				return b, err
			default:
				b.Errors = append(b.Errors, named(targets[i].id, err))
			}
		}
		targets = targets[n:]
	}
	return b, nil
}

// targets finds the runs, oldest first.
func (e *Engine) targets(ctx context.Context, f RunFilter, fit func(Status) bool) ([]target, error) {
	statuses := slices.DeleteFunc(Statuses(), func(s Status) bool {
		return !fit(s) || len(f.Statuses) > 0 && !slices.Contains(f.Statuses, s)
	})
	if len(statuses) == 0 {
		return nil, nil
	}
	most := f.Limit
	f.Statuses, f.WithState, f.Limit = statuses, false, pageSize
	filter, err := e.filter(ctx, &f)
	if err != nil {
		return nil, err
	}
	var found []target
	for {
		if most > 0 {
			filter.Limit = min(pageSize, most-len(found))
		}
		page, err := e.store.Runs(ctx, filter)
		if err != nil {
			return nil, err
		}
		for i := range page {
			found = append(found, target{page[i].ID, page[i].Parent})
		}
		if len(page) < filter.Limit || len(found) == most {
			slices.SortFunc(found, func(a, b target) int { return cmp.Compare(a.id, b.id) })
			return found, nil
		}
		filter.BeforeID = page[len(page)-1].ID
	}
}

// together returns how many of the first targets may be done at the same time: none whose parent is among
// them.
func together(targets []target) int {
	seen := map[int64]bool{}
	for n, t := range targets {
		if n == bulkWidth || seen[t.parent] {
			return n
		}
		seen[t.id] = true
	}
	return len(targets)
}

// named makes sure that an error names its run.
func named(id int64, err error) error {
	if strings.HasPrefix(err.Error(), fmt.Sprintf("run %d:", id)) {
		return err
	}
	return fmt.Errorf("run %d: %w", id, err)
}
