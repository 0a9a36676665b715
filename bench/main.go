// Command bench runs the same workloads on wf, on SQLite without an engine, and on other engines of durable
// execution, interleaved, and writes what it has measured into ../docs/benchmarks.md.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use: "bench", Short: "Measure engines of durable execution on the same work",
		SilenceUsage: true, SilenceErrors: true,
	}
	cmd.AddCommand(trialCommand())
	return cmd
}
