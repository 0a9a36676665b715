package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

func (a *app) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a consistent copy of the database while it is in use",
		Long: `Write a consistent copy of the database to a new FILE while it is in use: all that was committed
before, and nothing half done. Copying the file with other tools while it is in use loses commits.
States over 1 MiB are in the folder FILE-files then; it belongs to FILE, under whatever name that gets.`,
		Example: `  wf backup wf-$(date +%F).db`,
		GroupID: groupAdmin,
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "" {
				return usagef("FILE is empty; usage: %s", cmd.UseLine())
			}
			return a.withEngine(cmd.Context(), engine.ReadOnly, func(eng *engine.Engine) error {
				return a.backup(cmd.Context(), eng, filepath.Clean(args[0]))
			})
		},
	}
}

func (a *app) backup(ctx context.Context, eng *engine.Engine, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return usagef("%s exists already; a backup overwrites nothing", path)
	}
	if err := eng.Backup(ctx, path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	a.note("wrote %s, %s", path, humanize.IBytes(uint64(info.Size())))
	return nil
}
