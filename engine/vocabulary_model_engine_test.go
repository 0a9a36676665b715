package engine_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	diffs "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/internal/clock"
)

const (
	tales engine.Name[tale, []string] = "tales"
	sigX  engine.Signal[int]          = "x"
	sigY  engine.Signal[int]          = "y"
	sigM  engine.Signal[int]          = "m"
)

var taleSignals = map[string]engine.Signal[int]{"x": sigX, "y": sigY, "m": sigM}

// taleFlow is the workflow that interprets programs.
func taleFlow() engine.Workflow[tale, []string] {
	note := func(text func(*engine.Context) (string, error)) func(*engine.Context, *tale) (engine.Transition, error) {
		return func(ctx *engine.Context, s *tale) (engine.Transition, error) {
			line, err := text(ctx)
			s.Log = append(s.Log, line)
			return engine.Goto("do"), err
		}
	}
	steps := []engine.Step[tale]{
		{Name: "do", Do: interpret, Retry: engine.Retry{Attempts: 2, Initial: time.Minute, Jitter: -1}},
		{Name: "pay", Do: note(func(ctx *engine.Context) (string, error) { return fmt.Sprint("pay@", ctx.Run().Visit), nil }),
			Undo: func(ctx *engine.Context, s *tale) error {
				s.Log = append(s.Log, fmt.Sprint("refund@", ctx.Run().Visit))
				return nil
			}},
		{Name: "late", Do: note(func(*engine.Context) (string, error) { return "late", nil })},
		{Name: "join", Do: func(ctx *engine.Context, s *tale) (engine.Transition, error) {
			for k, err := range ctx.Children() {
				if err != nil {
					return engine.Transition{}, err
				}
				s.Log = append(s.Log, string(k.Status))
			}
			return engine.Goto("do"), nil
		}},
	}
	w := engine.Workflow[tale, []string]{Name: tales, Steps: steps}
	for _, name := range []string{"x", "y", "m"} {
		sig := taleSignals[name]
		w.Signals = append(w.Signals, sig)
		w.Steps = append(w.Steps, engine.Step[tale]{Name: "h" + name, Do: func(ctx *engine.Context, s *tale) (engine.Transition, error) {
			n, err := sig.Payload(ctx)
			if name != "m" {
				s.Log = append(s.Log, fmt.Sprint(name, n))
			}
			s.Log = append(s.Log, "h"+name)
			return engine.Goto("do"), err
		}})
	}
	return w
}

// interpret executes the next instruction.
func interpret(ctx *engine.Context, s *tale) (engine.Transition, error) {
	if s.PC == len(s.Prog) {
		return tales.Done(s.Log), nil
	}
	o := s.Prog[s.PC]
	s.PC++
	switch o.Do {
	case "sleep":
		return engine.Sleep(o.For, "do"), nil
	case "later":
		return engine.Sleep(o.For, "pay"), nil
	case "pay":
		return engine.Goto("pay"), nil
	case "send":
		return engine.Goto("do").Send(sigM.To(o.To, 1)), nil
	case "await":
		t := taleSignals[o.On[0]].Await("h" + o.On[0])
		for _, name := range o.On[1:] {
			t = t.Or(taleSignals[name], "h"+name)
		}
		return within(t, o.For), nil
	case "kids":
		return spawnTales(o), nil
	case "fail":
		return engine.Transition{}, engine.Permanent(errors.New("as it was told"))
	case "fragile":
		if ctx.Run().Attempt == 1 {
			return engine.Transition{}, engine.Permanent(errors.New("until somebody mends it"))
		}
	case "flaky":
		if ctx.Run().Attempt == 1 {
			return engine.Transition{}, errors.New("once")
		}
	}
	s.Log = append(s.Log, o.Do)
	return engine.Goto("do"), nil
}

func within(t engine.Transition, d time.Duration) engine.Transition {
	if d > 0 {
		return t.Within(d, "late")
	}
	return t
}

func spawnTales(o op) engine.Transition {
	var kids []engine.Child
	for _, prog := range o.Kids {
		kids = append(kids, tales.Child(tale{Prog: prog}, nil))
	}
	t := engine.Spawn(slices.Values(kids), "join")
	if o.Limit > 0 {
		t = t.Limit(o.Limit)
	}
	if o.Fast {
		t = t.FailFast()
	}
	return within(t, o.For)
}

// stage is an engine on a real file and a virtual clock, and the model of both.
type stage struct {
	story
	t     *rapid.T
	path  string
	clock *clock.Clock
	eng   *engine.Engine
	stop  func()
	dead  []*engine.Engine
	odd   int // makes durations differ, so that no two things are due at one instant
}

