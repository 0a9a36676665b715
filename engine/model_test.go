package engine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/durable-wf/wf/engine"
)

// play is the state of the workflow that the model plays with.
type play struct {
	N     int   `json:"n"`
	I     int   `json:"i"`
	Calls []int `json:"calls"` // results of recorded calls; each is drawn once in the world
}

const playing engine.Name[play, []int] = "playing"

// deed is what a step does before it says what happens next.
type deed string

// part is what one attempt does: deeds, and then its end.
type part struct {
	Deeds []deed
	End   string
}

// modelRun is what is expected of a run.
type modelRun struct {
	engine.Run // the fields that facts compares

	state    play  // committed
	recorded []int // results of calls in this visit that no checkpoint covers
	kinds    []string
	started  bool
}

// model is an engine on a real file, and what is expected of it.
type model struct {
	t    *rapid.T
	path string
	eng  *engine.Engine
	dead []*engine.Engine // abandoned, not yet closed

	script []part             // what the run under way does
	stop   context.CancelFunc // asks its execution to stop
	drawn  int                // recorded calls made in the world
	runs   map[int64]*modelRun
	keys   map[string]int64
	inputs map[string]int
}

func TestModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "model")
		if err != nil {
			rt.Fatal(err)
		}
		m := &model{t: rt, path: filepath.Join(dir, "wf.db"), runs: map[int64]*modelRun{}, keys: map[string]int64{}, inputs: map[string]int{}}
		m.open()
		defer m.close()
		rt.Repeat(map[string]func(*rapid.T){
			"start":   m.start,
			"bad":     m.startBad,
			"execute": m.execute,
			"again":   m.execute, // what the others are for
			"pause":   m.pause,
			"resume":  m.resume,
			"cancel":  m.cancel,
			"reopen":  m.reopen,
			"prune":   m.prune,
			"check":   m.check,
		})
		m.check(rt)
	})
}

func (m *model) open() {
	do := func(ctx *engine.Context, s *play) (engine.Transition, error) { return m.act(ctx, s) }
	eng, err := engine.Open(context.Background(), engine.Config{Path: m.path}, engine.Workflow[play, []int]{
		Name: playing, Checkpoint: engine.Checkpoint{Every: 1},
		Validate: func(s *play) error {
			if s.N < 0 {
				return errors.New("n must not be negative")
			}
			return nil
		},
		Steps: []engine.Step[play]{
			{Name: "a", Do: do, Retry: engine.Retry{Attempts: 2, Initial: 1}},
			{Name: "b", Do: do, Retry: engine.Retry{Attempts: 2, Initial: 1}},
		},
	})
	if err != nil {
		m.t.Fatalf("Open: %v", err)
	}
	m.eng = eng
}

func (m *model) close() {
	for _, eng := range append(m.dead, m.eng) {
		if err := eng.Close(); err != nil {
			m.t.Errorf("Close: %v", err)
		}
	}
	m.dead = nil
}

// act is the step function: it follows the script, and does not care for errors.
func (m *model) act(ctx *engine.Context, s *play) (engine.Transition, error) {
	p := m.script[0]
	m.script = m.script[1:]
	for _, d := range p.Deeds {
		switch d {
		case "count":
			s.I++
		case "call":
			v, err := engine.Do(ctx, "draw", func(context.Context) (int, error) { m.drawn++; return m.drawn, nil })
			if err != nil {
				m.t.Errorf("Do: %v", err)
			}
			s.Calls = append(s.Calls, v)
		case "save":
			if err := ctx.Save(); err != nil {
				m.t.Errorf("Save: %v", err)
			}
		}
	}
	return m.end(ctx, s, p.End)
}

func (m *model) end(ctx *engine.Context, s *play, end string) (engine.Transition, error) {
	id := ctx.Run().ID
	switch end {
	case "next":
		return engine.Next(), nil
	case "a", "b":
		return engine.Goto(end), nil
	case "repeat":
		return engine.Repeat(), nil
	case "block":
		return engine.Goto("c"), nil
	case "fail":
		return engine.Transition{}, errors.New("failed")
	case "permanent":
		return engine.Transition{}, engine.Permanent(errors.New("failed"))
	case "pause", "cancel", "stop":
		var err error
		switch end {
		case "pause":
			_, err = m.eng.Pause(context.Background(), id, "model")
		case "cancel":
			_, err = m.eng.Cancel(context.Background(), id, "model")
		default:
			m.stop()
		}
		if err != nil {
			m.t.Errorf("%s of a running run: %v", end, err)
		}
		<-ctx.Done()
		if err := ctx.Save(); !errors.Is(err, engine.ErrStopped) {
			m.t.Errorf("Save while it is to %s = %v, want ErrStopped", end, err)
		}
		s.I = -1 // what a careless author does now must not count
	case "die":
		m.die(ctx, s, id)
	}
	return engine.Done(s.Calls), nil
}

