package cli

import (
	"errors"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

const workerLong = `Execute all runs that there are and will be, until Ctrl-C, SIGTERM, SIGHUP or SIGUSR1, or in time
before its --time-limit. Then what executes is saved and goes back to its queue, and the exit code is 0. Any number of workers may share a database on one machine; when one
dies, another goes on with its runs at once.`

// workerCommand is wf worker.
func (a *app) workerCommand() *cobra.Command {
	var cfg engine.Config
	var limit timeLimit
	cmd := &cobra.Command{
		Use:     "worker",
		Short:   "Execute all runs until stopped",
		Long:    workerLong,
		Example: "  wf worker --workers 8",
		GroupID: groupRun,
		Args:    arguments(0, 0),
	}
	flags := cmd.Flags()
	flags.IntVar(&cfg.Workers, "workers", 0, "runs to execute at a time (default 4 per CPU, at least 16)")
	flags.DurationVar(&cfg.Lease, "lease", 0, "take the runs of a worker that hangs for so long (default 30s)")
	flags.DurationVar(&cfg.DrainTimeout, "drain-timeout", 0, "when stopped, wait so long for steps to save (default 30s)")
	flags.DurationVar(&cfg.Grace, "grace", 0, "give a step up that has to stop and does not within so long (default 30s)")
	a.addProvenance(cmd)
	limit.add(flags)
	a.addHookTimeout(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		switch {
		case limit.check() != nil:
			return limit.check()
		case cfg.Grace < 0:
			return usagef("--grace %v must not be negative", cfg.Grace)
		case cfg.Workers < 0:
			return usagef("--workers %d must not be negative", cfg.Workers)
		case cfg.Lease != 0 && cfg.Lease < engine.MinLease:
			return usagef("--lease %v must be at least %v", cfg.Lease, engine.MinLease)
		case cfg.DrainTimeout < 0:
			return usagef("--drain-timeout %v must not be negative", cfg.DrainTimeout)
		}
		cfg.Access, cfg.Logger = engine.Create, a.logger(slog.LevelInfo)
		cfg.StopAt = limit.stopAt(a)
		eng, err := a.openWith(cmd.Context(), cfg)
		if err != nil {
			return err
		}
		defer a.executing.begin(anyRun)()
		return errors.Join(eng.Serve(cmd.Context()), eng.Close())
	}
	return cmd
}
