package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/internal/oslock"
)

// eventually waits until a run is as wanted.
func eventually(t testing.TB, eng *engine.Engine, id int64, what string, want func(engine.Run) bool) engine.Run {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for ticks := eng.Watch(ctx); ; {
		run, err := eng.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if want(run) {
			return run
		}
		if _, ok := <-ticks; !ok {
			t.Fatalf("run %d (%s, epoch %d, seq %d) is not %s", id, run.Status, run.Epoch, run.Seq, what)
		}
	}
}

// P6, a dead owner is noticed at once: takeover after kill -9 takes milliseconds.
func TestTakeoverAfterKillTakesMilliseconds(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	eng := openEngine(t, engine.Config{Path: path}, countTo(nil))
	serve(t, eng)
	c := startChild(t, "gate", path)
	c.hear(t, "saved")
	awaitWatched(t, eng)
	killed := time.Now()
	c.signal(t, syscall.SIGKILL)
	if got, err := counting.Wait(t.Context(), eng, 1); err != nil || got != 6 {
		t.Fatalf("Wait = %d, %v; want 6", got, err)
	}
	events := history(t, eng, 1)
	if want := []string{"created", "checkpoint", "claimed", "checkpoint", "checkpoint", "completed"}; !slices.Equal(kinds(t, eng, 1), want) {
		t.Fatalf("history = %v, want %v", kinds(t, eng, 1), want)
	}
	took := events[2].Time.Sub(killed)
	t.Logf("from kill -9 to takeover: %v", took)
	if took > 300*time.Millisecond {
		t.Errorf("takeover took %v, want milliseconds", took)
	}
	if got, want := string(events[2].Detail), `{"was":"pending","deaths":1}`; got != want {
		t.Errorf("claimed with %s, want %s", got, want)
	}
}

// awaitWatched waits until the engine's workers have looked for newcomers, as they do once a second.
func awaitWatched(t *testing.T, eng *engine.Engine) {
	t.Helper()
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for range 2 {
		<-ticks.C
	}
	workers, err := eng.Workers(t.Context())
	if err != nil || len(workers) != 2 || !workers[0].Alive || !workers[1].Alive {
		t.Fatalf("Workers = %+v, %v; want two that live", workers, err)
	}
}

// P5, one owner: a stopped owner is deposed after Config.Lease; its next write changes nothing, and its
// step is cancelled with ErrLeaseLost.
func TestStoppedOwnerIsDeposed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	eng := openEngine(t, engine.Config{Path: path, Lease: 2 * time.Second}, countTo(nil))
	c := startChild(t, "gate", path)
	c.hear(t, "saved")
	before := eventually(t, eng, 1, "saved", func(r engine.Run) bool { return r.Saves == 1 })
	serve(t, eng)
	c.signal(t, syscall.SIGSTOP)
	stopped := time.Now()
	if got, err := counting.Wait(t.Context(), eng, 1); err != nil || got != 6 {
		t.Fatalf("Wait = %d, %v; want 6", got, err)
	}
	if took := time.Since(stopped); took < time.Second || took > 8*time.Second {
		t.Errorf("a stopped owner was deposed after %v, want 2 to 4 s", took)
	}
	ended, err := eng.Get(t.Context(), 1)
	if err != nil || ended.Epoch <= before.Epoch || ended.Deaths != 0 {
		t.Errorf("epoch %d, %d deaths, %v; want an epoch above %d and no death", ended.Epoch, ended.Deaths, err, before.Epoch)
	}
	c.signal(t, syscall.SIGCONT)
	c.tell(t, "go on")
	for _, want := range []string{"Save: ", "Run: 0, "} {
		if said := c.hear(t, want); strings.Count(said, engine.ErrLeaseLost.Error()) != map[string]int{"Save: ": 2, "Run: 0, ": 1}[want] {
			t.Errorf("the deposed owner says %s%q, want lease lost", want, said)
		}
	}
	after, err := eng.Get(t.Context(), 1)
	if err != nil || after.Seq != ended.Seq || string(after.Head) != string(ended.Head) || string(after.Result) != "6" {
		t.Errorf("run = seq %d, result %s, %v; want it as it was: seq %d, result 6", after.Seq, after.Result, err, ended.Seq)
	}
}

