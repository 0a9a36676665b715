package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

const forkLong = `Make a new run that goes on from a checkpoint of another one, whatever has become of that, and print its ID.
The other run stays as it is.

The checkpoints that are kept are listed by state list: the newest, the last and some older ones, and none of a
run that has completed, unless it was started with --keep all. The fork has the state, with the changes of
--set, and the random numbers of the other run, but not its key. Calls to the outside that the checkpoint
does not cover are made again. It is enqueued, for a worker or for resume.`

// forking is the flags of fork.
type forking struct {
	options engine.ForkOptions
	sets    []string
}

// forkCommand is wf fork.
func (a *app) forkCommand() *cobra.Command {
	var f forking
	cmd := &cobra.Command{
		Use:     "fork RUN",
		Short:   "Make a new run from a checkpoint of another",
		Long:    forkLong,
		Example: "  wf fork 3\n  wf fork 3 --at 17 --set grid.nx=200 --set note='as an experiment'\n  wf resume $(wf fork 3 --step charge)",
		GroupID: groupSteer,
		Args:    arguments(1, 1),
	}
	flags := cmd.Flags()
	flags.Int64Var(&f.options.At, "at", 0, "go on from the checkpoint of this event (default: the newest)")
	flags.StringArrayVar(&f.sets, "set", nil, "FIELD=VALUE: change a field of the state, such as grid.nx=5 or points[3].x=1.5 (may be repeated)")
	flags.StringVar(&f.options.Step, "step", "", "go on at this step, as a new visit")
	flags.StringVar(&f.options.Reason, "reason", "", "why, for those who look later")
	cmd.RunE = func(cmd *cobra.Command, refs []string) error {
		if f.options.At < 0 {
			return usagef("--at %d must be the number of an event", f.options.At)
		}
		return a.withEngine(cmd.Context(), engine.ReadWrite, func(eng *engine.Engine) error {
			return a.fork(cmd.Context(), eng, refs[0], f)
		})
	}
	return cmd
}

func (a *app) fork(ctx context.Context, eng *engine.Engine, ref string, f forking) error {
	run, err := a.find(ctx, eng, ref)
	if err != nil {
		return err
	}
	if f.options.Set, err = a.edits(ctx, eng, run, f); err != nil {
		return err
	}
	fork, err := eng.Fork(ctx, run.ID, &f.options)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(a.stdout, fork.ID); err != nil {
		return err
	}
	a.note("%s is a fork of run %d%s", title(fork), run.ID, at(fork.Brief))
	idle, err := noWorker(ctx, eng)
	if err == nil {
		a.noteIdle(retried{[]int64{fork.ID}, idle && moves(fork.Status)})
	}
	return err
}

// edits are the values of --set as JSON. What is no JSON is a text, and so is anything where the state has one.
func (a *app) edits(ctx context.Context, eng *engine.Engine, run engine.Run, f forking) (map[string]json.RawMessage, error) {
	if len(f.sets) == 0 {
		return nil, nil
	}
	old, err := a.textsIn(ctx, eng, run, f.options.At)
	if err != nil {
		return nil, err
	}
	set := map[string]json.RawMessage{}
	for _, word := range f.sets {
		field, value, ok := strings.Cut(word, "=")
		if !ok || field == "" {
			return nil, usagef("--set %q must be FIELD=VALUE", word)
		}
		if _, twice := set[field]; twice {
			return nil, usagef("--set %s is given twice", field)
		}
		text := json.RawMessage(value)
		if !json.Valid(text) || old[field] && !strings.HasPrefix(value, `"`) {
			if text, err = json.Marshal(value); err != nil {
				return nil, usagef("--set %s: %v", field, err)
			}
		}
		set[field] = text
	}
	return set, nil
}

// textsIn tells which fields of the checkpoint are texts.
func (a *app) textsIn(ctx context.Context, eng *engine.Engine, run engine.Run, seq int64) (map[string]bool, error) {
	kept, err := eng.States(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	texts := map[string]bool{}
	for i, version := range kept {
		if version.Seq != seq && (seq != 0 || i < len(kept)-1) || len(version.State) == 0 {
			continue
		}
		fields, err := leaves(version.State)
		if err != nil {
			return nil, fmt.Errorf("run %d: the state of event %d does not decode: %w", run.ID, version.Seq, err)
		}
		for _, l := range fields {
			texts[l.Path] = strings.HasPrefix(l.Value, `"`)
		}
	}
	return texts, nil
}
