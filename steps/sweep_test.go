package steps_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/enginetest"
	"github.com/durable-wf/wf/steps"
)

// probing is the state of a workflow that is swept in tests.
type probing struct {
	X      float64           `json:"x" help:"fails at 2" default:"1"`
	Tags   []string          `json:"tags" help:"a list"`
	Status string            `json:"status" help:"has the name of a column"`
	Param  map[string]string `json:"param" help:"whatever is no input"`
	Rest   []string          `json:"rest" help:"words" arg:"rest"`
}

// probe says what it was given, and draws a number.
func probe() engine.Workflow[probing, string] {
	return engine.Workflow[probing, string]{Name: "probe", Steps: []engine.Step[probing]{{
		Name: "probe", Do: func(ctx *engine.Context, s *probing) (engine.Transition, error) {
			if s.X == 2 {
				return engine.Transition{}, engine.Permanent(errors.New("no answer at 2"))
			}
			if s.X == 3 {
				return engine.Done(fmt.Sprint(ctx.Rand().IntN(1_000_000))), nil
			}
			return engine.Done(fmt.Sprintf("%v %v %s %v %v", s.X, s.Tags, s.Status, s.Param, s.Rest)), nil
		}}}}
}

// sweep runs a sweep and returns its rows, without the numbers of the runs.
func sweep(t *testing.T, from steps.SweepState, opts *engine.StartOptions) ([]string, error) {
	t.Helper()
	eng := newEngine(t, probe())
	from.Repeat = max(from.Repeat, 1)
	rows, err := steps.Sweep.Run(t.Context(), eng, from, opts)
	var lines []string
	for _, r := range rows {
		var params []string
		for _, p := range r.Params {
			params = append(params, p.Name+"="+string(p.Value))
		}
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", strings.Join(params, " "), r.Status, r.Result, r.Error)))
	}
	return lines, err
}

func TestSweep(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		from steps.SweepState
		want []string
	}{
		{"a grid, the last input changing fastest", steps.SweepState{Workflow: "sum", Grid: []string{"n=10,20", "delay=0s,1us"}}, []string{
			`n=10 delay="0s" completed 55`, `n=10 delay="1us" completed 55`, `n=20 delay="0s" completed 210`, `n=20 delay="1us" completed 210`,
		}},
		{"within a limit", steps.SweepState{Workflow: "sum", Grid: []string{"n=1..4"}, Limit: 2}, []string{
			`n=1 completed 1`, `n=2 completed 3`, `n=3 completed 6`, `n=4 completed 10`,
		}},
		{"a run that fails stops no other", steps.SweepState{Workflow: "probe", Grid: []string{"x=1..3:0.5"}, Set: []string{"tags=a"}}, []string{
			`x=1 completed "1 [a]  map[] []"`, `x=1.5 completed "1.5 [a]  map[] []"`, `x=2 failed  no answer at 2`,
			`x=2.5 completed "2.5 [a]  map[] []"`, `x=3 completed "123"`,
		}},
		{"zips go together", steps.SweepState{Workflow: "probe", Zip: []string{"x=5,6", "status=good,7"}, Grid: []string{"tags=[\"a,b\"]"}}, []string{
			`tags="a,b" x=5 status="good" completed "5 [a,b] good map[] []"`, `tags="a,b" x=6 status="7" completed "6 [a,b] 7 map[] []"`,
		}},
		{"points", steps.SweepState{Workflow: "probe", Points: docs(`{"x": 5, "tags": ["p", "q"]}`, `{"status": null, "x": "6"}`)}, []string{
			`x=5 tags=["p","q"] completed "5 [p q]  map[] []"`, `x=6 completed "6 []  map[] []"`,
		}},
		{"a program with names of its own", steps.SweepState{Workflow: "probe", Grid: []string{"alpha=0.1,1e3"}, Words: []string{"--alpha={alpha}", "x"}}, []string{
			`alpha=0.1 completed "1 []  map[alpha:0.1] [--alpha=0.1 x]"`, `alpha=1000 completed "1 []  map[alpha:1e3] [--alpha=1e3 x]"`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := sweep(t, test.from, nil)
			for i := range got {
				if strings.HasPrefix(got[i], "x=3 ") {
					got[i] = test.want[i] // it is random
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("%v (- wanted, + got)\n%s", err, diff)
			}
		})
	}
}

// Each run of a repeated point has random numbers of its own, and a sweep with the same seed has the same ones.
func TestSweepRepeats(t *testing.T) {
	t.Parallel()
	from := steps.SweepState{Workflow: "probe", Grid: []string{"x=3"}, Repeat: 5}
	one, err := sweep(t, from, seeded(1))
	if err != nil || len(one) != 5 {
		t.Fatalf("%q, %v", one, err)
	}
	different := map[string]bool{}
	for _, line := range one {
		different[line] = true
	}
	if len(different) != 5 {
		t.Errorf("some runs have drawn the same: %q", one)
	}
	if again, err := sweep(t, from, seeded(1)); err != nil || !cmp.Equal(one, again) {
		t.Errorf("the same seed gives %q, %v; want %q", again, err, one)
	}
}

