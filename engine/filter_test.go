package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// ids returns the numbers of runs.
func ids(runs []engine.Run) (list []int64) {
	for _, r := range runs {
		list = append(list, r.ID)
	}
	return list
}

// manyRuns starts runs: 1 and 2 complete, 3 fails, 4 to 6 are pending.
func manyRuns(t *testing.T) *engine.Engine {
	t.Helper()
	eng := newEngine(t,
		oneStep("good", func(ctx *engine.Context, s *count) (engine.Transition, error) {
			ctx.Set("n", s.N)
			return engine.Next(), nil
		}),
		oneStep("bad", func(*engine.Context, *count) (engine.Transition, error) {
			return engine.Transition{}, errors.New("no paper")
		}))
	good, bad := engine.Name[count, int64]("good"), engine.Name[count, int64]("bad")
	for n := range int64(2) {
		if _, err := good.Run(t.Context(), eng, count{N: n}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := bad.Run(t.Context(), eng, count{}, nil); err == nil {
		t.Fatal("a run that fails has not")
	}
	for i, opts := range []*engine.StartOptions{
		{Attributes: map[string]any{"n": 1}}, {Attributes: map[string]any{"customer": "Ä"}}, {Key: "last"},
	} {
		if _, err := good.Start(t.Context(), eng, count{N: int64(i)}, opts); err != nil {
			t.Fatal(err)
		}
	}
	return eng
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	eng := manyRuns(t)
	for _, tt := range []struct {
		name   string
		filter engine.RunFilter
		want   []int64
	}{
		{"all", engine.RunFilter{}, []int64{6, 5, 4, 3, 2, 1}},
		{"where", engine.RunFilter{Where: `n = 1`}, []int64{4, 2}},
		{"where and status", engine.RunFilter{Where: `n = 1`, Statuses: []engine.Status{engine.Completed}}, []int64{2}},
		{"where over fields", engine.RunFilter{Where: `error contains "paper" or key = "last"`}, []int64{6, 3}},
		{"where by time", engine.RunFilter{Where: `created > "1h ago" and not (ended is null)`}, []int64{3, 2, 1}},
		{"page", engine.RunFilter{Where: `workflow = "good"`, Limit: 2, Before: 5}, []int64{4, 2}},
		{"attribute", engine.RunFilter{Attributes: map[string]any{"n": uint8(1)}}, []int64{4, 2}},
		{"attribute, one of", engine.RunFilter{Attributes: map[string]any{"n": []any{0, 1, "1"}}}, []int64{4, 2, 1}},
		{"two attributes", engine.RunFilter{Attributes: map[string]any{"n": 1, "customer": "Ä"}}, nil},
		{"attribute and where", engine.RunFilter{Attributes: map[string]any{"n": 1}, Where: `status = "pending"`}, []int64{4}},
		{"queue", engine.RunFilter{Queues: []string{engine.DefaultQueue, "other"}}, []int64{6, 5, 4, 3, 2, 1}},
		{"another queue", engine.RunFilter{Queues: []string{"other"}}, nil},
		{"parent", engine.RunFilter{Parent: 1}, nil},
		{"schedule", engine.RunFilter{Schedule: 1}, nil},
		{"an attribute that no run has", engine.RunFilter{Where: `region = "eu"`}, nil},
		{"a name that is nearly a field, for sure", engine.RunFilter{Where: `attr("stauts") = "failed"`}, nil},
	} {
		got, err := eng.List(t.Context(), tt.filter)
		if err != nil || !slices.Equal(ids(got), tt.want) {
			t.Errorf("%s: %v, %v, want %v", tt.name, ids(got), err, tt.want)
		}
	}
}

func TestFilterErrors(t *testing.T) {
	t.Parallel()
	eng := manyRuns(t)
	for _, tt := range []struct {
		filter engine.RunFilter
		want   string
	}{
		{engine.RunFilter{Where: `status = "done"`}, `filter "status = \"done\"": at character 10: "done" is no status: there is pending,`},
		{engine.RunFilter{Where: `stauts != "failed"`}, `at character 1: no run has an attribute stauts, nor is it a field (if it is right, write attr("stauts")); the nearest is "status"`},
		{engine.RunFilter{Where: `id = 1 or custmer != 2`}, `at character 11: no run has an attribute custmer, nor is it a field (if it is right, write attr("custmer")); the nearest is "customer"`},
		{engine.RunFilter{Where: `1; DROP TABLE wf_runs`}, `at character 2: ";" is not expected here`},
		{engine.RunFilter{Attributes: map[string]any{"n": eng}}, `filter: attribute "n": a *engine.Engine cannot be searched by`},
		{engine.RunFilter{Attributes: map[string]any{"n": nil}}, `filter: attribute "n": nil is no value`},
	} {
		_, err := eng.List(t.Context(), tt.filter)
		if _, ok := errors.AsType[*engine.FilterError](err); !ok || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("List(%+v): %v, want …%s…", tt.filter, err, tt.want)
		}
		if _, err := eng.CancelAll(t.Context(), tt.filter, ""); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("CancelAll(%+v): %v, want …%s…", tt.filter, err, tt.want)
		}
	}
	if open, err := eng.List(t.Context(), engine.RunFilter{Statuses: []engine.Status{engine.Pending}}); err != nil || len(open) != 3 {
		t.Errorf("a wrong filter has changed something: %v, %v", ids(open), err)
	}
}

