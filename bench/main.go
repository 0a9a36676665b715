// Command bench runs the same workloads on wf, on SQLite without an engine, and on other engines of durable
// execution, interleaved, and writes what it has measured into ../docs/benchmarks.md. Run it in this folder.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/bench/campaign"
	"github.com/durable-wf/wf/bench/report"
	"github.com/durable-wf/wf/bench/results"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := root().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// root measures and reports.
func root() *cobra.Command {
	var c campaign.Campaign
	var out string
	cmd := &cobra.Command{
		Use: "bench", Short: "Measure engines of durable execution on the same work, and write a report",
		Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := os.MkdirAll(filepath.Join(out, "benchmarks"), 0o755); err != nil { //nolint:gosec // documents
				return err
			}
			c.Log, c.Out = cmd.ErrOrStderr(), filepath.Join(out, "benchmarks", "results.json")
			file, err := c.Run(cmd.Context())
			if file == nil {
				return err
			}
			return errors.Join(err, report.Write(file, out))
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&c.Subjects, "subjects", nil, "keys of subjects (default all)")
	flags.StringSliceVar(&c.Workloads, "workloads", nil, "names of workloads (default all)")
	flags.IntVar(&c.Reps, "reps", 3, "repetitions")
	flags.DurationVar(&c.Enough, "enough", 6*time.Second, "do not repeat a workload on a peer that has taken so long; 0 means that all is repeated")
	flags.DurationVar(&c.Within, "within", 18*time.Minute, "do not repeat anything on peers when all has taken so long; 0 means that it is repeated")
	flags.BoolVar(&c.Merge, "merge", false, "keep what was measured before of other subjects and workloads, and replace these (with raw and wf, for ratios of the same repetition)")
	flags.BoolVar(&c.Quick, "quick", false, "as small as can be, once: to see that all works")
	flags.BoolVar(&c.NoSyncs, "no-syncs", false, "do not count, with strace, how often a step waits for the disk")
	flags.StringVar(&c.Temp, "temp", "", "where the databases are: a folder on the disk that is meant (default the system's)")
	cmd.PersistentFlags().StringVar(&out, "out", filepath.Join("..", "docs"), "the folder for benchmarks.md and benchmarks/")
	cmd.PreRun = func(*cobra.Command, []string) {
		if c.Quick && !flags.Changed("reps") {
			c.Reps = 1
		}
		c.NoSyncs = c.NoSyncs || c.Quick
	}
	cmd.AddCommand(reportCommand(&out))
	return cmd
}

func reportCommand(out *string) *cobra.Command {
	return &cobra.Command{
		Use: "report", Short: "Write the report anew, from the results that are there", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			file, err := results.Load(filepath.Join(*out, "benchmarks", "results.json"))
			if err != nil {
				return err
			}
			return report.Write(file, *out)
		},
	}
}
