package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

const scheduleLong = `Rules that start runs: by a cron expression, at an interval, or once. They are in the database, and any
worker that knows the workflow starts their runs; a run that was due while no worker ran is made up for.`

// scheduleCommand is wf schedule.
func (a *app) scheduleCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "schedule",
		Short:   "Start runs by the clock",
		Long:    scheduleLong,
		GroupID: groupSteer,
		Args:    arguments(0, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		},
	}
	cmd.AddCommand(a.scheduleAddCommand(), a.scheduleListCommand(), a.scheduleShowCommand(), a.schedulePauseCommand(),
		a.scheduleResumeCommand(), a.scheduleTriggerCommand(), a.scheduleBackfillCommand(), a.scheduleRemoveCommand())
	for _, c := range cmd.Commands() {
		if c.ValidArgsFunction == nil && c.Name() != "list" {
			c.ValidArgsFunction = a.completeSchedules
		}
	}
	return cmd
}

// schedulePauseCommand is wf schedule pause.
func (a *app) schedulePauseCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:     "pause NAME",
		Short:   "Keep a schedule from starting runs until it is resumed",
		Example: "  wf schedule pause nightly --reason 'the disk is nearly full'",
		Args:    arguments(1, 1),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who look later")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.withSchedule(cmd.Context(), args[0], func(eng *engine.Engine) error {
			_, err := eng.PauseSchedule(cmd.Context(), args[0], reason)
			if err == nil {
				a.note("schedule %s paused", args[0])
			}
			return err
		})
	}
	return cmd
}

// scheduleResumeCommand is wf schedule resume.
func (a *app) scheduleResumeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "resume NAME",
		Short: "Let a paused schedule start runs again",
		Long: `Let a paused schedule start runs again, from now on. What it would have started meanwhile is not made up for;
schedule backfill can do that.`,
		Example: "  wf schedule resume nightly",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withSchedule(cmd.Context(), args[0], func(eng *engine.Engine) error {
				s, err := eng.ResumeSchedule(cmd.Context(), args[0])
				if err == nil {
					a.note("schedule %s resumed: %s", args[0], nextText(s, time.Now()))
				}
				return err
			})
		},
	}
}

// scheduleTriggerCommand is wf schedule trigger.
func (a *app) scheduleTriggerCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "trigger NAME",
		Short:   "Start a run of a schedule now, and print its ID",
		Long:    "Start a run of a schedule now, for a worker, and print its ID: also if the schedule is paused or another run of it has not ended.",
		Example: "  wf schedule trigger nightly",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withSchedule(cmd.Context(), args[0], func(eng *engine.Engine) error {
				run, err := eng.TriggerSchedule(cmd.Context(), args[0])
				if err == nil {
					err = a.print(fmt.Sprint(run.ID))
				}
				return err
			})
		},
	}
}

// scheduleRemoveCommand is wf schedule remove.
func (a *app) scheduleRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "remove NAME",
		Short:   "Remove a schedule; its runs stay",
		Example: "  wf schedule remove nightly",
		Aliases: []string{"rm"},
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withSchedule(cmd.Context(), args[0], func(eng *engine.Engine) error {
				err := eng.RemoveSchedule(cmd.Context(), args[0])
				if err == nil {
					a.note("schedule %s removed", args[0])
				}
				return err
			})
		},
	}
}

// scheduleBackfillCommand is wf schedule backfill.
func (a *app) scheduleBackfillCommand() *cobra.Command {
	var from, to moment
	cmd := &cobra.Command{
		Use:   "backfill NAME --from TIME [--to TIME]",
		Short: "Start the runs of times that have passed, and print their IDs",
		Long: `Start a run for every time of a schedule's rule from one time on and before another, for workers, and print
their IDs with their times. A time for which a run was started before, by whomever, is not started again: its
run is printed as it is.`,
		Example: "  wf schedule backfill nightly --from 2026-11-01 --to 2026-11-08",
		Args:    arguments(1, 1),
	}
	cmd.Flags().Var(&from, "from", "the first time (an age such as 3d, a date, or RFC 3339)")
	cmd.Flags().Var(&to, "to", "where it ends, itself left out (default now)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if from.IsZero() {
			return usagef("--from is missing: from which time on?")
		}
		return a.withSchedule(cmd.Context(), args[0], func(eng *engine.Engine) error {
			end := to.Time
			if end.IsZero() {
				end = time.Now()
			}
			runs, err := eng.BackfillSchedule(cmd.Context(), args[0], from.Time, end)
			if err == nil && len(runs) == 0 {
				a.note("schedule %s has no times from %s to %s", args[0], from.UTC().Format(humanLayout), end.UTC().Format(humanLayout))
			}
			for _, run := range runs {
				err = errors.Join(err, a.print(fmt.Sprintf("%d\t%s", run.ID, run.Scheduled.Format(time.RFC3339Nano))))
			}
			return err
		})
	}
	return cmd
}

// withSchedule opens the database to change a schedule of it.
func (a *app) withSchedule(ctx context.Context, name string, fn func(*engine.Engine) error) error {
	return a.withEngine(ctx, engine.ReadWrite, func(eng *engine.Engine) error {
		return a.noSchedule(ctx, eng, name, fn(eng))
	})
}

// noSchedule adds the nearest name to an error about one that there is not.
func (a *app) noSchedule(ctx context.Context, eng *engine.Engine, name string, err error) error {
	if !errors.Is(err, engine.ErrScheduleNotFound) {
		return err
	}
	var known []string
	if all, err := eng.Schedules(ctx); err == nil {
		for _, s := range all {
			known = append(known, s.Name)
		}
	}
	if len(known) == 0 {
		return hinted(err, "there are none; add one with: %s schedule add NAME WORKFLOW%s", a.name, a.dbFlag())
	}
	return fmt.Errorf("%w%s", err, nearestTo(name, known))
}

// completeSchedules completes the names of schedules. Whatever goes wrong, there is nothing to complete.
func (a *app) completeSchedules(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var found []cobra.Completion
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	parent := cmd.Context()
	if parent == nil { // the completion of cobra runs commands without one
		parent = context.Background()
	}
	ctx, cancel := context.WithTimeout(parent, completeWait)
	defer cancel()
	_ = a.withEngine(ctx, engine.ReadOnly, func(eng *engine.Engine) error {
		all, err := eng.Schedules(ctx)
		for _, s := range all {
			found = append(found, cobra.CompletionWithDesc(s.Name, s.Workflow+", "+s.Rule()))
		}
		return err
	})
	return found, cobra.ShellCompDirectiveNoFileComp
}
