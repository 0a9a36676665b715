package runs_test

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/enginetest"
	"github.com/durable-wf/wf/export"
	"github.com/durable-wf/wf/export/runs"
)

// meltState is a state with everything that becomes something else in a document.
type meltState struct {
	N    int `json:"n" help:"points of its series"`
	Size struct {
		NX int `json:"nx" help:"columns" default:"2"`
	} `json:"size"`
	Pause time.Duration `json:"pause" help:"a duration"`
	I     int           `json:"i"`
	Best  float64       `json:"best"`
	U     [][]float64   `json:"u"`
}

type meltRow struct {
	X int     `json:"x"`
	Y float64 `json:"y"`
}

const (
	melt  engine.Name[meltState, []meltRow]     = "melt"
	plain engine.Name[struct{ M int }, float64] = "plain"
	wide  engine.Name[struct{}, string]         = "wide"
	again engine.Signal[int]                    = "again"
)

// melting saves, measures, waits for a signal and ends with a table.
func melting() engine.Definition {
	return engine.Workflow[meltState, []meltRow]{
		Name: melt, Signals: []engine.AnySignal{again},
		Steps: []engine.Step[meltState]{
			{Name: "measure", Do: func(ctx *engine.Context, s *meltState) (engine.Transition, error) {
				s.U = [][]float64{{0.5, math.NaN()}, {1, 2}}
				for s.I = range s.N {
					ctx.Progress(int64(s.I), int64(s.N))
					ctx.Metric("residual", 1/float64(s.I+1))
				}
				s.Best = math.Inf(1)
				return again.Await("end"), ctx.Save()
			}},
			{Name: "end", Do: func(ctx *engine.Context, s *meltState) (engine.Transition, error) {
				ctx.Metric("residual", 0)
				return melt.Done([]meltRow{{1, 0.5}, {2, 1}}), nil
			}},
		},
	}
}

func plainly() engine.Definition {
	return engine.Workflow[struct{ M int }, float64]{
		Name: plain, Steps: []engine.Step[struct{ M int }]{{Name: "do", Do: func(_ *engine.Context, s *struct{ M int }) (engine.Transition, error) {
			return plain.Done(float64(s.M) / 4), nil
		}}},
	}
}

// widely ends when its two children have.
func widely() engine.Definition {
	return engine.Workflow[struct{}, string]{
		Name: wide, Steps: []engine.Step[struct{}]{
			{Name: "spawn", Do: func(ctx *engine.Context, _ *struct{}) (engine.Transition, error) {
				return engine.Spawn(slices.Values([]engine.Child{plain.Child(struct{ M int }{1}, nil), plain.Child(struct{ M int }{2}, nil)}), "end"), nil
			}},
			{Name: "end", Do: func(*engine.Context, *struct{}) (engine.Transition, error) { return wide.Done("done"), nil }},
		},
	}
}

// rows are the rows of the table with this name, each as a map without what is nil.
func rows(t *testing.T, doc *export.Document, name string) []map[string]any {
	t.Helper()
	i := slices.IndexFunc(doc.Tables, func(table *export.Table) bool { return table.Name == name })
	if i < 0 {
		t.Fatalf("no table %s in %+v", name, doc.Tables)
	}
	found := []map[string]any{}
	for row, err := range doc.Tables[i].Checked(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		fields := map[string]any{}
		for c, v := range row {
			if v != nil {
				fields[doc.Tables[i].Columns[c].Name] = v
			}
		}
		found = append(found, fields)
	}
	return found
}

// only are the fields of a row with these names.
func only(row map[string]any, names ...string) map[string]any {
	some := map[string]any{}
	for _, name := range names {
		some[name] = row[name]
	}
	return some
}

// end waits until a run has completed.
func end(t *testing.T, e *enginetest.Engine, id int64) {
	t.Helper()
	if run, err := e.Wait(t.Context(), id); err != nil || run.Status != engine.Completed {
		t.Fatalf("run %d is %s: %v", id, run.Status, err)
	}
}

