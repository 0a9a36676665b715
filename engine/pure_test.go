package engine_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/internal/fault"
	"github.com/durable-wf/wf/engine/internal/oslock"
)

// mustClimb checks that the history of a run is that of a climb: each visit's transition once, in order, with the
// state it came to.
func mustClimb(t testing.TB, eng *engine.Engine, id, n int64) {
	t.Helper()
	i, total := int64(0), int64(0)
	for _, ev := range history(t, eng, id) {
		if ev.Kind != "transition" {
			continue
		}
		i++
		total += i
		if want := fmt.Sprintf("i=%d total=%d", i, total); ev.Visit != int(i) || !strings.Contains(string(ev.Detail), want+`"`) {
			t.Fatalf("transition %d is of visit %d with %s, want %s", i, ev.Visit, ev.Detail, want)
		}
	}
	if i != n {
		t.Errorf("the history of run %d has %d transitions, want %d", id, i, n)
	}
}

// Pure steps share commits: a short chain has none but the last. Each has its event, and only the newest state is
// written.
func TestPureStepsShareCommits(t *testing.T) {
	t.Parallel()
	counts := fault.At(0, fault.BeforeCommit)
	eng := openEngineIn(t, fault.With(context.Background(), counts), engine.Config{Path: filepath.Join(t.TempDir(), "wf.db")}, climb(true, nil))
	commits := func(n int64) int64 {
		t.Helper()
		before := counts.Commits()
		if got, err := climbing.Run(t.Context(), eng, count{N: n}, nil); err != nil || got != n*(n+1)/2 {
			t.Fatalf("Run = %d, %v", got, err)
		}
		return counts.Commits() - before
	}
	if n := commits(900); n > 90 {
		t.Errorf("900 pure steps took %d commits", n)
	}
	mustClimb(t, eng, 1, 900)
	least := int64(100)
	for range 20 { // a machine that is busy makes it more
		least = min(least, commits(5))
	}
	if least != 1 {
		t.Errorf("a run of 5 pure steps took %d commits, want one", least)
	}
	mustClimb(t, eng, 21, 5)
}

// peeking is a workflow of 50 visits of a pure step and one of the last.
func peeking(last engine.Step[count], before func(*engine.Context, *count) error) engine.Workflow[count, int64] {
	w := climb(true, before)
	up := w.Steps[0].Do
	w.Steps[0].Do = func(ctx *engine.Context, s *count) (engine.Transition, error) {
		s.N = 1000
		if next, err := up(ctx, s); err != nil || s.I < 50 {
			return next, err
		}
		return engine.Goto("last"), nil
	}
	last.Name = "last"
	w.Steps = append(w.Steps, last)
	return w
}

// What others can see waits until every pure step before it is committed, as another connection shows.
func TestEffectsWaitForPureSteps(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]func(look func()) engine.Step[count]{
		"a step": func(look func()) engine.Step[count] {
			return engine.Step[count]{Do: func(*engine.Context, *count) (engine.Transition, error) {
				look()
				return engine.Next(), nil
			}}
		},
		"a recorded call": func(look func()) engine.Step[count] {
			return engine.Step[count]{Pure: true, Do: func(ctx *engine.Context, _ *count) (engine.Transition, error) {
				return engine.Next(), engine.Exec(ctx, "call", func(context.Context) error { look(); return nil })
			}}
		},
		"a folder": func(look func()) engine.Step[count] {
			return engine.Step[count]{Pure: true, Do: func(ctx *engine.Context, _ *count) (engine.Transition, error) {
				_, err := ctx.Folder()
				look()
				return engine.Next(), err
			}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, looked := filepath.Join(t.TempDir(), "wf.db"), 0
			w := peeking(last(func() {
				looked++
				visit, events := scalar(t, path, "SELECT visit FROM wf_runs"), scalar(t, path, "SELECT count(*) FROM wf_history WHERE kind = 'transition'")
				if visit != 51 || events != 50 {
					t.Errorf("while it happens visit %d is committed, with %d transitions; want 51 and 50", visit, events)
				}
			}), nil)
			eng := openEngine(t, engine.Config{Path: path}, w)
			if _, err := climbing.Run(t.Context(), eng, count{}, nil); err != nil || looked != 1 {
				t.Errorf("Run = %v, having looked %d times", err, looked)
			}
		})
	}
}

