package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

// eventKinds are the kinds of events in the order of a run's life.
func eventKinds() []string {
	return []string{
		"created", "claimed", "checkpoint", "transition", "call", "attempt", "fallback", "released",
		"suspended", "paused", "resumed", "blocked", "signal", "woken", "compensating", "undo", "retried", "hook", "packed", "unpacked",
		"completed", "failed", "cancelled",
	}
}

type historyOptions struct {
	runFilter
	ref      string
	kinds    choice
	step     string
	failures bool
	follow   bool
	archived bool
	limit    int
}

func (a *app) historyCommand() *cobra.Command {
	o := historyOptions{kinds: choice{known: eventKinds()}}
	cmd := &cobra.Command{
		Use:   "history [RUN]",
		Short: "Show what happened: every transition, checkpoint and attempt",
		Long: `Show what happened, the oldest first: of one run, or of all.

Each row is an event that was committed: where the run went, the short form of its state, which
attempt it was, how long it took, which process did it, and the error if it failed. DETAIL names the
program and its version at the first event of a process. Stacks of panics and full inputs are in the
machine formats only. Times are UTC.`,
		Example: `  wf history 42
  wf history 42 -f
  wf history --failures --since 1d
  wf history --workflow order --kind completed,failed -o csv > audit.csv`,
		GroupID: groupLook,
		Aliases: []string{"log"},
		Args:    arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.ref = args[0]
			}
			if err := o.check(); err != nil {
				return err
			}
			return a.withEngine(cmd.Context(), engine.ReadOnly, func(eng *engine.Engine) error {
				return a.history(cmd.Context(), eng, &o)
			})
		},
	}
	o.add(cmd, "events")
	choiceFlag(cmd, &o.kinds, "kind", "only these kinds of events: created, claimed, checkpoint, transition, …")
	flags := cmd.Flags()
	flags.StringVar(&o.step, "step", "", "only events of this step")
	flags.BoolVar(&o.failures, "failures", false, "only events that carry an error")
	flags.BoolVarP(&o.follow, "follow", "f", false, "go on with new events; ends when the named run has ended")
	flags.BoolVar(&o.archived, "archived", false, "read the archive files too")
	flags.IntVarP(&o.limit, "limit", "n", 0, "at most so many events, the oldest; 0 for all")
	a.addOutput(cmd)
	return cmd
}

func (o *historyOptions) check() error {
	switch {
	case o.limit < 0:
		return usagef("--limit %d must not be negative", o.limit)
	case o.follow && !o.until.IsZero():
		return usagef("--follow shows what is to come, so it does not go with --until")
	}
	return o.runFilter.check()
}

// filter is what o asks of an engine, but for the run.
func (o *historyOptions) filter() engine.HistoryFilter {
	return engine.HistoryFilter{
		Workflows: o.workflows, Statuses: statusesOf(o.statuses.chosen), Kinds: o.kinds.chosen, Step: o.step,
		Since: o.since.Time, Until: o.until.Time, Failures: o.failures, Limit: pageSize,
	}
}

func (a *app) history(ctx context.Context, eng *engine.Engine, o *historyOptions) error {
	main := &eventSource{eng: eng, filter: o.filter()}
	sources := []*eventSource{main}
	var err error
	if o.ref != "" {
		main.filter.Run, err = a.resolve(ctx, eng, o.ref)
	}
	missing := errors.Is(err, engine.ErrRunNotFound)
	if err != nil && !(missing && o.archived) {
		return err
	}
	if o.archived {
		archives, closeAll, archiveErr := a.openArchives(ctx, eng, o)
		defer closeAll()
		if archiveErr != nil {
			return archiveErr
		}
		if missing && len(archives) == 0 {
			return err
		}
		if missing {
			sources = nil
		}
		sources = append(archives, sources...)
	}
	return a.showHistory(ctx, main, &eventMerge{sources: sources}, o, missing)
}

// resolve returns the number of the run that ref names.
func (a *app) resolve(ctx context.Context, eng *engine.Engine, ref string) (int64, error) {
	run, err := a.find(ctx, eng, ref)
	return run.ID, err
}

// showHistory writes the events there are and, when following, those to come.
func (a *app) showHistory(ctx context.Context, main *eventSource, events *eventMerge, o *historyOptions, gone bool) error {
	out := newRows(a, eventColumns(o.ref != ""))
	add := func(e eventRow) error {
		if o.limit > 0 && out.count == o.limit {
			return errEnough
		}
		return out.Add(e)
	}
	err := events.each(ctx, add)
	if err == nil && o.follow && !gone {
		err = a.follow(ctx, main, out.Flush, add)
	}
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	if out.count == 0 && a.format == asTable {
		a.note("no events")
	}
	return nil
}

// errEnough ends the reading of events early.
var errEnough = errors.New("enough")

// follow calls add for each event that is committed from now on, until the run has ended or ctx is
// cancelled, and flush whenever it has to wait.
func (a *app) follow(ctx context.Context, src *eventSource, flush func() error, add func(eventRow) error) error {
	ticks := src.eng.Watch(ctx)
	for {
		ended, err := src.ended(ctx) // before the events are read, so that none is missed
		if err == nil {
			err = src.each(ctx, add)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil || ended {
			return err
		}
		if err := flush(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticks:
		}
	}
}