// The whole vocabulary, in any order, does what a model of it does that knows no database: after every action,
// each run has the status, the step, the log, the wait, the due time and the mailbox that the model predicts.
func TestVocabularyModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "vocabulary")
		if err != nil {
			rt.Fatal(err)
		}
		s := &stage{t: rt, path: filepath.Join(dir, "wf.db"), clock: clock.New(noon), story: story{now: noon}}
		s.open()
		defer s.close()
		actions := map[string]func(){
			"start": s.start, "early": s.early, "signal": s.signal, "word": s.signal, "pass": s.pass, "jump": s.jump,
			"pause": s.pause, "resume": s.goOn, "cancel": s.cancel, "retry": s.retry, "fork": s.fork, "queue": s.pauseQueue,
			"crash": s.crash, "reopen": s.reopen,
		}
		var names []string
		for name := range actions {
			names = append(names, name)
		}
		slices.Sort(names)
		s.start()
		s.compare()
		for range rapid.IntRange(1, 4).Draw(rt, "actions") {
			actions[rapid.SampledFrom(names).Draw(rt, "action")]()
			s.compare()
		}
		found := func(f engine.Finding) { rt.Errorf("found %v", f) }
		s.must(errors.Join(s.eng.Check(t.Context(), found), s.eng.Verify(t.Context(), 0, found)))
	})
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) open() {
	eng, err := engine.Open(clock.With(context.Background(), s.clock), engine.Config{Path: s.path, Workers: 4}, taleFlow())
	s.must(err)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- eng.Serve(ctx) }()
	s.eng = eng
	s.stop = func() {
		stop()
		if err := <-served; err != nil && len(s.dead) == 0 {
			s.t.Errorf("Serve: %v", err)
		}
	}
	for {
		workers, err := eng.Workers(ctx)
		s.must(err)
		if slices.ContainsFunc(workers, func(w engine.Worker) bool { return w.Alive }) {
			return
		}
		time.Sleep(100 * time.Microsecond)
	}
}

func (s *stage) close() {
	s.stop()
	for _, eng := range append(s.dead, s.eng) {
		if err := eng.Close(); err != nil {
			s.t.Errorf("Close: %v", err)
		}
	}
	s.dead = nil
}

func (s *stage) reopen() { s.close(); s.open() }

func (s *stage) crash() {
	s.must(s.eng.Abandon())
	s.dead = append(s.dead, s.eng)
	s.stop()
	s.open()
}

// length draws a duration unlike all others.
func (s *stage) length() time.Duration {
	s.odd++
	return time.Duration(rapid.IntRange(1, 9).Draw(s.t, "minutes"))*time.Minute + time.Duration(s.odd*s.odd)*time.Millisecond
}

// program draws a program. deep says whether it may have children.
func (s *stage) program(deep bool) (prog []op) {
	kinds := []string{"sleep", "later", "pay", "await", "await", "flaky", "fragile", "fail", "send"}
	if deep {
		kinds = append(kinds, "kids", "kids", "kids")
	}
	for range rapid.IntRange(0, 4).Draw(s.t, "length") {
		o := op{Do: rapid.SampledFrom(kinds).Draw(s.t, "op")}
		switch o.Do {
		case "sleep", "later":
			o.For = s.length()
		case "await":
			o.On = rapid.SampledFrom([][]string{{"x"}, {"y"}, {"x", "y"}, {"m"}}).Draw(s.t, "on")
			if o.On[0] != "m" && rapid.Bool().Draw(s.t, "within") {
				o.For = s.length()
			}
		case "send":
			if len(s.runs) == 0 {
				continue
			}
			o.To = rapid.SampledFrom(s.runs).Draw(s.t, "to").id
		case "kids":
			s.kids(&o)
		}
		prog = append(prog, o)
	}
	return prog
}

func (s *stage) kids(o *op) {
	o.Limit = rapid.IntRange(0, 2).Draw(s.t, "at a time")
	if rapid.Bool().Draw(s.t, "within") {
		o.For = s.length()
	}
	o.Fast = rapid.Bool().Draw(s.t, "fail fast")
	for range rapid.IntRange(1, 3).Draw(s.t, "kids") {
		if o.Fast {
			o.Kids = append(o.Kids, []op{{Do: "sleep", For: s.length()}})
			continue
		}
		o.Kids = append(o.Kids, s.program(false))
	}
	if o.Fast {
		o.Kids[0] = append(o.Kids[0], op{Do: "fail"})
	}
}