// An observer is told of pure steps as of others, each once what it comes from is committed.
func TestObserverSeesPureStepsCommitted(t *testing.T) {
	t.Parallel()
	const n = 30
	path := filepath.Join(t.TempDir(), "wf.db")
	d := &diary{}
	committed := func(what string, visit int, query string, want int64) {
		d.write("%s %d", what, visit)
		if got := scalar(t, path, query); got < want {
			t.Errorf("%s of visit %d was told of when %d of %d were committed", what, visit, got, want)
		}
	}
	eng := openEngine(t, engine.Config{Path: path, Observer: engine.Observer{
		StepStarted: func(r engine.Ref) {
			committed("begin", r.Visit, "SELECT max(visit) FROM wf_runs", int64(r.Visit))
		},
		StepEnded: func(e engine.StepEvent) {
			committed("end", e.Ref.Visit, "SELECT count(*) FROM wf_history WHERE kind IN ('transition', 'completed')", int64(e.Ref.Visit))
		},
	}}, climb(true, nil))
	if _, err := climbing.Run(t.Context(), eng, count{N: n}, nil); err != nil {
		t.Fatal(err)
	}
	var want []string
	for visit := range n + 1 {
		want = append(want, fmt.Sprintf("begin %d", visit+1), fmt.Sprintf("end %d", visit+1))
	}
	if got := d.read(); !slices.Equal(got, want) {
		t.Errorf("told of %q", got)
	}
}

// P3: a pure step that fails falls back to the checkpoint before it, which is committed with its failure.
func TestPureStepFails(t *testing.T) {
	t.Parallel()
	var seen []int64
	w := climb(true, func(_ *engine.Context, s *count) error {
		if s.I < 9 {
			return nil
		}
		seen = append(seen, s.Total)
		s.Total = 0
		return errors.New("too high")
	})
	w.Steps[0].Retry = engine.Retry{Attempts: 2, Initial: time.Millisecond}
	eng := newEngine(t, w)
	_, err := climbing.Run(t.Context(), eng, count{N: 20}, nil)
	var failed *engine.RunError
	if !errors.As(err, &failed) || failed.Status != engine.Failed || !slices.Equal(seen, []int64{45, 45}) {
		t.Errorf("Run = %v, having seen %v; want it failed and 45 seen twice", err, seen)
	}
	if s, err := climbing.State(t.Context(), eng, 1); err != nil || s.I != 9 || s.Total != 45 {
		t.Errorf("state = %+v, %v; want that of the ninth step", s, err)
	}
	mustClimb(t, eng, 1, 9)
	if got := kinds(t, eng, 1)[10:]; !slices.Equal(got, []string{"attempt", "claimed", "attempt", "failed"}) {
		t.Errorf("the history ends with %q", got)
	}
}

// A pause, a cancel and a shutdown commit what is ahead: nothing that was done is lost.
func TestStopCommitsWhatIsAhead(t *testing.T) {
	t.Parallel()
	for _, by := range []engine.Status{engine.Suspended, engine.Paused, engine.Cancelled} {
		t.Run(string(by), func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var eng *engine.Engine
			eng = newEngine(t, climb(true, func(c *engine.Context, s *count) error {
				if s.I < 40 {
					return nil
				}
				id := c.Run().ID // which is in the file then
				switch by {
				case engine.Paused:
					go eng.Pause(ctx, id, "a moment") //nolint:errcheck // the status shows it
				case engine.Cancelled:
					go eng.Cancel(ctx, id, "enough") //nolint:errcheck // the status shows it
				default:
					stop()
				}
				<-c.Done()
				return context.Cause(c)
			}))
			_, err := climbing.Run(ctx, eng, count{N: 100}, nil)
			run, getErr := eng.Get(t.Context(), 1)
			if getErr != nil || run.Status != by || run.Visit != 41 {
				t.Errorf("Run = %v; it is %s in visit %d, %v; want %s in 41", err, run.Status, run.Visit, getErr, by)
			}
			mustClimb(t, eng, 1, 40)
		})
	}
}

