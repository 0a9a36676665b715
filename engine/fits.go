package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/durable-wf/wf/engine/internal/store"
)

// Fits reports, all at once, why a run does not fit the definition that this program has of its workflow; nil
// if it fits. A run that has not ended must be able to go on: its step exists, and so do those to which its
// wait may lead; its signals are declared; its state decodes, by Migrate if it is of an older version. Of any
// run, each step that it has gone to from another in its history must be one to which that one may still go.
// Steps that are no more are no fault in the past. Nothing is executed or changed.
func (e *Engine) Fits(ctx context.Context, id int64) error {
	row, err := e.row(ctx, id)
	if err != nil {
		return err
	}
	def, err := e.definition(row.Workflow)
	if err != nil {
		return err
	}
	var faults []error
	if !Status(row.Status).Ended() {
		faults = append(faults, def.presentFaults(&row)...)
	}
	past, err := e.pastFaults(ctx, def, id)
	if err != nil {
		return err
	}
	return errors.Join(append(faults, past...)...)
}

// presentFaults are why a run could not go on from where it is.
func (d *definition) presentFaults(row *store.Run) []error {
	faults := []error{d.lacks(row.Step)}
	if bad := checkpointFault(row.Checkpoint); bad != nil {
		faults = append(faults, fmt.Errorf("its checkpoint is corrupt: %w", bad))
	} else if err := d.readable(int(row.Version), Payload(row.Checkpoint.State)); err != nil {
		faults = append(faults, explained(err))
	}
	wait, err := row.Waits()
	if err != nil {
		return append(faults, err)
	}
	doors := wait.Signals
	for _, door := range []*store.Door{wait.Children, wait.Else} {
		if door != nil {
			doors = append(doors, *door)
		}
	}
	for _, door := range doors {
		if err := d.lacks(door.Step); err != nil && door.Step != row.Step {
			faults = append(faults, fmt.Errorf("its wait may lead to a step that is no more: %w", err))
		}
		if _, ok := d.signal(door.Signal); door.Signal != "" && !ok {
			faults = append(faults, fmt.Errorf("it waits for a signal %q that is not declared; %s", door.Signal, nearest(door.Signal, d.Describe().Signals)))
		}
	}
	return faults
}

// pastFaults are the moves in a run's history that its workflow forbids now, each once.
func (e *Engine) pastFaults(ctx context.Context, def *definition, id int64) (faults []error, err error) {
	seen := map[[2]string]bool{}
	for page, err := range e.HistoryPages(ctx, HistoryFilter{Run: id, Kinds: []string{"transition"}}) {
		if err != nil {
			return nil, err
		}
		for _, ev := range page {
			if move := [2]string{ev.Step, ev.Next}; !seen[move] {
				seen[move] = true
				if !def.allows(ev.Step, ev.Next) {
					faults = append(faults, fmt.Errorf("step %q went to %q (seq %d), which is not in its To any more", ev.Step, ev.Next, ev.Seq))
				}
			}
		}
	}
	return faults, nil
}

// allows reports whether a step may go to another, as far as both are known.
func (d *definition) allows(from, to string) bool {
	said := d.Describe().Steps
	i := slices.IndexFunc(said, func(s StepDescription) bool { return s.Name == from })
	if i < 0 || d.lacks(to) != nil || said[i].To == nil || from == to {
		return true
	}
	follows := i+1 < len(said) && said[i+1].Name == to
	return follows || slices.Contains(said[i].To, to)
}
