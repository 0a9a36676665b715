package cli

import (
	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

func (a *app) pruneCommand() *cobra.Command {
	var r retention
	cmd := &cobra.Command{
		Use:   "prune --older-than AGE",
		Short: "Delete runs that have ended, with all that belongs to them",
		Long: `Delete runs that have ended, with their histories and checkpoints, for good. Of each there remain its
UUID, the number of its events and the hash of the newest one, so that a copy of its history can be
verified; and its key, so that the same start is not repeated. Runs that have not ended are never
touched. It may run beside workers, which hardly notice, and may be interrupted and repeated. The file
becomes smaller by what was deleted.`,
		Example: `  wf prune --older-than 30d --dry-run
  wf prune --older-than 90d --status completed --workflow order`,
		GroupID: groupKeep,
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.retire(cmd, &r, "deleted", "would delete", (*engine.Engine).Prune)
		},
	}
	r.add(cmd)
	a.addOutput(cmd)
	return cmd
}