// P5: what a deposed owner is ahead of changes nothing, and no effect follows it.
func TestDeposedOwnerIsAheadInVain(t *testing.T) {
	t.Parallel()
	cfg := engine.Config{Path: filepath.Join(t.TempDir(), "wf.db")}
	there, goOn := make(chan bool), make(chan bool)
	var effects, visits atomic.Int64
	last := engine.Step[count]{Do: func(*engine.Context, *count) (engine.Transition, error) {
		effects.Add(1)
		return engine.Next(), nil
	}}
	heir := openEngine(t, cfg, peeking(last, nil))
	owner := openEngine(t, cfg, peeking(last, func(ctx *engine.Context, s *count) error {
		if visits.Add(1) == 40 {
			_ = ctx.Run() // which is in the file then
			there <- true
			<-goOn
		}
		return nil
	}))
	ended := make(chan error, 1)
	go func() { // ends with the run
		_, err := climbing.Run(context.Background(), owner, count{}, nil)
		ended <- err
	}()
	<-there
	if err := owner.Abandon(); err != nil {
		t.Fatal(err)
	}
	run, err := heir.Execute(t.Context(), 1, nil)
	if err != nil || run.Status != engine.Completed {
		t.Fatalf("Execute = %s, %v; want completed", run.Status, err)
	}
	close(goOn)
	if err := <-ended; !errors.Is(err, engine.ErrLeaseLost) {
		t.Errorf("Run = %v, want ErrLeaseLost", err)
	}
	if n := effects.Load(); n != 1 {
		t.Errorf("the effect happened %d times, want once", n)
	}
	if after, err := heir.Get(t.Context(), 1); err != nil || after.Seq != run.Seq {
		t.Errorf("run = seq %d, %v; want seq %d", after.Seq, err, run.Seq)
	}
	mustClimb(t, heir, 1, 50)
}

// The disk stands still: pure steps run ahead of it by their window, and not farther; then they go on.
func TestPureStepsStopAtTheirWindow(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		note        int // bytes
		pause       time.Duration
		least, most int64
	}{
		"transitions": {least: 1000, most: 1000},
		"bytes":       {note: 15 << 10, least: 60, most: 80},
		"time":        {pause: 300 * time.Millisecond, least: 2, most: 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "wf.db")
			var done, stopped atomic.Int64
			free := func() {}
			w := engine.Workflow[count, int64]{Name: "window", Steps: []engine.Step[count]{{Name: "only", Pure: true,
				Do: func(ctx *engine.Context, s *count) (engine.Transition, error) {
					switch {
					case s.I == 0:
						free = holdTurn(t, path)
					case s.I == test.most+1:
						return engine.Done(s.I), nil
					case test.pause > 0:
						<-time.After(test.pause)
					}
					if test.note > 0 {
						ctx.Annotate("note", strings.Repeat("x", test.note))
					}
					s.I++
					done.Store(s.I)
					return engine.Repeat(), nil
				}}}}
			eng := openEngine(t, engine.Config{Path: path}, w)
			go func() { // ends once the step stands still, or at the latest after 10 s
				last := int64(0)
				for range 20 {
					<-time.After(500 * time.Millisecond)
					if now := done.Load(); now == last && now > 0 {
						break
					} else {
						last = now
					}
				}
				stopped.Store(done.Load())
				free()
			}()
			if got, err := w.Name.Run(t.Context(), eng, count{}, nil); err != nil || got != test.most+1 {
				t.Fatalf("Run = %d, %v", got, err)
			}
			if n := stopped.Load(); n < test.least || n > test.most {
				t.Errorf("while nothing could be written %d steps were done, want %d to %d", n, test.least, test.most)
			}
		})
	}
}

// holdTurn lets nobody write to the file until free is called.
func holdTurn(t *testing.T, path string) (free func()) {
	dir, err := oslock.Folder(path)
	if err != nil {
		t.Error(err)
		return func() {}
	}
	turn, err := oslock.OpenTurn(dir)
	if err == nil {
		err = turn.Take(context.Background(), func(int) {})
	}
	if err != nil {
		t.Error(err)
		return func() {}
	}
	return func() {
		if err := errors.Join(turn.Give(), turn.Close()); err != nil {
			t.Error(err)
		}
	}
}

