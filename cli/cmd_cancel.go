package cli

import (
	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

const cancelLong = `Cancel runs: they end for good, without a result. A run that executes is asked to; it stops at its next
safe point. The history keeps the reason.`

// cancelCommand is wf cancel.
func (a *app) cancelCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:     "cancel RUN…",
		Short:   "End runs for good",
		Long:    cancelLong,
		Example: "  wf cancel 3 --reason 'wrong input'",
		GroupID: groupSteer,
		Args:    arguments(1, -1),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who look later")
	cmd.RunE = func(cmd *cobra.Command, refs []string) error {
		return a.steer(cmd.Context(), refs, engine.Cancelled, func(eng *engine.Engine, id int64) (engine.Run, error) {
			return eng.Cancel(cmd.Context(), id, reason)
		})
	}
	return cmd
}