// early starts a run and sends it a signal before it awaits one.
func (s *stage) early() {
	s.begin([]op{{Do: "sleep", For: s.length()}, {Do: "await", On: []string{"x", "y"}}})
	s.compare()
	s.signalTo(s.runs[len(s.runs)-1])
	s.compare()
	s.pass()
}

func (s *stage) start() { s.begin(s.program(true)) }

func (s *stage) begin(prog []op) {
	opts := &engine.StartOptions{Queue: rapid.SampledFrom([]string{"", "q"}).Draw(s.t, "queue")}
	r := &told{tale: tale{Prog: prog}, status: engine.Pending, step: "do", visit: 1, queue: opts.Queue}
	if rapid.IntRange(0, 3).Draw(s.t, "deadline") == 3 {
		opts.Deadline = s.length()
		r.deadline = s.now.Add(opts.Deadline)
	}
	run, err := tales.Start(context.Background(), s.eng, r.tale, opts)
	s.must(err)
	r.id = run.ID
	s.add(r)
}

func (s *stage) pick() *told { return rapid.SampledFrom(s.runs).Draw(s.t, "run") }

func (s *stage) signal() { s.signalTo(s.pick()) }

func (s *stage) signalTo(r *told) {
	l := letter{rapid.SampledFrom([]string{"x", "y"}).Draw(s.t, "signal"), rapid.IntRange(1, 3).Draw(s.t, "n")}
	key := rapid.SampledFrom([]string{"", "", "k"}).Draw(s.t, "key")
	err := taleSignals[l.Name].Send(context.Background(), s.eng, r.id, l.N, &engine.SendOptions{Key: key})
	if ended := r.status.Ended(); errors.Is(err, engine.ErrRunEnded) != ended || err != nil && !ended {
		s.t.Fatalf("Send to a run that is %s: %v", r.status, err)
	}
	s.deliver(r, l, key)
}

func (s *stage) pass() {
	d := s.length()
	s.must(s.clock.Advance(s.t.Context(), d, nil))
	s.advance(d)
}

// jump sets the clock: back, or forth as far as the order of what is due then does not matter.
func (s *stage) jump() {
	d := s.length()
	if rapid.Bool().Draw(s.t, "back") {
		d = -d
	}
	for _, r := range s.runs {
		if d > 0 && (r.spawns > 0 || r.parent != nil) {
			d = -d
		}
	}
	s.now = s.now.Add(d)
	s.clock.Set(s.now)
}

func (s *stage) pause() {
	r := s.pick()
	_, err := s.eng.Pause(context.Background(), r.id, "model")
	if (err == nil) == r.status.Ended() {
		s.t.Fatalf("Pause of a run that is %s: %v", r.status, err)
	}
	if err == nil {
		r.status = engine.Paused
	}
}

func (s *stage) goOn() {
	r := s.pick()
	_, err := s.eng.Resume(context.Background(), r.id, nil)
	if (err == nil) == r.status.Ended() {
		s.t.Fatalf("Resume of a run that is %s: %v", r.status, err)
	}
	if err == nil {
		s.resume(r)
	}
}

func (s *stage) cancel() {
	r := s.pick()
	_, err := s.eng.Cancel(context.Background(), r.id, "model")
	refused := r.status == engine.Completed || r.status == engine.Failed
	if (err == nil) == refused {
		s.t.Fatalf("Cancel of a run that is %s: %v", r.status, err)
	}
	if !r.status.Ended() {
		s.end(r, engine.Cancelled)
	}
}

func (s *stage) retry() {
	r := s.pick()
	if r.overdue {
		return
	}
	_, err := s.eng.Retry(context.Background(), r.id, nil)
	_, undone := errors.AsType[*engine.UndoneError](err)
	failed := r.status == engine.Failed
	if undone != (failed && r.undone) || (err == nil) != (failed && !r.undone) {
		s.t.Fatalf("Retry of a run that is %s, undone %v: %v", r.status, r.undone, err)
	}
	if err == nil {
		r.status = engine.Pending
		if !s.now.Before(r.deadline) {
			r.deadline = time.Time{}
		}
	}
}