func TestBulk(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		filter engine.RunFilter
		do     func(*engine.Engine, engine.RunFilter) (engine.Bulk, error)
		want   []int64
		then   engine.Status
	}{
		{"cancel leaves what has ended", engine.RunFilter{Where: `n = 1 or status = "failed"`},
			func(eng *engine.Engine, f engine.RunFilter) (engine.Bulk, error) {
				return eng.CancelAll(t.Context(), f, "wrong")
			}, []int64{4}, engine.Cancelled},
		{"cancel the newest", engine.RunFilter{Limit: 2},
			func(eng *engine.Engine, f engine.RunFilter) (engine.Bulk, error) {
				return eng.CancelAll(t.Context(), f, "wrong")
			}, []int64{5, 6}, engine.Cancelled},
		{"pause", engine.RunFilter{Workflows: []string{"good"}},
			func(eng *engine.Engine, f engine.RunFilter) (engine.Bulk, error) {
				return eng.PauseAll(t.Context(), f, "wait")
			},
			[]int64{4, 5, 6}, engine.Paused},
		{"resume what is paused", engine.RunFilter{},
			func(eng *engine.Engine, f engine.RunFilter) (engine.Bulk, error) {
				if _, err := eng.Pause(t.Context(), 5, ""); err != nil {
					return engine.Bulk{}, err
				}
				return eng.ResumeAll(t.Context(), f)
			}, []int64{5}, engine.Pending},
		{"retry what has failed", engine.RunFilter{},
			func(eng *engine.Engine, f engine.RunFilter) (engine.Bulk, error) {
				return eng.RetryAll(t.Context(), f, nil)
			},
			[]int64{3}, engine.Pending},
		{"nothing fits", engine.RunFilter{Statuses: []engine.Status{engine.Completed}},
			func(eng *engine.Engine, f engine.RunFilter) (engine.Bulk, error) {
				return eng.CancelAll(t.Context(), f, "")
			}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			eng := manyRuns(t)
			got, err := tt.do(eng, tt.filter)
			if err != nil || len(got.Errors) > 0 || !slices.Equal(ids(got.Runs), tt.want) {
				t.Fatalf("done to %v, %v, %v, want %v", ids(got.Runs), got.Errors, err, tt.want)
			}
			for _, run := range got.Runs {
				now, err := eng.Get(t.Context(), run.ID)
				if err != nil || run.Status != tt.then || now.Status != tt.then {
					t.Errorf("run %d: %s, now %s, %v, want %s", run.ID, run.Status, now.Status, err, tt.then)
				}
			}
		})
	}
}

// TestBulkPages holds that more runs than a page has are all found, and each is done once.
func TestBulkPages(t *testing.T) {
	t.Parallel()
	const n = 1100
	eng := newEngine(t, countTo(nil))
	var starts sync.WaitGroup
	for i := range n {
		starts.Go(func() {
			_, err := counting.Start(t.Context(), eng, count{}, &engine.StartOptions{Attributes: map[string]any{"old": i < 50}})
			if err != nil {
				t.Error(err)
			}
		})
	}
	starts.Wait()
	begun := time.Now()
	got, err := eng.CancelAll(t.Context(), engine.RunFilter{Where: "old = false"}, "")
	if err != nil || len(got.Errors) > 0 || len(got.Runs) != n-50 || !slices.IsSorted(ids(got.Runs)) {
		t.Fatalf("%d runs, %d errors, %v, want %d runs, oldest first", len(got.Runs), len(got.Errors), err, n-50)
	}
	t.Logf("%d runs cancelled in %v", len(got.Runs), time.Since(begun))
	left, err := eng.List(t.Context(), engine.RunFilter{Statuses: []engine.Status{engine.Pending}})
	if err != nil || len(left) != 50 {
		t.Errorf("%d runs are left, %v, want 50", len(left), err)
	}
}

// TestBulkBeginsWithParents holds that a parent does not go on because its children were cancelled first.
func TestBulkBeginsWithParents(t *testing.T) {
	t.Parallel()
	const child engine.Name[count, int64] = "child"
	parent := engine.Workflow[count, int64]{Name: "parent", Steps: []engine.Step[count]{
		{Name: "spawn", Do: func(*engine.Context, *count) (engine.Transition, error) {
			return engine.Spawn(func(yield func(engine.Child) bool) {
				for i := range int64(40) { // more than are done at the same time
					if !yield(child.Child(count{N: i}, nil)) {
						return
					}
				}
			}, "join"), nil
		}},
		{Name: "join", Do: func(*engine.Context, *count) (engine.Transition, error) { return engine.Next(), nil }},
	}}
	eng := newEngine(t, parent, oneStep("child", func(*engine.Context, *count) (engine.Transition, error) {
		return engine.Sleep(time.Hour, "only"), nil
	}))
	run, err := parent.Name.Start(t.Context(), eng, count{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- eng.Serve(ctx) }()
	for waiting := 0; waiting < 41; {
		runs, err := eng.List(t.Context(), engine.RunFilter{Statuses: []engine.Status{engine.Waiting}})
		if err != nil {
			t.Fatal(err)
		}
		waiting = len(runs)
	}
	if tree, err := eng.List(t.Context(), engine.RunFilter{Parent: run.ID}); err != nil || len(tree) != 40 {
		t.Errorf("%d children, %v", len(tree), err)
	}
	if tree, err := eng.List(t.Context(), engine.RunFilter{Where: "root = 1 and parent = 1 and place < 2"}); err != nil || len(tree) != 2 {
		t.Errorf("%d children with a place below 2, %v", len(tree), err)
	}
	got, err := eng.CancelAll(t.Context(), engine.RunFilter{}, "no more")
	stop()
	if err != nil || len(got.Runs) != 41 || len(got.Errors) > 0 {
		t.Fatalf("%d runs, %v, %v", len(got.Runs), got.Errors, err)
	}
	if err := <-served; err != nil {
		t.Fatal(err)
	}
	if list := kinds(t, eng, run.ID); slices.Contains(list, "woken") || list[len(list)-1] != "cancelled" {
		t.Errorf("the parent's events are %v", list)
	}
}