// die lets the engine look dead, another one execute the run to the end of the script, and then the
// old one go on as if nothing had happened.
func (m *model) die(ctx *engine.Context, s *play, id int64) {
	if err := m.eng.Abandon(); err != nil {
		m.t.Errorf("Abandon: %v", err)
	}
	m.dead = append(m.dead, m.eng)
	m.open()
	m.run(id)
	s.I = -1
	if err := ctx.Save(); !errors.Is(err, engine.ErrLeaseLost) {
		m.t.Errorf("Save of a deposed owner = %v, want ErrLeaseLost", err)
	}
}

// run executes a run until it leaves the engine. An engine that died with it must say that it is lost.
func (m *model) run(id int64) {
	var ctx context.Context
	ctx, m.stop = context.WithCancel(context.Background())
	defer m.stop()
	eng := m.eng
	_, err := eng.Execute(ctx, id, &engine.ExecuteOptions{Return: true})
	if died := slices.Contains(m.dead, eng); died && !errors.Is(err, engine.ErrLeaseLost) || !died && err != nil {
		m.t.Errorf("Execute(%d) = %v, died %v", id, err, died)
	}
}

func (m *model) start(t *rapid.T) {
	key := rapid.SampledFrom([]string{"", "", "k1", "k2"}).Draw(t, "key")
	n := rapid.IntRange(0, 1).Draw(t, "n")
	run, err := playing.Start(context.Background(), m.eng, play{N: n}, &engine.StartOptions{Key: key})
	id, taken := m.keys[key]
	switch {
	case taken && m.inputs[key] != n:
		if !errors.Is(err, engine.ErrKeyConflict) {
			t.Fatalf("Start with a taken key = %v, want ErrKeyConflict", err)
		}
	case taken && m.runs[id] == nil:
		if !errors.Is(err, engine.ErrRunNotFound) {
			t.Fatalf("Start with the key of a pruned run = %v, want ErrRunNotFound", err)
		}
	case taken:
		if err != nil || run.ID != id {
			t.Fatalf("Start again = run %d, %v; want run %d", run.ID, err, id)
		}
	case err != nil:
		t.Fatalf("Start: %v", err)
	default:
		if key != "" {
			m.keys[key], m.inputs[key] = run.ID, n
		}
		m.runs[run.ID] = &modelRun{
			Run:   engine.Run{ID: run.ID, Key: key, Status: engine.Pending, Step: "a", Visit: 1},
			state: play{N: n}, kinds: []string{"created"},
		}
		m.compare(t, run.ID)
	}
}

func (m *model) startBad(t *rapid.T) {
	in := rapid.SampledFrom([]string{`{"n":-1}`, `{"x":1}`, `{"n":"many"}`, `[]`, `{`}).Draw(t, "input")
	_, err := m.eng.Start(context.Background(), string(playing), []byte(in), nil)
	if _, ok := errors.AsType[*engine.InputError](err); !ok {
		t.Fatalf("Start(%s) = %v, want an InputError", in, err)
	}
	m.compareAll(t)
}

// pick draws a run in one of the statuses.
func (m *model) pick(t *rapid.T, among ...engine.Status) *modelRun {
	var ids []int64
	for _, id := range slices.Sorted(maps.Keys(m.runs)) {
		if slices.Contains(among, m.runs[id].Status) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		t.Skip("no such run")
	}
	return m.runs[rapid.SampledFrom(ids).Draw(t, "run")]
}

func (m *model) execute(t *rapid.T) {
	r := m.pick(t, engine.Pending, engine.Suspended, engine.Waiting)
	deeds := rapid.SliceOfN(rapid.SampledFrom([]deed{"count", "call", "call", "save"}), 0, 4)
	goOn := rapid.SampledFrom([]string{"next", "a", "b", "repeat", "die"})
	last := rapid.SampledFrom([]string{"done", "fail", "fail", "permanent", "stop", "pause", "cancel", "block", "next"})
	for range rapid.IntRange(0, 2).Draw(t, "parts") {
		m.script = append(m.script, part{deeds.Draw(t, "deeds"), goOn.Draw(t, "go on")})
	}
	m.script = append(m.script, part{deeds.Draw(t, "deeds"), last.Draw(t, "end")})
	r.expect(m, slices.Clone(m.script))
	m.run(r.ID)
	m.script = nil
	m.compare(t, r.ID)
}

