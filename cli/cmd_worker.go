package cli

import (
	"errors"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

const workerLong = `Execute all runs that there are and will be, until SIGINT or SIGTERM. Then what executes is saved and
suspended, and the exit code is 0. Any number of workers may share a database on one machine; when one
dies, another goes on with its runs at once.`

// workerCommand is wf worker.
func (a *app) workerCommand() *cobra.Command {
	var workers int
	cmd := &cobra.Command{
		Use:     "worker",
		Short:   "Execute all runs until stopped",
		Long:    workerLong,
		Example: "  wf worker --workers 8",
		GroupID: groupRun,
		Args:    arguments(0, 0),
	}
	cmd.Flags().IntVar(&workers, "workers", 0, "runs to execute at a time (default 4 per CPU, at least 16)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if workers < 0 {
			return usagef("--workers %d must not be negative", workers)
		}
		eng, err := a.openWith(cmd.Context(), engine.Config{
			Access: engine.Create, Workers: workers, Logger: a.logger(slog.LevelInfo),
		})
		if err != nil {
			return err
		}
		return errors.Join(eng.Serve(cmd.Context()), eng.Close())
	}
	return cmd
}