func (s *stage) fork() {
	r := s.pick()
	if r.status == engine.Cancelled || r.overdue || r.wait == "limit" {
		return
	}
	run, err := s.eng.Fork(context.Background(), r.id, nil)
	if refused := r.status == engine.Completed || r.wait == "children"; (err == nil) == refused {
		s.t.Fatalf("Fork of a run that is %s for %q: %v", r.status, r.wait, err)
	}
	if err != nil {
		return
	}
	f := s.add(&told{tale: tale{r.Prog, r.PC, slices.Clone(r.Log)}, id: run.ID, status: engine.Pending, step: r.step, visit: r.visit, queue: r.queue})
	if r.wait == "signal" || r.wait == "timer" {
		f.status, f.wait, f.due, f.otherway, f.on = engine.Waiting, r.wait, r.due, r.otherway, r.on
	}
	if !run.Deadline.IsZero() {
		f.deadline = run.Deadline
	}
}

func (s *stage) pauseQueue() {
	do := s.eng.ResumeQueue
	if s.paused = !s.paused; s.paused {
		do = func(ctx context.Context, name string) (engine.Queue, error) {
			return s.eng.PauseQueue(ctx, name, "model")
		}
	}
	_, err := do(context.Background(), "q")
	s.must(err)
}

// sight is what is compared of a run.
type sight struct {
	Status engine.Status
	Step   string
	Visit  int
	Kind   string
	Due    time.Time
	Log    []string
	Mail   []letter
	Undos  []int
}

// compare lets both come to rest and compares all runs.
func (s *stage) compare() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s.must(s.clock.Settle(ctx, nil))
	s.settle()
	list, err := s.eng.List(ctx, engine.RunFilter{})
	s.must(err)
	slices.SortFunc(list, func(a, b engine.Run) int { return cmp.Compare(a.ID, b.ID) })
	s.recognize(list)
	if len(list) != len(s.runs) {
		s.t.Fatalf("%d runs, want %d", len(list), len(s.runs))
	}
	for _, run := range list {
		r := s.byID(run.ID)
		if diff := diffs.Diff(s.expected(r), s.seen(ctx, run.ID, r), diffs.Transformer("empty", func(l []string) string { return fmt.Sprint(l) })); diff != "" {
			s.t.Fatalf("run %d, %v (-want +got):\n%s", run.ID, r.Prog, diff)
		}
	}
}

// recognize gives the children of the model their numbers: they come in the order of their spawning.
func (s *stage) recognize(list []engine.Run) {
	nth := map[int64]int{}
	for _, run := range list {
		if run.Parent == 0 {
			continue
		}
		p := s.byID(run.Parent)
		if nth[run.Parent] == len(p.kids) {
			s.t.Fatalf("run %d has a child too many", p.id)
		}
		p.kids[nth[run.Parent]].id = run.ID
		nth[run.Parent]++
	}
}

func (s *stage) expected(r *told) sight {
	v := sight{Status: r.status, Step: r.step, Visit: r.visit, Kind: r.wait, Due: r.due, Log: r.Log}
	if !r.status.Ended() {
		v.Mail = append(v.Mail, r.mail...)
	} else if r.status != engine.Completed {
		v.Undos = append(v.Undos, r.pays...)
		slices.Reverse(v.Undos)
	}
	return v.blurred(r, s.held(r))
}

// blurred leaves out what depends on who is faster.
func (v sight) blurred(r *told, held bool) sight {
	if r.loose && r.status.Ended() {
		return sight{Status: v.Status}
	}
	if r.overdue { // a wait that was over, too, may have led elsewhere before
		v.Step = ""
	}
	if held && v.Status == engine.Waiting { // it may have become due
		v.Due = time.Time{}
	}
	return v
}

func (s *stage) seen(ctx context.Context, id int64, r *told) sight {
	run, err := s.eng.Get(ctx, id)
	s.must(err)
	v := sight{Status: run.Status, Step: run.Step, Visit: run.Visit, Kind: run.Waiting.Kind, Due: run.Due}
	if run.Status == engine.Completed {
		s.must(json.Unmarshal(run.Result, &v.Log))
	} else {
		var state tale
		s.must(json.Unmarshal(run.State, &state))
		v.Log = state.Log
	}
	if !run.Status.Ended() {
		mail, err := s.eng.Signals(ctx, id, 0, 100)
		s.must(err)
		for _, d := range mail {
			if l := (letter{Name: d.Name}); d.Visit == 0 {
				s.must(json.Unmarshal(d.Payload.Data, &l.N))
				v.Mail = append(v.Mail, l)
			}
		}
	} else if run.Status != engine.Completed {
		undos, err := s.eng.Undos(ctx, id)
		s.must(err)
		for _, u := range undos {
			if u.State == engine.UndoDone {
				v.Undos = append(v.Undos, u.Visit)
			}
		}
	}
	return v.blurred(r, s.held(r))
}
