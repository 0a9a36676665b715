package cli

import (
	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

func (a *app) archiveCommand() *cobra.Command {
	var r retention
	cmd := &cobra.Command{
		Use:   "archive --older-than AGE",
		Short: "Move runs that have ended into a file per month",
		Long: `Move runs that have ended, with their histories, into one file per month of their end, in a folder
beside the database. Each is a database of its own that takes no new runs: read it with --db, or read
all of them together with history --archived. It may be interrupted at any point and repeated: no run
is lost or doubled. Runs that another process prunes or archives meanwhile are left to that one.`,
		Example: `  wf archive --older-than 30d --dry-run
  wf archive --older-than 30d
  wf list --db wf.db-archive/2026-09.db`,
		GroupID: groupKeep,
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.retire(cmd, &r, "moved", "would move", (*engine.Engine).Archive)
		},
	}
	r.add(cmd)
	a.addOutput(cmd)
	return cmd
}
