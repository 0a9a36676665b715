package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

const pauseLong = `Pause runs: each goes no further until it is resumed. A run that executes is asked to; it saves and stops
at its next safe point. The history keeps the reason.`

// pauseCommand is wf pause.
func (a *app) pauseCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:     "pause RUN…",
		Short:   "Stop runs until they are resumed",
		Long:    pauseLong,
		Example: "  wf pause 3 --reason 'the disk is nearly full'",
		GroupID: groupSteer,
		Args:    arguments(1, -1),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who look later")
	cmd.RunE = func(cmd *cobra.Command, refs []string) error {
		return a.steer(cmd.Context(), refs, engine.Paused, func(eng *engine.Engine, id int64) (engine.Run, error) {
			return eng.Pause(cmd.Context(), id, reason)
		})
	}
	return cmd
}

// steer does something to each of the runs that are named, and tells what came of it. An error with
// one run does not keep it from the others; the exit code is that of the worst.
func (a *app) steer(ctx context.Context, refs []string, to engine.Status, do func(*engine.Engine, int64) (engine.Run, error)) error {
	return a.withEngine(ctx, engine.ReadWrite, func(eng *engine.Engine) error {
		code := ExitOK
		for _, ref := range refs {
			run, err := a.find(ctx, eng, ref)
			if err == nil {
				run, err = do(eng, run.ID)
			}
			switch {
			case err != nil:
				a.complain(err) // it names the run
				code = worse(code, exitCode(err))
			case run.Status != to:
				a.note("%s executes: it will be %s at its next safe point", title(run), to)
			default:
				a.note("%s %s%s", title(run), verb(run.Status), at(run.Brief))
			}
		}
		return ended(code, nil)
	})
}