func document(t *testing.T, e *enginetest.Engine, what []runs.What, ids ...int64) *export.Document {
	t.Helper()
	doc, err := runs.Document(t.Context(), e.Engine, ids, what)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Check(); err != nil {
		t.Error(err)
	}
	return doc
}

func TestDocumentOfARunIsWhatItWasWhenItWasRead(t *testing.T) {
	t.Parallel()
	e := enginetest.New(t, melting())
	const points = 2500 // more than a page
	var s meltState
	s.N, s.Size.NX, s.Pause = points, 3, 1500*time.Nanosecond
	run := enginetest.Start(e, melt, s, &engine.StartOptions{Keep: engine.KeepAll, Attributes: map[string]any{"who": "me"}})
	for changed := e.Watch(t.Context()); run.Status != engine.Waiting; {
		var err error
		if run, err = e.Get(t.Context(), run.ID); err != nil {
			t.Fatal(err)
		}
		if run.Status != engine.Waiting {
			<-changed
		}
	}
	doc := document(t, e, runs.Whats(), run.ID)
	if err := e.Signal(t.Context(), run.ID, string(again), []byte("1"), nil); err != nil {
		t.Fatal(err)
	}
	end(t, e, run.ID)
	after := document(t, e, runs.Whats(), run.ID)

	if got := rows(t, doc, "history"); int64(len(got)) != run.Seq || got[0]["kind"] != "created" {
		t.Errorf("%d events, want %d, and none that came later", len(got), run.Seq)
	}
	if got := rows(t, after, "history"); got[len(got)-1]["kind"] != "completed" {
		t.Errorf("the last event is %v", got[len(got)-1])
	}
	series := rows(t, doc, "metrics")
	if len(series) != points || series[points-1]["value"] != 1.0/points || series[points-1]["x"] != int64(points-1) {
		t.Errorf("%d points, the last %v", len(series), series[len(series)-1])
	}
	if got := len(rows(t, after, "metrics")); got != points+1 {
		t.Errorf("%d points in the end", got)
	}
	want := map[string]any{"input_n": int64(points), "input_size_nx": int64(3), "input_pause_us": 1.5, "input_i": nil, "status": "waiting",
		"attributes": json.RawMessage(`{"who":"me"}`), "result": nil}
	if diff := cmp.Diff(want, only(rows(t, doc, "results")[0], "input_n", "input_size_nx", "input_pause_us", "input_i", "status", "attributes", "result")); diff != "" {
		t.Errorf("result:\n%s", diff)
	}
	kept := rows(t, doc, "checkpoints")
	last := kept[len(kept)-1]
	if last["state_best"] != math.Inf(1) || last["state_size_nx"] != int64(3) || last["current"] != true || last["state_u"] != nil {
		t.Errorf("the newest checkpoint is %v", last)
	}
	i := slices.IndexFunc(doc.Groups, func(g *export.Group) bool { return g.Name == "state" })
	u := doc.Groups[i].Arrays[slices.IndexFunc(doc.Groups[i].Arrays, func(a *export.Array) bool { return a.Name == "u" })]
	if data, ok := u.Data.([]float64); !ok || !slices.Equal(u.Dims, []int{2, 2}) || data[0] != 0.5 || !math.IsNaN(data[1]) {
		t.Errorf("u is %+v", u)
	}
	table := rows(t, after, runs.Result)
	if diff := cmp.Diff([]map[string]any{{"x": int64(1), "y": 0.5}, {"x": int64(2), "y": 1.0}}, table); diff != "" {
		t.Errorf("the table of the result:\n%s", diff)
	}
	if after.Tables[0].Name != runs.Result {
		t.Errorf("the main table is %s", after.Tables[0].Name)
	}
}