func TestSweepFailsFast(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, probe())
	from := steps.SweepState{Workflow: "probe", Grid: []string{"x=1..9"}, Repeat: 1, Limit: 1, FailFast: true}
	_, err := steps.Sweep.Run(t.Context(), eng, from, nil)
	if err == nil || !strings.Contains(err.Error(), "point 2 (x=2): run 3 failed: no answer at 2") {
		t.Errorf("error %v, want one that names the point", err)
	}
	runs, err := eng.List(t.Context(), engine.RunFilter{Statuses: []engine.Status{engine.Cancelled}})
	if err != nil || len(runs) != 7 {
		t.Errorf("%d runs were cancelled, %v; want the 7 that had not begun", len(runs), err)
	}
}

// A thousand runs make a thousand rows, in the order of the points.
func TestSweepOfAThousand(t *testing.T) {
	t.Parallel()
	got, err := sweep(t, steps.SweepState{Workflow: "sum", Grid: []string{"n=1..1000"}}, nil)
	if err != nil || len(got) != 1000 {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	for i, line := range got {
		if n := i + 1; line != fmt.Sprintf("n=%d completed %d", n, n*(n+1)/2) {
			t.Fatalf("row %d is %q", n, line)
		}
	}
}

func TestSweepCrashesEverywhere(t *testing.T) {
	t.Parallel()
	enginetest.CrashEverywhere(t, steps.SweepWorkflow(steps.SumWorkflow()),
		steps.SweepState{Workflow: "sum", Grid: []string{"n=1..3"}, Repeat: 1, Limit: 2},
		&enginetest.CrashOptions{With: []engine.Definition{steps.SumWorkflow()}, Each: 3})
}

// All that is wrong with any point is said before the first run.
func TestSweepRefuses(t *testing.T) {
	t.Parallel()
	def := steps.SweepWorkflow(steps.SumWorkflow(), steps.PiWorkflow(), probe())
	tests := map[string]string{
		`{}`:                                                          "it needs a workflow to run; there are sum, pi, probe",
		`{"workflow":"smu","grid":["n=1"]}`:                           `workflow "smu" is unknown; there are sum, pi, probe`,
		`{"workflow":"sum"}`:                                          "it needs points",
		`{"workflow":"sum","grid":["n"]}`:                             `grid "n" needs the form NAME=VALUES`,
		`{"workflow":"sum","grid":["m=1"]}`:                           "point 1 (m=1): m: no such input; did you mean n?",
		`{"workflow":"sum","grid":["n=1,x"]}`:                         "point 2 (n=x): n: ",
		`{"workflow":"sum","grid":["i=1"]}`:                           "is state, not input",
		`{"workflow":"pi","grid":["n=5..0:1"]}`:                       "grid n: 5..0:1 leads nowhere",
		`{"workflow":"pi","grid":["n=1,0"]}`:                          "point 2 (n=0): n must be at least 1",
		`{"workflow":"sum","grid":["n=1","n=2"]}`:                     "n is given twice",
		`{"workflow":"sum","grid":["n=1"],"set":["n=2"]}`:             "n is given twice",
		`{"workflow":"sum","grid":["n=1"],"set":["n"]}`:               `set "n" needs the form NAME=VALUE`,
		`{"workflow":"sum","zip":["n=1,2","delay=1s"]}`:               "zip delay has 1 values, but n has 2",
		`{"workflow":"sum","points":[5]}`:                             "point 1 5: it must be a JSON object",
		`{"workflow":"sum","grid":["n=1..1000"],"repeat":101}`:        "more than 100000 points",
		`{"workflow":"sum","grid":["n=1"],"repeat":9000000000000000}`: "more than 100000 points",
		`{"workflow":"sum","grid":["n=1"],"words":["x"]}`:             "workflow sum takes no words after --",
		`{"workflow":"sum","grid":["n=1"],"repeat":0}`:                "repeat 0 must be at least 1",
		`{"workflow":"sum","grid":["n=1"],"limit":-1}`:                "limit -1 must not be negative",
		`{"workflow":"sweep","grid":["n=1"]}`:                         `workflow "sweep" is unknown`,
	}
	inputs := map[string]string{}
	for base, want := range tests {
		in, err := def.Input([]byte(base), nil)
		if err != nil {
			t.Fatalf("%s: %v", base, err)
		}
		inputs[string(in)] = want
	}
	mustRefuse(t, def, inputs)
}

// A row is one flat object, whose names are always different, and comes back as it was.
func TestSweepRow(t *testing.T) {
	t.Parallel()
	row := steps.SweepRow{
		Params: []steps.Param{{"n", []byte("1")}, {"status", []byte(`"x"`)}},
		Run:    7, Status: engine.Failed, Error: "why",
	}
	doc, err := json.Marshal(row)
	if want := `{"n":1,"input.status":"x","run":7,"status":"failed","result":null,"error":"why"}`; err != nil || string(doc) != want {
		t.Errorf("%s, %v; want %s", doc, err, want)
	}
	var back steps.SweepRow
	if err := json.Unmarshal(doc, &back); err != nil || !cmp.Equal(row, back) {
		t.Errorf("it comes back as %+v, %v", back, err)
	}
}

func docs(texts ...string) (list []json.RawMessage) {
	for _, text := range texts {
		list = append(list, []byte(text))
	}
	return list
}