// expect plays the script on the model.
func (r *modelRun) expect(m *model, script []part) {
	drawn := m.drawn
	r.claim()
	for i := 0; ; i++ {
		p := script[i]
		if i == len(script)-1 && p.End == "next" && r.Step == "a" {
			m.script[i].End, p.End = "done", "done" // there is no part for step b
		}
		if p.End == "die" && r.Deaths == 2 {
			m.script[i].End, p.End = "repeat", "repeat" // more deaths are for the tests of crash loops
		}
		now := play{r.state.N, r.state.I, slices.Clone(r.state.Calls)}
		replay := r.recorded
		for _, d := range p.Deeds {
			switch d {
			case "count":
				now.I++
			case "call":
				if len(replay) == 0 {
					drawn++
					replay = []int{drawn}
					r.recorded = append(r.recorded, drawn)
					r.kinds = append(r.kinds, "call")
				}
				now.Calls = append(now.Calls, replay[0])
				replay = replay[1:]
			case "save":
				r.commit(now, "checkpoint")
				r.recorded = slices.Clone(replay)
				r.Saves++
			}
		}
		if !r.expectEnd(p.End, now, replay) {
			return
		}
	}
}

// expectEnd plays the end of an attempt on the model, and reports whether another one follows.
func (r *modelRun) expectEnd(end string, now play, left []int) bool {
	to := map[string]string{"a": "a", "b": "b", "repeat": r.Step, "next": "b"}[end]
	switch {
	case end == "done", end == "next" && r.Step == "b":
		r.commit(now, "completed")
		if end == "next" {
			now.Calls = nil
		}
		r.Status, r.Result = engine.Completed, []byte(rendered(now.Calls))
		return false
	case to != "":
		r.commit(now, "transition")
		r.Step, r.Visit, r.Attempt, r.recorded = to, r.Visit+1, 1, nil
		return true
	}
	switch end {
	case "die":
		r.Deaths++
		r.claim()
		return true
	case "fail", "permanent":
		r.kinds = append(r.kinds, "attempt")
		r.Failures++
		r.Status = engine.Waiting
		if end == "permanent" || r.Failures == 2 {
			r.Status = engine.Failed
			r.kinds = append(r.kinds, "failed")
		}
	case "block":
		r.commit(now, "blocked") // behind its step
		r.Status, r.recorded = engine.Blocked, nil
	case "pause", "cancel", "stop":
		r.commit(now, "checkpoint")
		r.recorded = slices.Clone(left)
		r.Saves++
		r.Status = map[string]engine.Status{"pause": engine.Paused, "cancel": engine.Cancelled, "stop": engine.Suspended}[end]
		r.kinds = append(r.kinds, string(r.Status))
	}
	return false
}

// rendered returns calls as JSON.
func rendered(calls []int) string {
	if calls == nil {
		return "null"
	}
	return strings.ReplaceAll(fmt.Sprint(calls), " ", ",")
}

func (r *modelRun) claim() {
	if r.started {
		r.kinds = append(r.kinds, "claimed")
	}
	r.started = true
	r.Status = engine.Running
	r.Attempt++
}

func (r *modelRun) commit(now play, kind string) {
	r.state = play{now.N, now.I, slices.Clone(now.Calls)}
	r.kinds = append(r.kinds, kind)
	r.Failures, r.Deaths = 0, 0
}

func (m *model) steer(t *rapid.T, r *modelRun, to engine.Status, fn func(context.Context, int64, string) (engine.Run, error)) {
	_, err := fn(context.Background(), r.ID, "model")
	switch {
	case r.Status == to:
		if err != nil {
			t.Fatalf("run %d is %s already: %v", r.ID, to, err)
		}
	case r.Status.CanBecome(to):
		if err != nil {
			t.Fatalf("run %d: %s to %s: %v", r.ID, r.Status, to, err)
		}
		r.Status = to
		r.kinds = append(r.kinds, string(to))
	default:
		refused, ok := errors.AsType[*engine.TransitionError](err)
		if !ok || refused.From != r.Status || refused.To != to || errors.Is(err, engine.ErrRunEnded) != r.Status.Ended() {
			t.Fatalf("run %d: %s to %s = %v, want a TransitionError", r.ID, r.Status, to, err)
		}
	}
	m.compare(t, r.ID)
}

func (m *model) pause(t *rapid.T) {
	m.steer(t, m.pick(t, engine.Statuses()...), engine.Paused, m.eng.Pause)
}
func (m *model) cancel(t *rapid.T) {
	m.steer(t, m.pick(t, engine.Statuses()...), engine.Cancelled, m.eng.Cancel)
}

