package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

func (a *app) unpackCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "unpack FILE",
		Short: "Put a run from a file into the database",
		Long: `Put a run that pack has written into a file into the database, which is created if it is not there, and
print the run's number here. It is paused: resume goes on with it. Its history verifies as before.

The file is compared with its hash first: what is damaged is refused, and nothing is changed. So is a run that is
here already, unless it was packed here and comes home from where it has gone on: then it takes its old place.`,
		Example: `  wf unpack run.wf
  wf resume $(wf unpack run.wf --db there.db) --db there.db`,
		GroupID: groupKeep,
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.unpack(cmd.Context(), args[0])
		},
	}
}

func (a *app) unpack(ctx context.Context, file string) error {
	if err := engine.CheckPack(file); err != nil { // before a database is created for nothing
		return err
	}
	eng, err := a.openWith(ctx, engine.Config{Access: engine.Create, Logger: a.logger(slog.LevelWarn)})
	if err != nil {
		return err
	}
	run, err := eng.Unpack(ctx, file)
	if err != nil {
		return errors.Join(err, eng.Close())
	}
	a.note("%s %s", title(run), a.arrived(run))
	_, err = fmt.Fprintln(a.stdout, run.ID)
	return errors.Join(err, eng.Close())
}

// arrived says what can be done with a run that was unpacked.
func (a *app) arrived(run engine.Run) string {
	switch {
	case run.Packed != nil:
		return fmt.Sprintf("is a copy to look at; to go on from it: %s fork %d%s", a.name, run.ID, a.dbFlag())
	case run.Status.Ended():
		return verb(run.Status)
	}
	return fmt.Sprintf("%s; go on with: %s resume %d%s", verb(run.Status), a.name, run.ID, a.dbFlag())
}
