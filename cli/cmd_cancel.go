package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

const cancelLong = `Cancel runs: they end for good, without a result. A run that executes is asked to; it stops at its next
safe point. A step that does not within --grace is given up, whatever it does: its run is cancelled, and what
it still submits is refused. A second cancel, with another --grace or --force, overrides the first. The history
keeps the reason.

Instead of naming runs, search for them: all that the filters select and that have not ended are cancelled.`

// cancelCommand is wf cancel.
func (a *app) cancelCommand() *cobra.Command {
	var opts engine.CancelOptions
	var b bulk
	cmd := &cobra.Command{
		Use:     "cancel [RUN…]",
		Short:   "End runs for good",
		Long:    cancelLong,
		Example: "  wf cancel 3 --reason 'wrong input'\n  wf cancel 3 --force\n  wf cancel --where 'customer = 42 and created > \"2h ago\"' --dry-run",
		GroupID: groupSteer,
	}
	b.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&opts.Reason, "reason", "", "why, for those who look later")
	flags.DurationVar(&opts.Grace, "grace", 0, "how long a step that executes may take to stop (default: what its worker says, 30s)")
	flags.BoolVar(&opts.Force, "force", false, "do not wait for a step that executes at all")
	cmd.RunE = func(cmd *cobra.Command, refs []string) error {
		switch {
		case opts.Grace < 0:
			return usagef("--grace %v must not be negative", opts.Grace)
		case opts.Force && opts.Grace > 0:
			return usagef("--force gives no grace: choose one of --force and --grace")
		}
		return a.steer(cmd.Context(), &b, refs, steering{
			to:   engine.Cancelled,
			fits: isOpen,
			one: func(ctx context.Context, eng *engine.Engine, id int64) (engine.Run, error) {
				return eng.CancelWith(ctx, id, &opts)
			},
			many: func(ctx context.Context, eng *engine.Engine, f engine.RunFilter) (engine.Bulk, error) {
				return eng.CancelAllWith(ctx, f, &opts)
			},
		})
	}
	return cmd
}
