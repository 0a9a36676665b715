package runs

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/export"
)

// field is a column whose values come from a T.
type field[T any] struct {
	export.Column
	value func(*T) any
}

func columns[T any](fields []field[T]) []export.Column {
	list := make([]export.Column, len(fields))
	for i, f := range fields {
		list[i] = f.Column
	}
	return list
}

// row appends the values of v.
func row[T any](to export.Row, fields []field[T], v *T) export.Row {
	for _, f := range fields {
		to = append(to, f.value(v))
	}
	return to
}

func textField[T any](name string, value func(*T) string) field[T] {
	return field[T]{export.Column{Name: name, Kind: export.Text}, func(v *T) any { return orNil(value(v)) }}
}

// intField is a column of whole numbers; there is none where value returns the number for that.
func intField[T any](name string, none int64, value func(*T) int64) field[T] {
	return field[T]{export.Column{Name: name, Kind: export.Int}, func(v *T) any {
		if n := value(v); n != none {
			return n
		}
		return nil
	}}
}

func timeField[T any](name string, value func(*T) time.Time) field[T] {
	return field[T]{export.Column{Name: name, Kind: export.Time}, func(v *T) any {
		if t := value(v); !t.IsZero() {
			return t
		}
		return nil
	}}
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// always is what no number of an intField is, where each one counts.
const always = -1 << 63

// resultFields are the columns of a run before its inputs and its result, named as wf list names them.
func resultFields() []field[engine.Run] {
	type run = engine.Run
	return []field[run]{
		intField("id", always, func(r *run) int64 { return r.ID }),
		textField("uuid", func(r *run) string { return r.UUID }),
		textField("workflow", func(r *run) string { return r.Workflow }),
		intField("version", always, func(r *run) int64 { return int64(r.Version) }),
		textField("key", func(r *run) string { return r.Key }),
		intField("parent", 0, func(r *run) int64 { return r.Parent }),
		textField("status", func(r *run) string { return string(r.Status) }),
		textField("step", func(r *run) string { return r.Step }),
		intField("done", -1, func(r *run) int64 { return r.Progress.Done }),
		intField("total", -1, func(r *run) int64 { return r.Progress.Total }),
		intField("seed", always, func(r *run) int64 { return r.Seed }),
		timeField("created", func(r *run) time.Time { return r.Created }),
		timeField("started", func(r *run) time.Time { return r.Started }),
		timeField("ended", func(r *run) time.Time { return r.Ended }),
		intField("active_us", always, func(r *run) int64 { return r.Active.Microseconds() }),
		textField("error", func(r *run) string { return r.Error }),
		{export.Column{Name: "attributes", Kind: export.JSON}, func(r *run) any { return attributesJSON(r.Attributes) }},
	}
}

func attributesJSON(attributes map[string]any) any {
	if len(attributes) == 0 {
		return nil
	}
	doc, err := json.Marshal(attributes) // numbers and texts
	if err != nil {
		return nil
	}
	return json.RawMessage(doc)
}

// resultRows are the rows of runs: first what each run has, then what its workflow has given it.
type resultRows struct {
	fixed   []export.Row
	records [][]export.Member
}

// add reads the inputs of a run, which its first event tells, and adds its row. It returns the result as a tree.
func (r *resultRows) add(ctx context.Context, g *gathering, run *engine.Run, stored engine.Payload) (any, error) {
	input, err := inputOf(ctx, g.eng, run.ID)
	if err != nil {
		return nil, err
	}
	result, err := treeOf(stored)
	if err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	members, err := flatten(nil, "input", jsontext.Value(input), keepLists)
	if err != nil {
		return nil, err
	}
	if names := g.inputs[run.Workflow]; names != nil {
		members = slices.DeleteFunc(members, func(m export.Member) bool { return !names.has(m.Name) })
		for i := range members {
			names.inMicroseconds(&members[i])
		}
	}
	if members, err = flatten(members, Result, result, keepLists); err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	r.fixed = append(r.fixed, row(nil, resultFields(), run))
	r.records = append(r.records, members)
	return result, nil
}

// inputNames are the inputs of a workflow as columns.
type inputNames struct {
	all       []string
	durations []string
}

func namesOf(d engine.Description) *inputNames {
	var names inputNames
	for _, in := range d.Inputs {
		name := "input_" + strings.ReplaceAll(in.Name, ".", "_")
		names.all = append(names.all, name)
		if in.Type == "duration" {
			names.durations = append(names.durations, name)
		}
	}
	return &names
}

// has reports whether a column is an input, or inside one.
func (names *inputNames) has(column string) bool {
	return slices.ContainsFunc(names.all, func(name string) bool { return column == name || strings.HasPrefix(column, name+"_") })
}

// inMicroseconds makes a duration, which states hold in nanoseconds, one as all others in tables are.
func (names *inputNames) inMicroseconds(m *export.Member) {
	ns, err := strconv.ParseInt(string(m.Value), 10, 64)
	if err != nil || !slices.Contains(names.durations, m.Name) {
		return
	}
	m.Name += "_us"
	if us := ns / 1000; us*1000 == ns {
		m.Value = strconv.AppendInt(nil, us, 10)
		return
	}
	m.Value = strconv.AppendFloat(nil, float64(ns)/1000, 'f', -1, 64)
}

// inputOf is the state with which a run has begun, as its first event tells it: not if it was large, or if its
// history is gone.
func inputOf(ctx context.Context, eng *engine.Engine, run int64) (json.RawMessage, error) {
	events, err := eng.History(ctx, engine.HistoryFilter{Run: run, Limit: 1})
	if err != nil || len(events) == 0 {
		return nil, err
	}
	var detail struct {
		Input json.RawMessage `json:"input"`
	}
	_ = json.Unmarshal(events[0].Detail, &detail) // one that is no object tells none
	return detail.Input, nil
}

// table has a column for each value of an input or a result that a run has: input_n, result_total. One that
// is no object is a single column, and so is a list, as JSON.
func (r *resultRows) table(name string) *export.Table {
	given := export.TableOfMembers(name, r.records)
	t := &export.Table{Name: name, Columns: append(columns(resultFields()), given.Columns...)}
	t.Rows = func(yield func(export.Row, error) bool) {
		i := 0
		for rest, err := range given.Rows {
			whole := append(append(make(export.Row, 0, len(t.Columns)), r.fixed[i]...), rest...)
			if !yield(whole, err) {
				return
			}
			i++
		}
	}
	return t
}
