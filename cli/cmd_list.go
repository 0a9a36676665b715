package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

// pageSize is how many runs or events are asked for at once.
const pageSize = 1000

// tableRuns is how many runs a table shows unless it is told otherwise.
const tableRuns = 50

type listOptions struct {
	search
	key   string
	open  bool
	tree  bool
	limit int
}

func (a *app) listCommand() *cobra.Command {
	var o listOptions
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List runs, the newest first",
		Long: `List runs, the newest first: where each is, how far, for how long, and what holds it up.

AGE is the time since the run was created, TOOK that since its first attempt, waits included.
The status "crashed" of the table is a running one whose process has died; machine formats say
"status": "running", "crashed": true.

--where takes an expression over the fields of a run, and over the attributes that its workflow has set:
comparisons with = != < <= > >=, in (…), is null, like, contains, startsWith and endsWith, put together with
and, or, not and brackets. docs/search.md has all of it.

--tree shows the families of the runs that are selected: each child under its parent.`,
		Example: `  wf list --open
  wf list --status failed,blocked --since 1d
  wf list --where 'customer = 42 and not (workflow = "sum") and took > "10m"'
  wf list --attr customer=42 --tree
  wf list -o jsonl | jq -r 'select(.took_us > 60e6) | .id'`,
		GroupID: groupLook,
		Aliases: []string{"ls"},
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.resolve(cmd, a.format); err != nil {
				return err
			}
			return a.withEngine(cmd.Context(), engine.ReadOnly, func(eng *engine.Engine) error {
				return a.list(cmd.Context(), eng, o)
			})
		},
	}
	o.add(cmd)
	cmd.Flags().StringVar(&o.key, "key", "", "only the runs with this key")
	cmd.Flags().BoolVar(&o.open, "open", false, "only runs that have not ended")
	cmd.Flags().BoolVar(&o.tree, "tree", false, "with their whole families: children under their parents")
	cmd.Flags().IntVarP(&o.limit, "limit", "n", 0, "at most so many, 0 for all (default 50 in a table, all in other formats)")
	a.addOutput(cmd)
	return cmd
}

// resolve checks the flags and gives those that were left out their meaning.
func (o *listOptions) resolve(cmd *cobra.Command, as format) error {
	switch {
	case o.limit < 0:
		return usagef("--limit %d must not be negative", o.limit)
	case o.open && cmd.Flags().Changed("status"):
		return usagef("--open is a choice of statuses, so it does not go with --status")
	case o.open:
		o.statuses.chosen = statusNames(isOpen)
	}
	if as == asTable && !cmd.Flags().Changed("limit") {
		o.limit = tableRuns
	}
	return o.check()
}

func (a *app) list(ctx context.Context, eng *engine.Engine, o listOptions) error {
	workers, err := newRoster(ctx, eng)
	if err != nil {
		return err
	}
	if o.tree {
		return a.listTrees(ctx, eng, workers, o)
	}
	var out *rowsWriter[runRow]
	shown, more := 0, false
	err = eachPage(ctx, eng, o.filter(), o.limit, func(page []engine.Run) (bool, error) {
		if out == nil {
			out = newRows(a, runColumns(slices.ContainsFunc(page, func(r engine.Run) bool { return r.Key != "" })))
		}
		for _, run := range page {
			if more = o.limit > 0 && shown == o.limit; more {
				return false, nil
			}
			shown++
			if err := out.Add(workers.row(run)); err != nil {
				return false, err
			}
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	if out == nil {
		out = newRows(a, runColumns(false))
	}
	if err := out.Close(); err != nil {
		return err
	}
	a.listed(shown, more)
	return nil
}

// listed tells what a list does not show by itself.
func (a *app) listed(shown int, more bool) {
	switch {
	case more:
		a.note("these are the newest %d; --limit 0 shows all", shown)
	case shown == 0 && a.format == asTable:
		a.note("no runs")
	}
}

// filter is what o asks of an engine.
func (o *listOptions) filter() engine.RunFilter {
	f := o.search.filter()
	f.Key = o.key
	return f
}

// eachPage calls fn with the runs that the filter selects, the newest first, until it returns false. One
// run more than the limit (0 for none) is read, so that fn can tell that there is one.
func eachPage(ctx context.Context, eng *engine.Engine, filter engine.RunFilter, limit int, fn func([]engine.Run) (bool, error)) error {
	filter.Limit = pageSize
	if limit > 0 && limit < pageSize {
		filter.Limit = limit + 1
	}
	for {
		page, err := eng.List(ctx, filter)
		if err != nil || len(page) == 0 {
			return err
		}
		goOn, err := fn(page)
		if !goOn || err != nil || len(page) < filter.Limit {
			return err
		}
		filter.Before = page[len(page)-1].ID
	}
}