// P5 within one process: two engines on one file, of which one looks dead.
func TestDeposedOwnerChangesNothing(t *testing.T) {
	t.Parallel()
	saved, goOn := make(chan string, 10), make(chan bool)
	def := gated(func(line string) { saved <- line }, func(context.Context) error { <-goOn; return nil })
	cfg := engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), Checkpoint: engine.Checkpoint{Every: 1}}
	heir := openEngine(t, cfg, countTo(nil))
	owner := openEngine(t, cfg, def)
	ended := make(chan error, 1)
	go func() { // ends with the run
		_, err := counting.Run(context.Background(), owner, count{N: 3}, nil)
		ended <- err
	}()
	<-saved
	if _, err := heir.Execute(t.Context(), 1, nil); !errors.Is(err, engine.ErrRunOwned) {
		t.Errorf("Execute of a run with a living owner = %v, want ErrRunOwned", err)
	}
	if err := owner.Abandon(); err != nil {
		t.Fatal(err)
	}
	run, err := heir.Execute(t.Context(), 1, nil)
	if err != nil || run.Status != engine.Completed || string(run.Result) != "6" {
		t.Fatalf("Execute = %s %s, %v; want completed 6", run.Status, run.Result, err)
	}
	close(goOn)
	if said := <-saved; strings.Count(said, engine.ErrLeaseLost.Error()) != 2 {
		t.Errorf("the deposed owner sees %q, want lease lost twice", said)
	}
	if err := <-ended; !errors.Is(err, engine.ErrLeaseLost) {
		t.Errorf("Run = %v, want ErrLeaseLost", err)
	}
	if after, err := heir.Get(t.Context(), 1); err != nil || after.Seq != run.Seq || string(after.Result) != "6" {
		t.Errorf("run = seq %d, result %s, %v; want seq %d, result 6", after.Seq, after.Result, err, run.Seq)
	}
}

// A worker that is stopped does not watch the one before it: its own watcher has to.
func TestStoppedWorkerHidesNoDeath(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	first := startChild(t, "gate", path)
	first.hear(t, "saved")
	second := startChild(t, "serve", path)
	second.hear(t, "serving")
	eng := openEngine(t, engine.Config{Path: path, Lease: 2 * time.Second}, countTo(nil))
	stopIdle(t, second, path)
	serve(t, eng) // watches the second one, which watches the first
	run, err := counting.Start(t.Context(), eng, count{N: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := counting.Wait(t.Context(), eng, run.ID); err != nil { // so Serve has looked for the dead
		t.Fatal(err)
	}
	first.signal(t, syscall.SIGKILL)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if got, err := counting.Wait(ctx, eng, 1); err != nil || got != 6 {
		t.Errorf("Wait = %d, %v; want 6", got, err)
	}
}

// stopIdle stops a process while it does not hold the write turn: whoever is stopped with that stops
// all others too.
func stopIdle(t *testing.T, c *child, path string) {
	t.Helper()
	dir, err := oslock.Folder(path)
	if err != nil {
		t.Fatal(err)
	}
	turn, err := oslock.OpenTurn(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer turn.Close()
	for {
		c.signal(t, syscall.SIGSTOP)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		err := turn.Take(ctx, func(int) {})
		cancel()
		if err == nil {
			if err := turn.Give(); err != nil {
				t.Fatal(err)
			}
			return
		}
		c.signal(t, syscall.SIGCONT)
	}
}

// playCrash executes run 1 and dies in it when the state is at the poison, saving before that what is
// to be saved.
func playCrash(path string) error {
	eng, err := engine.Open(context.Background(), engine.Config{Path: path}, poisoned(func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			fmt.Println(err)
		}
		select {}
	}))
	if err != nil {
		return err
	}
	run, err := eng.Execute(context.Background(), 1, nil)
	fmt.Printf("%s %s %s %v\n", run.Status, run.Result, run.Reason, err)
	return eng.Close()
}

// poisoned is a loop that dies once it is past its second checkpoint.
func poisoned(die func()) engine.Workflow[count, int64] {
	return countTo(func(_ *engine.Context, s *count) error {
		if s.I == 2 {
			die()
		}
		return nil
	})
}

// Crash loops: the third death at a checkpoint marks it as bad and falls back to the one before; three more that do not
// get past it take the next older one, and block the run when there is none.
func TestCrashLoopFallsBackAndThenBlocks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	suspendedAfterOne(t, path)
	mustExec(t, path, "UPDATE wf_runs SET copied_us = 1 << 60") // so the next checkpoint is not copied
	eng := openEngine(t, engine.Config{Path: path}, countTo(nil))
	for range 6 {
		crash(t, path)
	}
	c := startChild(t, "crash", path)
	if said, want := c.hear(t, "blocked "), "6 owners in a row died at this checkpoint"; !strings.Contains(said, want) {
		t.Errorf("the seventh owner says %q, want %q", said, want)
	}
	list := history(t, eng, 1)
	n := slices.IndexFunc(list, func(ev engine.Event) bool { return ev.Kind == "fallback" })
	if n < 0 {
		t.Fatalf("three deaths did not fall back: %v", kinds(t, eng, 1))
	}
	if !strings.Contains(list[n].Error, "3 owners in a row died") || !strings.Contains(string(list[n].Detail), "i=1 ") {
		t.Errorf("fell back with %q %s; want the number of deaths, and to i=1", list[n].Error, list[n].Detail)
	}
	if deaths := strings.Count(strings.Join(kinds(t, eng, 1), " "), "claimed"); deaths != 7 {
		t.Errorf("claimed %d times, want 7: %v", deaths, kinds(t, eng, 1))
	}
	if why := badStates(t, eng); !slices.Equal(why, []string{"i=2 total=3: 3 owners in a row died at this checkpoint"}) {
		t.Errorf("bad checkpoints: %q, want that of i=2", why)
	}
	if _, err := eng.Execute(t.Context(), 1, nil); err != nil {
		t.Errorf("Execute of a blocked run: %v", err)
	}
	run, err := eng.Resume(t.Context(), 1, nil)
	if err != nil || run.Status != engine.Pending || run.Deaths != 0 {
		t.Fatalf("Resume = %s with %d deaths, %v; want pending with none", run.Status, run.Deaths, err)
	}
	if run, err = eng.Execute(t.Context(), 1, nil); err != nil || string(run.Result) != "6" {
		t.Errorf("Execute = %s %s, %v; want 6", run.Status, run.Result, err)
	}
}

