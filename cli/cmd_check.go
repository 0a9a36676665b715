package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

func (a *app) checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look for damage in the whole database; exit 1 if there is any",
		Long: `Look for damage in the whole database: SQLite's own integrity check, rows that belong to no run,
checksums of checkpoints and files of large ones, the number of events of each run, and their hash chains,
as verify does. It reads everything and changes nothing; what damage keeps it from reading is a problem
that it tells.`,
		Example: `  wf check
  wf check -o json`,
		GroupID: groupAdmin,
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withEngine(cmd.Context(), engine.ReadOnly, func(eng *engine.Engine) error {
				return a.check(cmd.Context(), eng)
			})
		},
	}
	a.addOutput(cmd)
	return cmd
}

func (a *app) check(ctx context.Context, eng *engine.Engine) error {
	found := newFindings(a)
	if err := eng.Check(ctx, found.add); err != nil {
		return err
	}
	if err := eng.Verify(ctx, 0, found.add); err != nil {
		return err
	}
	if err := found.close(); err != nil {
		return err
	}
	if a.format == asTable {
		_, err := fmt.Fprintln(a.stdout, "no damage")
		return err
	}
	return nil
}

// findings writes what a check has found.
type findings struct {
	out *rowsWriter[engine.Finding]
	err error // of writing
}

func newFindings(a *app) *findings {
	return &findings{out: newRows(a, []column[engine.Finding]{
		{Name: "run", Head: "RUN", Value: func(f engine.Finding) any { return idOrNull(f.Run) }},
		{Name: "row", Head: "ROW", Value: func(f engine.Finding) any { return idOrNull(f.Row) }},
		{Name: "kind", Head: "KIND", Value: func(f engine.Finding) any { return f.Kind }},
		{Name: "problem", Head: "PROBLEM", Value: func(f engine.Finding) any { return f.Text }},
	})}
}

func (f *findings) add(found engine.Finding) {
	if f.err == nil {
		f.err = f.out.Add(found)
	}
}

// close ends the output. Its error says how much was found, if anything was.
func (f *findings) close() error {
	if f.err != nil {
		return f.err
	}
	if err := f.out.Close(); err != nil {
		return err
	}
	if f.out.count > 0 {
		return hinted(fmt.Errorf("found %s", plural(int64(f.out.count), "problem")), damageAdvice)
	}
	return nil
}

// plural counts things.
func plural(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
