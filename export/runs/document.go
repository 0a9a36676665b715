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
	g := &gathering{eng: eng, what: what, inputs: map[string]*inputNames{}, doc: &export.Document{}, single: len(ids) == 1}
	for _, d := range eng.Workflows() {
		g.inputs[d.Name] = namesOf(d)
	}
	for _, id := range ids {
		if err := g.read(ctx, id); err != nil {
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
	inputs   map[string]*inputNames // of the workflows that the program has
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

// read takes what the document needs of a run.
func (g *gathering) read(ctx context.Context, id int64) error {
	run, err := headOf(ctx, g.eng, id)
	if err != nil {
		return err
	}
	b := bound{run: id, seq: run.Seq}
	if g.wants(Metrics) {
		if b.metrics, err = g.eng.LatestMetrics(ctx, id); err != nil {
			return err
		}
	}
	g.bounds = append(g.bounds, b)
	if !g.wants(State) && !g.wants(Results) {
		return g.place(ctx, run, nil, nil)
	}
	stored, err := g.eng.Stored(ctx, id)
	if err != nil {
		return err
	}
	var state, result any
	if g.wants(State) {
		state, err = g.addStates(id, stored.States)
	}
	if err == nil && g.wants(Results) {
		result, err = g.results.add(ctx, g, run, stored.Result)
	}
	if err != nil {
		return fmt.Errorf("run %d: %w", id, err)
	}
	return g.place(ctx, run, state, result)
}

// headOf is a run without its state and its result, which may be large.
func headOf(ctx context.Context, eng *engine.Engine, id int64) (*engine.Run, error) {
	page, err := eng.List(ctx, engine.RunFilter{Before: id + 1, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(page) == 1 && page[0].ID == id {
		return &page[0], nil
	}
	run, err := eng.Get(ctx, id) // it tells where a run that is not there has gone
	return &run, err
}

// place adds the newest state and the result of a run, as they are, where they belong.
func (g *gathering) place(ctx context.Context, run *engine.Run, state, result any) error {
	to := g.doc
	if !g.single {
		to = &export.Group{Name: strconv.FormatInt(run.ID, 10)}
	}
	to.Attributes = attributes(run)
	if err := errors.Join(unfold(to, "state", state), unfold(to, Result, result)); err != nil {
		return fmt.Errorf("run %d: %w", run.ID, err)
	}
	if g.single {
		return g.addChildren(ctx, run)
	}
	if state == nil && !holdsList(to) {
		return nil // the tables have all of it
	}
	if len(g.doc.Groups) == 0 {
		g.doc.Groups = []*export.Group{{Name: "runs"}}
	}
	g.doc.Groups[0].Groups = append(g.doc.Groups[0].Groups, to)
	return nil
}

// addChildren adds the results of the children of the only run.
func (g *gathering) addChildren(ctx context.Context, run *engine.Run) error {
	for after := int64(-1); g.wants(Results); {
		page, err := g.eng.Children(ctx, run.ID, after)
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			stored, err := g.eng.Stored(ctx, page[i].ID)
			if err == nil {
				_, err = g.children.add(ctx, g, &page[i], stored.Result)
			}
			if err != nil {
				return err
			}
			after = int64(page[i].Place)
		}
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