func TestDocumentOfSeveralRuns(t *testing.T) {
	t.Parallel()
	e := enginetest.New(t, plainly(), widely())
	one := enginetest.Start(e, plain, struct{ M int }{5}, nil)
	end(t, e, one.ID)
	family := enginetest.Start(e, wide, struct{}{}, nil)
	end(t, e, family.ID)
	doc := document(t, e, []runs.What{runs.Results, runs.Metrics, runs.History}, family.ID, one.ID)
	results := rows(t, doc, "results")
	if diff := cmp.Diff([]any{family.ID, one.ID}, []any{results[0]["id"], results[1]["id"]}); diff != "" {
		t.Errorf("order of the runs:\n%s", diff)
	}
	// The column holds numbers and texts.
	want := []any{json.RawMessage(`"done"`), json.RawMessage(`1.25`)}
	if diff := cmp.Diff(want, []any{results[0]["result"], results[1]["result"]}); diff != "" {
		t.Errorf("results:\n%s", diff)
	}
	if len(doc.Groups) != 0 {
		t.Errorf("runs with single values alone have groups: %+v", doc.Groups)
	}
	doc = document(t, e, []runs.What{runs.Results}, family.ID)
	children := rows(t, doc, runs.Children)
	if doc.Tables[0].Name != runs.Children || len(children) != 2 || children[1]["result"] != 0.5 || children[1]["parent"] != family.ID {
		t.Errorf("children: %v", children)
	}
}

// gridState is stored as CBOR, which tells floats from integers.
type gridState struct {
	U     engine.Floats   `json:"u"`
	F     engine.Float32s `json:"f"`
	K     engine.Ints     `json:"k"`
	Rows  [][]float64     `json:"rows"`
	Whole float64         `json:"whole"`
	N     int             `json:"n"`
	In    struct {
		Name string `json:"name"`
	} `json:"in"`
}

const grid engine.Name[gridState, gridState] = "grid"

func gridding() engine.Definition {
	return engine.Workflow[gridState, gridState]{
		Name: grid, Codec: engine.CBOR,
		Steps: []engine.Step[gridState]{{Name: "do", Do: func(_ *engine.Context, s *gridState) (engine.Transition, error) {
			*s = gridState{
				U: make(engine.Floats, 3), F: engine.Float32s{1.5}, K: engine.Ints{math.MaxInt64}, Rows: [][]float64{{1, 2}}, Whole: 3, N: 4,
			}
			s.In.Name = "x"
			return grid.Done(*s), nil
		}}},
	}
}

func TestArraysOfCBORKeepTheirTypes(t *testing.T) {
	t.Parallel()
	e := enginetest.New(t, gridding())
	run := enginetest.Start(e, grid, gridState{}, &engine.StartOptions{Keep: engine.KeepAll})
	end(t, e, run.ID)
	doc := document(t, e, runs.Whats(), run.ID)
	want := []*export.Array{
		{Name: "f", Dims: []int{1}, Data: []float32{1.5}},
		{Name: "k", Dims: []int{1}, Data: []int64{math.MaxInt64}},
		{Name: "n", Data: []int64{4}},
		{Name: "rows", Dims: []int{1, 2}, Data: []float64{1, 2}},
		{Name: "u", Dims: []int{3}, Data: []float64{0, 0, 0}},
		{Name: "whole", Data: []float64{3}},
	}
	for i, name := range []string{"state", "result"} {
		if got := doc.Groups[i]; got.Name != name {
			t.Errorf("group %d is %s, want %s", i, got.Name, name)
		} else if diff := cmp.Diff(want, got.Arrays); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	row := rows(t, doc, "results")[0]
	if row["result_whole"] != 3.0 || row["result_n"] != int64(4) || row["result_in_name"] != "x" || row["result_u"] == nil {
		t.Errorf("results: %v", row)
	}
	if kept := rows(t, doc, "checkpoints"); kept[len(kept)-1]["state_whole"] != 3.0 || kept[0]["state_u"] != nil {
		t.Errorf("checkpoints: %v", kept)
	}
}

func TestDocumentOfWhatThereIsNot(t *testing.T) {
	t.Parallel()
	e := enginetest.New(t, plainly())
	if _, err := runs.Document(t.Context(), e.Engine, []int64{7}, runs.Whats()); !errors.Is(err, engine.ErrRunNotFound) {
		t.Errorf("a run that is not there: %v", err)
	}
	if _, err := runs.Document(t.Context(), e.Engine, nil, []runs.What{"dreams"}); err == nil {
		t.Error("a part that is not there was no error")
	}
}
