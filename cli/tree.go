package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/durable-wf/wf/engine"
)

// branch is a run of a family, with what a table draws before it.
type branch struct {
	runRow
	drawn string // the lines that lead from its parent to it
	depth int    // 0 for the eldest
}

// listTrees lists the families of the runs that are selected, in the order of the newest of each.
func (a *app) listTrees(ctx context.Context, eng *engine.Engine, workers roster, o listOptions) error {
	out := newRows(a, branchColumns())
	seen := map[int64]bool{} // by the eldest
	more := false
	err := eachPage(ctx, eng, o.filter(), 0, func(page []engine.Run) (bool, error) {
		for _, run := range page {
			eldest := cmp.Or(run.Root, run.ID)
			if seen[eldest] {
				continue
			}
			if more = o.limit > 0 && len(seen) == o.limit; more {
				return false, nil
			}
			seen[eldest] = true
			family, err := familyOf(ctx, eng, run)
			if err != nil {
				return false, err
			}
			for _, b := range tree(family) {
				b.runRow = workers.row(b.Run)
				if err := out.Add(b); err != nil {
					return false, err
				}
			}
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	a.listed(len(seen), more)
	return nil
}

// familyOf returns the eldest ancestor of a run with all its descendants.
func familyOf(ctx context.Context, eng *engine.Engine, run engine.Run) ([]engine.Run, error) {
	family := []engine.Run{run}
	if run.Root != 0 {
		eldest, err := eng.List(ctx, engine.RunFilter{Before: run.Root + 1, Limit: 1})
		if err != nil {
			return nil, err
		}
		family = eldest
		if len(eldest) > 0 && eldest[0].ID != run.Root {
			family = nil // it is gone
		}
	} else if run.Children == 0 {
		return family, nil
	}
	descendants := engine.RunFilter{Root: cmp.Or(run.Root, run.ID)}
	err := eachPage(ctx, eng, descendants, 0, func(page []engine.Run) (bool, error) {
		family = append(family, page...)
		return true, nil
	})
	return family, err
}

// tree puts each run of a family under its parent, and siblings in the order in which they were spawned. A
// run whose parent is not there is drawn as an eldest.
func tree(family []engine.Run) []branch {
	here := map[int64]bool{}
	for _, run := range family {
		here[run.ID] = true
	}
	children := map[int64][]engine.Run{} // by parent; those of nobody by 0
	for _, run := range family {
		parent := run.Parent
		if !here[parent] {
			parent = 0
		}
		children[parent] = append(children[parent], run)
	}
	var all []branch
	var grow func(parent int64, lead string, depth int)
	grow = func(parent int64, lead string, depth int) {
		siblings := children[parent]
		slices.SortFunc(siblings, func(a, b engine.Run) int { return cmp.Compare(a.ID, b.ID) })
		for i, run := range siblings {
			drawn, below := lead+"├─ ", lead+"│  "
			if i == len(siblings)-1 {
				drawn, below = lead+"└─ ", lead+"   "
			}
			if depth == 0 {
				drawn, below = "", ""
			}
			all = append(all, branch{runRow: runRow{Run: run}, drawn: drawn, depth: depth})
			grow(run.ID, below, depth+1)
		}
	}
	grow(0, "", 0)
	return all
}

// branchColumns are runColumns, with the lines of the tree in a table, and how deep a run is elsewhere.
func branchColumns() []column[branch] {
	var columns []column[branch]
	for _, c := range runColumns(true) {
		inner := column[branch]{Name: c.Name, Head: c.Head, Value: func(b branch) any { return c.Value(b.runRow) }}
		if c.Show != nil {
			inner.Show = func(b branch) string { return c.Show(b.runRow) }
		}
		if c.Name == "id" {
			inner.Show = func(b branch) string { return b.drawn + strings.TrimSpace(c.text(b.runRow)) }
		}
		if c.Name == "key" {
			inner.Head = ""
		}
		columns = append(columns, inner)
	}
	return append(columns, column[branch]{Name: "depth", Value: func(b branch) any { return b.depth }})
}