// badStates lists the kept checkpoints of run 1 that are bad, and why.
func badStates(t testing.TB, eng *engine.Engine) (list []string) {
	t.Helper()
	states, err := eng.States(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		if s.Bad != "" {
			list = append(list, s.Brief+": "+s.Bad)
		}
	}
	return list
}

// suspendedAfterOne makes a file with a run that counts to 3, is suspended at i=1, and has a copy of
// that checkpoint.
func suspendedAfterOne(t testing.TB, path string) {
	t.Helper()
	opts := &engine.StartOptions{Checkpoint: engine.Checkpoint{Every: 1}}
	withEngine(t, path, func(eng *engine.Engine) {
		if _, err := counting.Start(t.Context(), eng, count{N: 3}, opts); err != nil {
			t.Fatal(err)
		}
	}, countTo(nil))
	mustExec(t, path, "UPDATE wf_runs SET copied_us = 1") // so the next checkpoint is copied
	executeTo(t, path, 1)
}

// executeTo executes run 1 and suspends it at i.
func executeTo(t testing.TB, path string, i int64) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	withEngine(t, path, func(eng *engine.Engine) {
		run, err := eng.Execute(ctx, 1, nil)
		if err != nil || run.Status != engine.Suspended {
			t.Fatalf("Execute = %s, %v; want suspended", run.Status, err)
		}
	}, countTo(func(ctx *engine.Context, s *count) error {
		if s.I < i {
			return nil
		}
		stop()
		<-ctx.Done()
		return ctx.Err()
	}))
}

// withEngine calls fn with an engine that is closed when it returns.
func withEngine(t testing.TB, path string, fn func(*engine.Engine), defs ...engine.Definition) {
	t.Helper()
	eng, err := engine.Open(t.Context(), engine.Config{Path: path}, defs...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := eng.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}()
	fn(eng)
}

// crash lets a process execute run 1, and die in it.
func crash(t *testing.T, path string) {
	t.Helper()
	c := startChild(t, "crash", path)
	for line := range c.lines {
		t.Errorf("the child says %q, it was to die", line)
	}
	c.kill()
	if s, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || s.Signal() != syscall.SIGKILL {
		t.Errorf("the child ended with %v, want killed", c.cmd.ProcessState)
	}
}
