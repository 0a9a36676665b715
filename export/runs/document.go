// Package runs makes documents of runs: of their results, states, metrics and histories.
package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/export"
)

// What is a part of what is known of a run.
type What string

// The parts, each with a table of its own, see Table.
const (
	Results What = "results" // a row a run: how it ended, its inputs and its result
	State   What = "state"   // a row a checkpoint that is kept; the newest state also as it is, with its lists
	Metrics What = "metrics" // a row a point of a series
	History What = "history" // a row an event
)

// Table is the name of the part's table: that of State is checkpoints, the others are called like their parts.
func (w What) Table() string {
	if w == State {
		return "checkpoints"
	}
	return string(w)
}

// Whats returns all parts in their order.
func Whats() []What { return []What{Results, State, Metrics, History} }

// The tables that only a document of a single run may have.
const (
	Result   = "result"   // of a run whose result is a list of objects, as that of a sweep
	Children = "children" // as Results, of the runs that it has spawned
)

// Document makes a document of the runs with these numbers, in their order. Each part is a table with the
// rows of all runs. What is no table, the arrays of a state or of a result, is
//
//   - of a single run: in the groups state and result (a result that is a single value or a list is not in a
//     group, but itself called result); the attributes of the document say which run it is;
//   - of several: in a group runs, in it a group for each run, called by its number, with these groups and
//     attributes in it. A result without lists is in the table alone.
//
// The state in a group is the newest one; the table has all that are kept, without their lists.
//
// What a run was is read here, once, about 1 kB a run: what changes later is not in the document. Events and
// points are read when the rows of their tables are, with ctx, but none that was committed later; if a run is
// pruned meanwhile these end with an error. A number without a run is engine.ErrRunNotFound.
func Document(ctx context.Context, eng *engine.Engine, ids []int64, what []What) (*export.Document, error) {
	g := &gathering{eng: eng, what: what, inputs: map[string]inputNames{}, doc: &export.Document{}, single: len(ids) == 1}
	for _, d := range eng.Workflows() {
		g.inputs[d.Name] = namesOf(d)
	}
	for _, id := range ids {
		run, err := eng.Get(ctx, id)
		if err == nil {
			err = g.add(ctx, run)
		}
		if err != nil {
			return nil, err
		}
	}
	g.doc.Attributes = append(g.doc.Attributes, export.Attribute{Name: "runs", Value: int64(len(ids))})
	if err := g.tables(ctx); err != nil {
		return nil, err
	}
	return g.doc, nil
}

// gathering is a document in the making.
type gathering struct {
	eng      *engine.Engine
	what     []What
	inputs   map[string]inputNames // of the workflows that the program has
	doc      *export.Document
	single   bool
	results  resultRows
	children resultRows
	states   []stateRow
	bounds   []bound
}

// bound is up to where the series and events of a run belong to the document.
type bound struct {
	run     int64
	seq     int64           // of its newest event
	metrics []engine.Metric // the newest point of each series
}

func (g *gathering) wants(w What) bool { return slices.Contains(g.what, w) }

// add takes what the document needs of a run.
func (g *gathering) add(ctx context.Context, run engine.Run) error {
	if run.Fault != "" && (g.wants(State) || g.wants(Results)) {
		return fmt.Errorf("run %d: %s", run.ID, run.Fault)
	}
	b := bound{run: run.ID, seq: run.Seq}
	var err error
	if g.wants(Metrics) {
		if b.metrics, err = g.eng.LatestMetrics(ctx, run.ID); err != nil {
			return err
		}
	}
	g.bounds = append(g.bounds, b)
	if g.wants(Results) {
		if err := g.results.add(ctx, g, &run); err != nil {
			return err
		}
	}
	if g.wants(State) {
		if err := g.addStates(ctx, &run); err != nil {
			return err
		}
	}
	if g.single {
		return g.addSingle(ctx, &run)
	}
	return g.addGroup(&run)
}

// addSingle adds what only the document of a single run has.
func (g *gathering) addSingle(ctx context.Context, run *engine.Run) error {
	g.doc.Attributes = attributes(run)
	if err := g.unfold(g.doc, run); err != nil {
		return err
	}
	if !g.wants(Results) {
		return nil
	}
	for after := int64(-1); ; {
		page, err := g.eng.Children(ctx, run.ID, after)
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			if err := g.children.add(ctx, g, &page[i]); err != nil {
				return err
			}
			after = int64(page[i].Place)
		}
	}
}

// addGroup adds a group for a run that has a state or lists.
func (g *gathering) addGroup(run *engine.Run) error {
	group := &export.Group{Name: strconv.FormatInt(run.ID, 10), Attributes: attributes(run)}
	if err := g.unfold(group, run); err != nil {
		return err
	}
	if !holdsList(group) && !(g.wants(State) && len(run.State) > 0) {
		return nil
	}
	if len(g.doc.Groups) == 0 {
		g.doc.Groups = []*export.Group{{Name: "runs"}}
	}
	all := g.doc.Groups[0]
	all.Groups = append(all.Groups, group)
	return nil
}

// unfold adds the newest state and the result of a run to a group.
func (g *gathering) unfold(to *export.Group, run *engine.Run) error {
	var faults []error
	if g.wants(State) && len(run.State) > 0 {
		faults = append(faults, to.Unfold("state", run.State))
	}
	if g.wants(Results) && len(run.Result) > 0 {
		faults = append(faults, to.Unfold(Result, run.Result))
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("run %d: %w", run.ID, err)
	}
	return nil
}

// holdsList reports whether a group has more than single values.
func holdsList(g *export.Group) bool {
	return len(g.Tables) > 0 || slices.ContainsFunc(g.Arrays, func(a *export.Array) bool { return len(a.Dims) > 0 }) ||
		slices.ContainsFunc(g.Groups, holdsList)
}

// attributes say which run it is.
func attributes(run *engine.Run) []export.Attribute {
	return []export.Attribute{
		{Name: "run", Value: run.ID}, {Name: "uuid", Value: run.UUID}, {Name: "workflow", Value: run.Workflow},
		{Name: "version", Value: int64(run.Version)}, {Name: "status", Value: string(run.Status)},
		{Name: "seed", Value: run.Seed}, {Name: "created", Value: run.Created},
	}
}

// tables adds the tables, those first that a person would look at first.
func (g *gathering) tables(ctx context.Context) error {
	if len(g.children.records) > 0 {
		g.doc.Tables = append(g.doc.Tables, g.children.table(Children))
	}
	for _, what := range g.what {
		var t *export.Table
		switch what {
		case Results:
			t = g.results.table(Results.Table())
		case State:
			t = stateTable(g.states)
		case Metrics:
			t = metricTable(ctx, g.eng, g.bounds)
		case History:
			t = historyTable(ctx, g.eng, g.bounds)
		default:
			return fmt.Errorf("%q is no part of a run; known are %v", what, Whats())
		}
		g.doc.Tables = append(g.doc.Tables, t)
	}
	return nil
}
