package engine_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// calls is a Config.Hook that notes how it was called.
type calls struct {
	mu   sync.Mutex
	list []string // guarded by mu
	err  error
}

func (c *calls) hook(_ context.Context, _ *engine.Engine, ev engine.HookEvent) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, fmt.Sprintf("%s %s: run %d is %s", ev.Hook.On, ev.Hook.Do, ev.Run.ID, ev.Run.Status))
	return c.err
}

func (c *calls) mustBe(t *testing.T, want ...string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Equal(c.list, want) {
		t.Errorf("hooks called: %q, want %q", c.list, want)
	}
}

// tell are hooks on done and fail.
func tell() []engine.Hook {
	return []engine.Hook{{On: engine.HookDone, Do: "tell"}, {On: engine.HookFail, Do: "warn"}, {On: engine.HookFail, Do: "mourn"}}
}

func hookEvents(t *testing.T, eng *engine.Engine, run int64) (list []string) {
	t.Helper()
	events, err := eng.History(t.Context(), engine.HistoryFilter{Run: run, Kinds: []string{"hook"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range events {
		list = append(list, fmt.Sprintf("%s %s", ev.Detail, ev.Error))
	}
	return list
}

func TestHooksOnEnds(t *testing.T) {
	t.Parallel()
	var c calls
	fails := true
	path := filepath.Join(t.TempDir(), "wf.db")
	def := oneStep("try", func(*engine.Context, *count) (engine.Transition, error) {
		if fails {
			return engine.Transition{}, engine.Permanent(errors.New("no paper"))
		}
		return engine.Next(), nil
	})
	eng, err := engine.Open(t.Context(), engine.Config{Path: path, Hook: c.hook}, def)
	if err != nil {
		t.Fatal(err)
	}
	c.err = errors.New("no line")
	opts := &engine.StartOptions{Hooks: tell()}
	if _, err := engine.Name[count, int64]("try").Run(t.Context(), eng, count{}, opts); err == nil {
		t.Fatal("the run did not fail")
	}
	fails = false
	eng = reopen(t, eng, engine.Config{Path: path, Hook: c.hook}, def)
	c.mustBe(t, "fail warn: run 1 is failed", "fail mourn: run 1 is failed")
	want := []string{`{"on":"fail","do":"warn"} no line`, `{"on":"fail","do":"mourn"} no line`}
	if got := hookEvents(t, eng, 1); !slices.Equal(got, want) {
		t.Errorf("events of hooks: %q, want %q", got, want)
	}
	run, err := eng.Get(t.Context(), 1)
	if err != nil || run.Status != engine.Failed || !run.Ended.Before(run.Ended.Add(1)) || len(run.Hooks) != 3 {
		t.Errorf("after its hooks: %+v, %v", run, err)
	}
	// An end after a retry is another one.
	if _, err := eng.Retry(t.Context(), 1, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := eng.Execute(t.Context(), 1, nil); err != nil {
		t.Fatal(err)
	}
	eng = reopen(t, eng, engine.Config{Path: path, Hook: c.hook}, def)
	c.mustBe(t, "fail warn: run 1 is failed", "fail mourn: run 1 is failed", "done tell: run 1 is completed")
	// Nothing is owed any more. A history that was deleted stays so.
	if err := eng.FireHooks(t.Context()); err != nil {
		t.Error(err)
	}
	opts.Keep = engine.KeepNone
	if _, err := engine.Name[count, int64]("try").Run(t.Context(), eng, count{}, opts); err != nil {
		t.Fatal(err)
	}
	// A person who cancels ends a run, too.
	waits, err := eng.Start(t.Context(), "try", nil, &engine.StartOptions{Hooks: tell(), Delay: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := eng.Cancel(t.Context(), waits.ID, "no use"); err != nil {
		t.Fatal(err)
	}
	reopen(t, eng, engine.Config{Path: path}, def)
	c.mu.Lock()
	slices.Sort(c.list[3:])
	c.mu.Unlock()
	c.mustBe(t, "fail warn: run 1 is failed", "fail mourn: run 1 is failed", "done tell: run 1 is completed",
		"done tell: run 2 is completed", "fail mourn: run 3 is cancelled", "fail warn: run 3 is cancelled")
}

// reopen closes an engine, which waits for its hooks, and opens the file again.
func reopen(t *testing.T, eng *engine.Engine, cfg engine.Config, defs ...engine.Definition) *engine.Engine {
	t.Helper()
	if err := eng.Close(); err != nil {
		t.Fatal(err)
	}
	eng, err := engine.Open(t.Context(), cfg, defs...)
	if err != nil {
		t.Fatal(err)
	}
	mustBeSound(t, eng)
	t.Cleanup(func() { eng.Close() })
	return eng
}

// A process without Config.Hook, or that has died before, leaves hooks to the next.
func TestHooksAreLeftToTheNextProcess(t *testing.T) {
	t.Parallel()
	var c calls
	path := filepath.Join(t.TempDir(), "wf.db")
	eng, err := engine.Open(t.Context(), engine.Config{Path: path}, countTo(nil))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := counting.Run(t.Context(), eng, count{N: 3}, &engine.StartOptions{Hooks: tell()}); err != nil {
			t.Fatal(err)
		}
	}
	// Several at once do it once.
	next := reopen(t, eng, engine.Config{Path: path, Hook: c.hook}, countTo(nil))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := next.FireHooks(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	last := reopen(t, next, engine.Config{Path: path, Hook: c.hook})
	if err := last.FireHooks(t.Context()); err != nil {
		t.Error(err)
	}
	c.mu.Lock()
	slices.Sort(c.list)
	c.mu.Unlock()
	c.mustBe(t, "done tell: run 1 is completed", "done tell: run 2 is completed", "done tell: run 3 is completed")
}

// A run that is retried while the hooks of its end are at work has another end, whose hooks are fired, too: by
// whoever is at it then, since whoever ends the run finds that somebody is.
func TestHooksOfAnEndWhileThoseOfTheLastOneAreAtWork(t *testing.T) {
	t.Parallel()
	var c calls
	fails, begun, goOn := true, make(chan struct{}), make(chan struct{})
	slow := func(ctx context.Context, eng *engine.Engine, ev engine.HookEvent) error {
		if ev.Hook.Do == "warn" {
			close(begun)
			<-goOn
		}
		return c.hook(ctx, eng, ev)
	}
	path := filepath.Join(t.TempDir(), "wf.db")
	def := oneStep("try", func(*engine.Context, *count) (engine.Transition, error) {
		if fails {
			return engine.Transition{}, engine.Permanent(errors.New("no paper"))
		}
		return engine.Next(), nil
	})
	eng, err := engine.Open(t.Context(), engine.Config{Path: path, Hook: slow}, def)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Name[count, int64]("try").Run(t.Context(), eng, count{}, &engine.StartOptions{Hooks: tell()}); err == nil {
		t.Fatal("the run did not fail")
	}
	<-begun
	other, err := engine.Open(t.Context(), engine.Config{Path: path, Hook: c.hook}, def)
	if err != nil {
		t.Fatal(err)
	}
	fails = false
	if _, err := other.Retry(t.Context(), 1, nil); err != nil {
		t.Fatal(err)
	}
	if run, err := other.Execute(t.Context(), 1, nil); err != nil || run.Status != engine.Completed {
		t.Fatal(run.Status, err)
	}
	if err := other.Close(); err != nil { // which finds that somebody is at it
		t.Error(err)
	}
	close(goOn)
	reopen(t, eng, engine.Config{Path: path})
	c.mustBe(t, "fail warn: run 1 is failed", "fail mourn: run 1 is failed", "done tell: run 1 is completed")
}

// Hooks travel with their run, are fired where it ends, and not again when it comes home, though with other numbers, since
// its own are taken.
func TestHooksTravel(t *testing.T) {
	t.Parallel()
	var here, there calls
	dir := t.TempDir()
	home, away := engine.Config{Path: filepath.Join(dir, "home.db"), Hook: here.hook}, engine.Config{Path: filepath.Join(dir, "away.db"), Hook: there.hook}
	out, back := filepath.Join(dir, "out.wf"), filepath.Join(dir, "back.wf")
	eng := openEngine(t, home, travelling()...)
	run, err := trips.Start(t.Context(), eng, voyage{}, &engine.StartOptions{Hooks: tell()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := eng.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true}); err != nil {
		t.Fatal(err)
	}
	mustPack(t, eng, run.ID, out, nil)
	if _, err := legs.Run(t.Context(), eng, count{}, nil); err != nil { // takes the number that a child has there
		t.Fatal(err)
	}
	other, err := engine.Open(t.Context(), away, travelling()...)
	if err != nil {
		t.Fatal(err)
	}
	finishTrip(t, other, mustUnpack(t, other, out).ID)
	other = reopen(t, other, away, travelling()...)
	there.mustBe(t, "done tell: run 1 is completed")
	mustPack(t, other, 1, back, nil)
	if came := mustUnpack(t, eng, back); came.ID == run.ID || came.Status != engine.Completed {
		t.Errorf("came home as run %d, %s", came.ID, came.Status)
	}
	if err := eng.FireHooks(t.Context()); err != nil {
		t.Error(err)
	}
	here.mustBe(t)
}

func TestHookHasALimitAndMayPanic(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	cfg := engine.Config{Path: path, HookTimeout: 20 * time.Millisecond, Hook: func(ctx context.Context, _ *engine.Engine, ev engine.HookEvent) error {
		if ev.Hook.Do == "panic" {
			panic("ouch")
		}
		<-ctx.Done()
		return ctx.Err()
	}}
	eng, err := engine.Open(t.Context(), cfg, countTo(nil))
	if err != nil {
		t.Fatal(err)
	}
	hooks := []engine.Hook{{On: engine.HookDone, Do: "hang"}, {On: engine.HookDone, Do: "panic"}}
	if _, err := counting.Run(t.Context(), eng, count{N: 3}, &engine.StartOptions{Hooks: hooks}); err != nil {
		t.Fatal(err)
	}
	eng = reopen(t, eng, engine.Config{Path: path})
	got := hookEvents(t, eng, 1)
	if len(got) != 2 || !strings.Contains(got[0], context.DeadlineExceeded.Error()) || !strings.Contains(got[1], "ouch") {
		t.Errorf("events of hooks: %q, want a time-out and a panic", got)
	}
}

func TestHookOnStall(t *testing.T) {
	t.Parallel()
	const limit = 40 * time.Millisecond
	fired := make(chan struct{}, 10)
	cfg := engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), Hook: func(_ context.Context, _ *engine.Engine, ev engine.HookEvent) error {
		if ev.Hook.Do != "wake" || ev.Run.Status != engine.Running || ev.Still < limit {
			t.Errorf("hook called for %+v", ev)
		}
		fired <- struct{}{}
		return nil
	}}
	eng := openEngine(t, cfg, oneStep("slow", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
		<-fired
		time.Sleep(4 * limit) // it still stalls: that is told already
		if len(fired) != 0 {
			t.Errorf("one stall is told %d times more", len(fired))
		}
		ctx.Progress(1, 2)
		<-fired // it has got on, and stalls again
		return engine.Next(), nil
	}))
	opts := &engine.StartOptions{Hooks: []engine.Hook{{On: engine.HookStall, Do: "wake"}}, StallAfter: limit}
	if _, err := engine.Name[count, int64]("slow").Run(t.Context(), eng, count{}, opts); err != nil {
		t.Error(err)
	}
}

func TestHooksAreChecked(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, countTo(nil))
	for name, opts := range map[string]engine.StartOptions{
		"event":   {Hooks: []engine.Hook{{On: "end", Do: "x"}}},
		"nothing": {Hooks: []engine.Hook{{On: engine.HookDone, Do: " "}}},
		"stall":   {StallAfter: -1},
	} {
		if _, err := counting.Start(t.Context(), eng, count{}, &opts); !errors.As(err, new(*engine.InputError)) {
			t.Errorf("%s: %v, want an input error", name, err)
		}
	}
}
