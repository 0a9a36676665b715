package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

const pauseLong = `Pause runs: each goes no further until it is resumed. A run that executes is asked to; it saves and stops
at its next safe point. The history keeps the reason.

Instead of naming runs, search for them: all that the filters select and that can be paused are.`

// pauseCommand is wf pause.
func (a *app) pauseCommand() *cobra.Command {
	var reason string
	var b bulk
	cmd := &cobra.Command{
		Use:     "pause [RUN…]",
		Short:   "Stop runs until they are resumed",
		Long:    pauseLong,
		Example: "  wf pause 3 --reason 'the disk is nearly full'\n  wf pause --workflow order --queue bulk --dry-run",
		GroupID: groupSteer,
	}
	b.add(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who look later")
	cmd.RunE = func(cmd *cobra.Command, refs []string) error {
		return a.steer(cmd.Context(), &b, refs, steering{
			to:   engine.Paused,
			fits: func(s engine.Status) bool { return s.CanBecome(engine.Paused) },
			one: func(ctx context.Context, eng *engine.Engine, id int64) (engine.Run, error) {
				return eng.Pause(ctx, id, reason)
			},
			many: func(ctx context.Context, eng *engine.Engine, f engine.RunFilter) (engine.Bulk, error) {
				return eng.PauseAll(ctx, f, reason)
			},
		})
	}
	return cmd
}

// underWay says that a run is on its way to its end already, and what is left of that.
func (a *app) underWay(run engine.Run) string {
	then := fmt.Sprintf("and ends as %s then", run.Ending)
	switch {
	case run.Want != "":
		return fmt.Sprintf("%s undoes its steps: it will be stopped at its next safe point", title(run))
	case run.Status == engine.Compensating:
		return fmt.Sprintf("%s undoes its steps, %s", title(run), then)
	}
	return fmt.Sprintf("%s is %s while it undoes its steps; it goes on with: %s, %s", title(run), run.Status, a.resumeLine(run.ID), then)
}
