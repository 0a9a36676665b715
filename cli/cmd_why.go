package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

func (a *app) whyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "why RUN",
		Short: "Say why a run is where it is, and what to do about it",
		Example: `  wf why 42
  wf why @last`,
		GroupID: groupLook,
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withEngine(cmd.Context(), engine.ReadOnly, func(eng *engine.Engine) error {
				return a.why(cmd.Context(), eng, args[0])
			})
		},
	}
	a.addOutput(cmd)
	return cmd
}

func (a *app) why(ctx context.Context, eng *engine.Engine, ref string) error {
	run, err := a.find(ctx, eng, ref)
	if err != nil {
		return err
	}
	why, err := eng.Why(ctx, run.ID)
	if err != nil {
		return err
	}
	workers, err := newRoster(ctx, eng)
	if err != nil {
		return err
	}
	return writeRecord(a, whyColumns(workers), why)
}

func whyColumns(workers roster) []column[engine.Why] {
	return []column[engine.Why]{
		{Name: "run", Head: "run", Value: func(w engine.Why) any { return w.Run.ID }},
		{Name: "workflow", Head: "workflow", Value: func(w engine.Why) any { return w.Run.Workflow }},
		{Name: "status", Head: "status", Value: func(w engine.Why) any { return string(w.Run.Status) },
			Show: func(w engine.Why) string { return workers.row(w.Run).state() }},
		{Name: "step", Head: "step", Value: func(w engine.Why) any { return w.Run.Step }},
		{Name: "started_by", Head: "started by", Value: func(w engine.Why) any { return textOrNull(w.Origin) }},
		{Name: "cause", Head: "cause", Value: func(w engine.Why) any { return w.Cause }},
		{Name: "remedy", Head: "remedy", Value: func(w engine.Why) any { return textOrNull(w.Remedy) }},
	}
}