// A run whose first step is pure is in the file as soon as anybody could ask for it: the step itself, by its number,
// its folder, its signal or its log, and whoever looks a little later.
func TestPureRunComesIntoTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	for name, ask := range map[string]func(*engine.Context) error{
		"number":  func(ctx *engine.Context) error { _ = ctx.Run(); return nil },
		"log":     func(ctx *engine.Context) error { ctx.Log().Debug("here"); return nil },
		"folder":  func(ctx *engine.Context) error { _, err := ctx.Folder(); return err },
		"save":    func(ctx *engine.Context) error { return ctx.Save() },
		"records": func(ctx *engine.Context) error { _, _, err := engine.Recorded[int](ctx, "x"); return err },
		"children": func(ctx *engine.Context) error {
			for _, err := range ctx.Children() {
				return err
			}
			return nil
		},
		"time": func(*engine.Context) error { return nil },
	} {
		w := oneStep(name, func(ctx *engine.Context, s *count) (engine.Transition, error) {
			err := ask(ctx)
			n := int64(0)
			for begun := time.Now(); n == 0 && (name == "time" || name == "save") && time.Since(begun) < 10*time.Second; {
				n = scalar(t, path, "SELECT count(*) FROM wf_runs WHERE workflow = '"+name+"' AND status = 'running'")
			}
			if n == 0 {
				n = scalar(t, path, "SELECT count(*) FROM wf_runs WHERE workflow = '"+name+"' AND status = 'running'")
			}
			return engine.Done(n), err
		})
		w.Steps[0].Pure = true
		eng := openEngine(t, engine.Config{Path: path, Checkpoint: engine.Checkpoint{Every: 1}}, w)
		if n, err := w.Name.Run(t.Context(), eng, count{}, nil); err != nil || n != 1 {
			t.Errorf("%s: Run = %d, %v; want the run there", name, n, err)
		}
	}
}

// A run that begins before it is in the file waits all the same if its queue has no place, or its disk no space.
func TestPureRunThatMayNotExecute(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan bool, 10), make(chan bool)
	w := climb(true, nil)
	hold := oneStep("hold", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
		begun <- true
		<-goOn
		return engine.Done(int64(1)), nil
	})
	eng := newEngine(t, w, hold)
	if _, err := eng.SetQueue(t.Context(), engine.DefaultQueue, engine.QueueOptions{Concurrency: new(1)}); err != nil {
		t.Fatal(err)
	}
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { // ends with the run
		_, err := hold.Name.Run(context.Background(), eng, count{}, nil)
		first <- err
	}()
	<-begun
	go func() { // ends with the run
		got, err := climbing.Run(context.Background(), eng, count{N: 3}, nil)
		if err == nil && got != 6 {
			err = fmt.Errorf("got %d", got)
		}
		second <- err
	}()
	for ticks := eng.Watch(t.Context()); ; <-ticks {
		if list, err := eng.List(t.Context(), engine.RunFilter{Statuses: []engine.Status{engine.Pending}}); err != nil || len(list) == 1 {
			break
		}
	}
	close(goOn)
	if err := errors.Join(<-first, <-second); err != nil {
		t.Error(err)
	}
	mustClimb(t, eng, 2, 3)
	if first, err := eng.Get(t.Context(), 1); err != nil || history(t, eng, 2)[1].Time.Before(first.Ended) {
		t.Errorf("it began while the first had not ended: %v", err)
	}
}

// A run that cannot be created says so, and what it has come to is nowhere.
func TestPureRunThatCannotBeCreated(t *testing.T) {
	t.Parallel()
	for _, moment := range []fault.Moment{fault.BeforeCommit, fault.AfterCommit} {
		path := filepath.Join(t.TempDir(), "wf.db")
		dying, err := engine.Open(fault.With(context.Background(), fault.At(2, moment)), engine.Config{Path: path}, climb(true, nil))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := climbing.Run(t.Context(), dying, count{N: 3}, nil); err == nil {
			t.Error("Run = nil, though its engine has died")
		}
		if err := dying.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		runs := scalar(t, path, "SELECT count(*) FROM wf_runs WHERE status = 'completed'")
		all := scalar(t, path, "SELECT count(*) FROM wf_runs")
		if want := int64(moment); runs != want || all != want { // it was the commit that holds it all
			t.Errorf("dead on side %d of the commit: %d runs of %d completed, want %d", moment, runs, all, want)
		}
	}
}

// What is submitted while the writer creates the run that it belongs to does not touch what the writer writes then: the race
// detector sees it.
func TestRunIsSubmittedWhileItIsCreated(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, climb(true, func(_ *engine.Context, s *count) error {
		for begun := time.Now(); s.I%2 == 0 && time.Since(begun) < 6*time.Millisecond; { // now and then the last step ends just then
			runtime.Gosched()
		}
		return nil
	}))
	var wg sync.WaitGroup
	for n := range int64(40) {
		wg.Go(func() {
			if got, err := climbing.Run(t.Context(), eng, count{N: n % 5}, nil); err != nil || got != (n%5)*(n%5+1)/2 {
				t.Errorf("Run = %d, %v", got, err)
			}
		})
	}
	wg.Wait()
}
