package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

const cancelLong = `Cancel runs: they end for good, without a result. A run that executes is asked to; it stops at its next
safe point. The history keeps the reason.

Instead of naming runs, search for them: all that the filters select and that have not ended are cancelled.`

// cancelCommand is wf cancel.
func (a *app) cancelCommand() *cobra.Command {
	var reason string
	var b bulk
	cmd := &cobra.Command{
		Use:     "cancel [RUN…]",
		Short:   "End runs for good",
		Long:    cancelLong,
		Example: "  wf cancel 3 --reason 'wrong input'\n  wf cancel --where 'customer = 42 and created > \"2h ago\"' --dry-run",
		GroupID: groupSteer,
	}
	b.add(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who look later")
	cmd.RunE = func(cmd *cobra.Command, refs []string) error {
		return a.steer(cmd.Context(), &b, refs, steering{
			to:   engine.Cancelled,
			fits: isOpen,
			one: func(ctx context.Context, eng *engine.Engine, id int64) (engine.Run, error) {
				return eng.Cancel(ctx, id, reason)
			},
			many: func(ctx context.Context, eng *engine.Engine, f engine.RunFilter) (engine.Bulk, error) {
				return eng.CancelAll(ctx, f, reason)
			},
		})
	}
	return cmd
}