func (m *model) resume(t *rapid.T) {
	r := m.pick(t, engine.Statuses()...)
	opts := &engine.ResumeOptions{From: rapid.SampledFrom([]string{"", "", "a", "b"}).Draw(t, "from")}
	_, err := m.eng.Resume(context.Background(), r.ID, opts)
	if r.Status.Ended() {
		if !errors.Is(err, engine.ErrRunEnded) {
			t.Fatalf("Resume(%d) of a run that has ended = %v", r.ID, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("Resume(%d): %v", r.ID, err)
	}
	moved := opts.From != "" && opts.From != r.Step
	if r.Status != engine.Pending || moved {
		r.kinds = append(r.kinds, "resumed")
		r.Failures, r.Deaths = 0, 0
	}
	r.Status = engine.Pending
	if moved {
		r.Step, r.Visit, r.Attempt, r.recorded = opts.From, r.Visit+1, 0, nil
	}
	m.compare(t, r.ID)
}

func (m *model) reopen(t *rapid.T) {
	m.close()
	m.open()
	m.compareAll(t)
}

func (m *model) prune(t *rapid.T) {
	want := engine.Removed{}
	for id, r := range m.runs {
		if r.Status.Ended() {
			want.Runs++
			want.Events += int64(len(r.kinds))
			delete(m.runs, id)
		}
	}
	got, err := m.eng.Prune(context.Background(), engine.Retention{})
	if got.Checkpoints, got.Bytes = 0, 0; err != nil || got != want {
		t.Fatalf("Prune = %+v, %v; want %+v", got, err, want)
	}
	m.compareAll(t)
}

func (m *model) check(t *rapid.T) {
	m.compareAll(t)
	found := func(f engine.Finding) { t.Errorf("found %v", f) }
	if err := errors.Join(m.eng.Check(context.Background(), found), m.eng.Verify(context.Background(), 0, found)); err != nil {
		t.Fatalf("Check: %v", err)
	}
}

func (m *model) compareAll(t *rapid.T) {
	list, err := m.eng.List(context.Background(), engine.RunFilter{})
	if err != nil || len(list) != len(m.runs) {
		t.Fatalf("List = %d runs, %v; want %d", len(list), err, len(m.runs))
	}
	for _, run := range list {
		m.compare(t, run.ID)
	}
}

// facts is what the model predicts of a run. Resume needs no more than the run's row.
type facts struct {
	Status                   engine.Status
	Step, Key, State, Result string
	Visit, Attempt           int
	Failures, Deaths         int
	Seq, Saves               int64
	Owned, Ended             bool
}

func factsOf(r *engine.Run) facts {
	return facts{
		Status: r.Status, Step: r.Step, Key: r.Key, State: string(r.State), Result: string(r.Result), Visit: r.Visit, Attempt: r.Attempt,
		Failures: r.Failures, Deaths: r.Deaths, Seq: r.Seq, Saves: r.Saves, Owned: r.Worker != 0, Ended: !r.Ended.IsZero(),
	}
}

func (m *model) compare(t *rapid.T, id int64) {
	t.Helper()
	got, err := m.eng.Get(context.Background(), id)
	if err != nil {
		t.Fatalf("Get(%d): %v", id, err)
	}
	r := m.runs[id]
	want := factsOf(&r.Run)
	want.Seq, want.Ended = int64(len(r.kinds)), r.Status.Ended()
	if r.Status != engine.Completed {
		want.State = fmt.Sprintf(`{"n":%d,"i":%d,"calls":%s}`, r.state.N, r.state.I, rendered(r.state.Calls))
	}
	if diff := cmp.Diff(want, factsOf(&got)); diff != "" {
		t.Fatalf("run %d (-want +got):\n%s", id, diff)
	}
	events, err := m.eng.History(context.Background(), engine.HistoryFilter{Run: id})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, ev := range events {
		kinds = append(kinds, ev.Kind)
	}
	if diff := cmp.Diff(r.kinds, kinds); diff != "" {
		t.Fatalf("history of run %d (-want +got):\n%s", id, diff)
	}
	if len(events) > 0 && string(events[len(events)-1].Hash) != string(got.Head) {
		t.Fatalf("run %d: its head is not the hash of its newest event", id)
	}
	seen := map[int]bool{}
	for _, v := range r.state.Calls {
		if seen[v] {
			t.Fatalf("run %d has the result of one call twice: %v", id, r.state.Calls)
		}
		seen[v] = true
	}
}
