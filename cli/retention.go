package cli

import (
	"context"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

// retention is what the flags of a command say about the ended runs that are to go.
type retention struct {
	olderThan age
	statuses  choice
	workflows []string
	dryRun    bool
}

// add gives cmd the flags. --older-than has no default: nobody should delete by mistake.
func (r *retention) add(cmd *cobra.Command) {
	ended := statusNames(engine.Status.Ended)
	r.statuses = choice{known: ended}
	flags := cmd.Flags()
	flags.Var(&r.olderThan, "older-than", "ended so long ago or longer: 30d, 2w, 12h, 0s for all (required)")
	choiceFlag(cmd, &r.statuses, "status", "only in these statuses: "+strings.Join(ended, ", ")+" (default all of these)")
	flags.StringSliceVarP(&r.workflows, "workflow", "w", nil, "only of these workflows")
	flags.BoolVar(&r.dryRun, "dry-run", false, "only say what would go")
}

// retire runs a command that takes ended runs out of the database, and says what went.
func (a *app) retire(cmd *cobra.Command, r *retention, verb, would string,
	fn func(*engine.Engine, context.Context, engine.Retention) (engine.Removed, error)) error {
	if !cmd.Flags().Changed("older-than") {
		return usagef("say how old runs must be, such as --older-than 30d (0s for all that have ended)")
	}
	access := engine.ReadWrite
	if r.dryRun {
		access = engine.ReadOnly
	}
	return a.withEngine(cmd.Context(), access, func(eng *engine.Engine) error {
		removed, err := fn(eng, cmd.Context(), engine.Retention{
			Statuses: statusesOf(r.statuses.chosen), Workflows: r.workflows, OlderThan: time.Duration(r.olderThan), DryRun: r.dryRun,
		})
		if err != nil {
			return err
		}
		if r.dryRun {
			verb = would
		}
		return writeRecord(a, removedColumns(verb, r.dryRun), removed)
	})
}

func removedColumns(verb string, dryRun bool) []column[engine.Removed] {
	return []column[engine.Removed]{
		{Name: "dry_run", Value: func(engine.Removed) any { return dryRun }},
		{Name: "runs", Head: verb, Value: func(r engine.Removed) any { return r.Runs },
			Show: func(r engine.Removed) string {
				return plural(r.Runs, "run") + ", " + plural(r.Events, "event") + ", " + plural(r.Checkpoints, "checkpoint")
			}},
		{Name: "events", Value: func(r engine.Removed) any { return r.Events }},
		{Name: "checkpoints", Value: func(r engine.Removed) any { return r.Checkpoints }},
		{Name: "bytes", Head: "gave back", Value: func(r engine.Removed) any { return r.Bytes },
			Show: func(r engine.Removed) string {
				if r.Bytes == 0 {
					return ""
				}
				return humanize.IBytes(uint64(r.Bytes))
			}},
	}
}
