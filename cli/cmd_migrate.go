package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

func (a *app) migrateCommand() *cobra.Command {
	cmd := a.migrateStatusCommand()
	cmd.Use = "migrate"
	cmd.Short = "Show, raise or lower the schema version of the database"
	cmd.Long = `Show, raise or lower the schema version of the database. start and worker raise it by themselves;
commands that only look never do. No other process may use the file meanwhile: one that does is named.

Without a command of its own it is migrate status.`
	cmd.GroupID = groupAdmin
	cmd.AddCommand(a.migrateStatusCommand(), a.migrateUpCommand(), a.migrateDownCommand())
	return cmd
}

func (a *app) migrateStatusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Show the schema version of the file and that of this program",
		Example: `  wf migrate status`,
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.schema(cmd.Context())
			if err != nil {
				return a.openError(err)
			}
			return writeRecord(a, schemaColumns(), s)
		},
	}
	a.addOutput(cmd)
	return cmd
}

func (a *app) migrateUpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "up",
		Short:   "Raise the schema to that of this program; create the file if there is none",
		Example: `  wf backup before.db && wf migrate up`,
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			before, err := a.schema(cmd.Context())
			if err != nil && !errors.Is(err, engine.ErrNoFile) {
				return a.openError(err)
			}
			if before.Have > before.Want {
				return hinted(engine.ErrSchemaTooNew, "use the newer program, or migrate down with it")
			}
			if err := a.raise(cmd.Context(), before); err != nil {
				return err
			}
			after, err := a.schema(cmd.Context())
			if err != nil {
				return err
			}
			if after.Have == before.Have {
				a.note("%s has schema version %d already", a.db, after.Have)
			} else {
				a.note("%s: schema version %d, was %d", a.db, after.Have, before.Have)
			}
			return nil
		},
	}
}

// raise brings a file from its schema to the newest, and creates it if there is none.
func (a *app) raise(ctx context.Context, from schema) error {
	switch {
	case from.Want == 0: // no file
		eng, err := a.open(ctx, engine.Create)
		if err != nil {
			return err
		}
		return eng.Close()
	case from.Have < from.Want:
		return a.openError(engine.Migrate(ctx, a.db, from.Want))
	}
	return nil
}

func (a *app) migrateDownCommand() *cobra.Command {
	var to int64
	var yes bool
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Lower the schema, so that an older program can use the file",
		Long: `Lower the schema by one version, or to the one that --to names, so that an older program can use the
file. What the older schema has no place for is deleted: version 0 deletes all runs. So --yes is
needed; take a backup first.`,
		Example: `  wf backup before.db && wf migrate down --to 1 --yes`,
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.schema(cmd.Context())
			if err != nil {
				return a.openError(err)
			}
			if !cmd.Flags().Changed("to") {
				to = s.Have - 1
			}
			switch {
			case to < 0 || to >= s.Have:
				return usagef("%s has schema version %d: there is no version %d below it", a.db, s.Have, to)
			case !yes && to == 0:
				return usagef("going down from version %d to 0 deletes all runs; take a backup, then say --yes", s.Have)
			case !yes:
				return usagef("going down from version %d to %d may delete data; take a backup, then say --yes", s.Have, to)
			}
			if err := engine.Migrate(cmd.Context(), a.db, to); err != nil {
				return a.openError(err)
			}
			a.note("%s: schema version %d, was %d", a.db, to, s.Have)
			return nil
		},
	}
	cmd.Flags().Int64Var(&to, "to", 0, "the version to go down to (default one below)")
	cmd.Flags().BoolVar(&yes, "yes", false, "delete what the older schema has no place for")
	return cmd
}

// schema is the version of a database's tables.
type schema struct{ Have, Want int64 }

func (a *app) schema(ctx context.Context) (schema, error) {
	if a.db == "" {
		return schema{}, errNoDB()
	}
	have, want, err := engine.Schema(ctx, a.db)
	return schema{have, want}, err
}

func schemaColumns() []column[schema] {
	return []column[schema]{
		{Name: "have", Head: "this file", Value: func(s schema) any { return s.Have }},
		{Name: "want", Head: "this program", Value: func(s schema) any { return s.Want }},
		{Name: "verdict", Head: "so", Value: func(s schema) any { return s.verdict() }},
	}
}

func (s schema) verdict() string {
	switch {
	case s.Have < s.Want:
		return fmt.Sprintf("pending: %d to go", s.Want-s.Have)
	case s.Have > s.Want:
		return "too new: the file needs a newer program"
	}
	return "current"
}
