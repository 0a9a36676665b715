package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

const retryLong = `Let runs that have failed go on from their newest checkpoint: the step that has failed is tried anew, and its
attempts count from the beginning. Calls that are recorded are not made again. A deadline that has passed is
removed. The runs are enqueued, for a worker or for resume.

Instead of naming runs, search for them: all that the filters select and that have failed are retried. A run
whose steps were undone cannot go on; start it again, or fork it.`

// retried is what retry has enqueued.
type retried struct {
	runs []int64
	idle bool // no worker lives
}

// retryCommand is wf retry.
func (a *app) retryCommand() *cobra.Command {
	var opts engine.RetryOptions
	var b bulk
	var allFailed bool
	cmd := &cobra.Command{
		Use:     "retry [RUN…]",
		Short:   "Let failed runs go on",
		Long:    retryLong,
		Example: "  wf retry 3 --reason 'the server is up again'\n  wf retry --all-failed --workflow order --since 2h\n  wf retry 3 --from charge && wf resume 3",
		GroupID: groupSteer,
	}
	b.add(cmd)
	cmd.Flags().BoolVar(&allFailed, "all-failed", false, "all runs that have failed; filters narrow it")
	cmd.Flags().StringVar(&opts.From, "from", "", "go on at this step, as a new visit")
	cmd.Flags().StringVar(&opts.Reason, "reason", "", "why, for those who look later")
	cmd.RunE = func(cmd *cobra.Command, refs []string) error {
		if allFailed && len(refs) > 0 {
			return usagef("--all-failed is for all runs that have failed, so it goes without %q", refs[0])
		}
		b.all = b.all || allFailed && !b.given()
		var done retried
		err := a.steer(cmd.Context(), &b, refs, steering{
			to:   engine.Pending,
			fits: func(s engine.Status) bool { return s == engine.Failed },
			one: func(ctx context.Context, eng *engine.Engine, id int64) (engine.Run, error) {
				run, err := eng.Retry(ctx, id, &opts)
				if err != nil {
					return run, err
				}
				return run, done.add(ctx, eng, run)
			},
			many: func(ctx context.Context, eng *engine.Engine, f engine.RunFilter) (engine.Bulk, error) {
				bulk, err := eng.RetryAll(ctx, f, &opts)
				if err != nil {
					return bulk, err
				}
				return bulk, done.add(ctx, eng, bulk.Runs...)
			},
		})
		a.noteIdle(done)
		return err
	}
	return cmd
}

// add notes runs that were enqueued.
func (r *retried) add(ctx context.Context, eng *engine.Engine, runs ...engine.Run) error {
	for _, run := range runs {
		r.runs = append(r.runs, run.ID)
	}
	idle, err := noWorker(ctx, eng)
	r.idle = idle
	return err
}

// noWorker reports whether no worker lives.
func noWorker(ctx context.Context, eng *engine.Engine) (bool, error) {
	workers, err := eng.Workers(ctx)
	for _, w := range workers {
		if w.Alive {
			return false, nil
		}
	}
	return true, err
}

// noteIdle says how runs go on that are enqueued when no worker lives to take them.
func (a *app) noteIdle(done retried) {
	const named = 5 // more are not worth the line
	switch {
	case len(done.runs) == 0 || !done.idle:
	case len(done.runs) <= named:
		a.note("no worker lives; go on here with: %s", a.resumeLine(done.runs...))
	default:
		a.note("no worker lives; go on here with: %s resume --all%s", a.name, a.dbFlag())
	}
}
