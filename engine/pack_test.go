package engine_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

type voyage struct {
	N     int64  `json:"n"`
	Cargo []byte `json:"cargo"` // over 1 MiB, so that it is in files
}

const (
	trips engine.Name[voyage, int64] = "trip"
	ready engine.Signal[string]      = "ready"
	legs  engine.Name[count, int64]  = "leg"
)

// travelling is a workflow that has everything a run can have: a large state, a folder, metrics, attributes, a
// recorded call, children, and that waits for a signal before its second half.
func travelling() []engine.Definition {
	first := func(ctx *engine.Context, s *voyage) (engine.Transition, error) {
		dir, err := ctx.Folder()
		if err != nil {
			return engine.Transition{}, err
		}
		if err := os.WriteFile(filepath.Join(dir, "log"), []byte("first\n"), 0o600); err != nil {
			return engine.Transition{}, err
		}
		s.Cargo = bytes.Repeat([]byte("cargo "), 400_000)
		ctx.Metric("residual", 0.5)
		ctx.Set("place", "here")
		if s.N, err = engine.Do(ctx, "draw", func(context.Context) (int64, error) { return 40, nil }); err != nil {
			return engine.Transition{}, err
		}
		return ready.Await("second"), nil
	}
	second := func(_ *engine.Context, s *voyage) (engine.Transition, error) {
		var children iter.Seq[engine.Child] = func(yield func(engine.Child) bool) {
			for range 2 {
				if !yield(legs.Child(count{N: 1}, &engine.StartOptions{Queue: "boats"})) {
					return
				}
			}
		}
		return engine.Spawn(children, "third"), nil
	}
	third := func(ctx *engine.Context, s *voyage) (engine.Transition, error) {
		for n, err := range legs.Results(ctx) {
			if err != nil {
				return engine.Transition{}, err
			}
			s.N += n
		}
		return trips.Done(s.N), nil
	}
	return []engine.Definition{
		engine.Workflow[voyage, int64]{Name: trips, Signals: []engine.AnySignal{ready}, Steps: []engine.Step[voyage]{
			{Name: "first", Do: first}, {Name: "second", Do: second}, {Name: "third", Do: third},
		}},
		engine.Workflow[count, int64]{Name: legs, Steps: []engine.Step[count]{{Name: "go", Do: func(_ *engine.Context, s *count) (engine.Transition, error) {
			return legs.Done(s.N), nil
		}}}},
	}
}

// place is a folder with a database of its own.
func newPlace(t *testing.T) (eng *engine.Engine, dir string) {
	t.Helper()
	dir = t.TempDir()
	return openEngine(t, engine.Config{Path: filepath.Join(dir, "wf.db")}, travelling()...), dir
}

// halfway starts a run and executes it until it waits for its signal.
func halfway(t *testing.T, eng *engine.Engine) engine.Run {
	t.Helper()
	run, err := trips.Start(t.Context(), eng, voyage{}, &engine.StartOptions{Key: "the trip", Keep: engine.KeepAll})
	if err == nil {
		run, err = eng.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true})
	}
	if err != nil || run.Status != engine.Waiting {
		t.Fatalf("the run is %s, %v; want it to wait", run.Status, err)
	}
	if run, err = eng.Get(t.Context(), run.ID); err != nil {
		t.Fatal(err)
	}
	return run
}

func mustPack(t *testing.T, eng *engine.Engine, run int64, file string, opts *engine.PackOptions) {
	t.Helper()
	if p, err := eng.Pack(t.Context(), run, file, opts); err != nil || p.Runs == 0 || p.Size == 0 {
		t.Fatalf("pack: %+v, %v", p, err)
	}
}

func mustUnpack(t *testing.T, eng *engine.Engine, file string) engine.Run {
	t.Helper()
	run, err := eng.Unpack(t.Context(), file)
	if err != nil {
		t.Fatalf("unpack: %v", err)
	}
	return run
}

// finish resumes the run, sends its signal and returns it as it ends.
func finishTrip(t *testing.T, eng *engine.Engine, id int64) engine.Run {
	t.Helper()
	if _, err := eng.Resume(t.Context(), id, nil); err != nil {
		t.Fatal(err)
	}
	if err := ready.Send(t.Context(), eng, id, "go", nil); err != nil {
		t.Fatal(err)
	}
	run, err := eng.Execute(t.Context(), id, nil)
	if err != nil || run.Status != engine.Completed || string(run.Result) != "42" {
		t.Fatalf("the run is %s with %s, %v; want it completed with 42", run.Status, run.Result, err)
	}
	return run
}

// A run goes on elsewhere with all that belongs to it: large state, folder, metrics, attributes, key, children;
// its history verifies there. It does not go on here, and takes its old place when it comes home.
func TestPackedRunGoesOnElsewhereAndComesHome(t *testing.T) {
	t.Parallel()
	home, dir := newPlace(t)
	other, _ := newPlace(t)
	if _, err := legs.Start(t.Context(), other, count{}, nil); err != nil { // numbers there are others
		t.Fatal(err)
	}
	run := halfway(t, home)
	before := history(t, home, run.ID)
	out, back := filepath.Join(dir, "out.wf"), filepath.Join(dir, "back.wf")
	mustPack(t, home, run.ID, out, nil)
	if _, err := home.Resume(t.Context(), run.ID, nil); !errors.Is(err, engine.ErrPacked) {
		t.Errorf("resume of what is packed: %v, want ErrPacked", err)
	}
	if _, err := home.Unpack(t.Context(), out); !errors.Is(err, engine.ErrRunHere) {
		t.Errorf("unpacked where it was packed: %v, want ErrRunHere", err)
	}

	there := mustUnpack(t, other, out)
	if there.UUID != run.UUID || there.ID != 2 || there.Status != engine.Paused || !bytes.Equal(there.State, run.State) || there.Attributes["place"] != "here" {
		t.Errorf("unpacked: run %d, %s, attributes %v, state of %d bytes (%d here), fault %q", there.ID, there.Status, there.Attributes,
			len(there.State), len(run.State), there.Fault)
	}
	if log, err := os.ReadFile(filepath.Join(other.Folder(there.ID), "log")); err != nil || string(log) != "first\n" {
		t.Errorf("its folder has %q, %v", log, err)
	}
	if points, err := other.LatestMetrics(t.Context(), there.ID); err != nil || len(points) != 1 || points[0].Value != 0.5 {
		t.Errorf("its metrics are %v, %v", points, err)
	}
	after := history(t, other, there.ID)
	for i := range before {
		if !bytes.Equal(before[i].Hash, after[i].Hash) || before[i].Worker.Host != after[i].Worker.Host {
			t.Errorf("event %d is another one", i+1)
		}
	}
	if got := after[len(before)].Kind + " " + after[len(before)+1].Kind; got != "packed unpacked" {
		t.Errorf("then came %s", got)
	}
	if _, err := other.Unpack(t.Context(), out); !errors.Is(err, engine.ErrRunHere) {
		t.Errorf("unpacked twice: %v, want ErrRunHere", err)
	}

	finishTrip(t, other, there.ID)
	mustPack(t, other, there.ID, back, nil)
	came := mustUnpack(t, home, back)
	if came.ID != run.ID || came.Status != engine.Completed || string(came.Result) != "42" || came.Packed != nil {
		t.Errorf("came home as run %d, %s with %s; want run %d, completed with 42", came.ID, came.Status, came.Result, run.ID)
	}
	found, err := home.Find(t.Context(), "the trip")
	if err != nil || found.ID != run.ID {
		t.Errorf("by its key: run %d, %v", found.ID, err)
	}
	children, err := home.Children(t.Context(), run.ID, -1)
	if err != nil || len(children) != 2 {
		t.Errorf("%d children came along, %v", len(children), err)
	}
	if _, err := home.Unpack(t.Context(), out); !errors.Is(err, engine.ErrRunHere) {
		t.Errorf("an old pack over what came home: %v, want ErrRunHere", err)
	}
}

// A recorded call that no checkpoint covers goes along: it is not made again there. So does a signal in the mailbox.
func TestPackedRunKeepsItsRecords(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	def := func(fails bool) engine.Definition {
		return engine.Workflow[voyage, int64]{Name: trips, Signals: []engine.AnySignal{ready}, Steps: []engine.Step[voyage]{
			{Name: "first", Retry: engine.Retry{Attempts: 2, Initial: time.Hour}, Do: func(ctx *engine.Context, s *voyage) (engine.Transition, error) {
				n, err := engine.Do(ctx, "draw", func(context.Context) (int64, error) { return calls.Add(1), nil })
				if err != nil || fails {
					return engine.Transition{}, errors.Join(err, errors.New("no wind"))
				}
				s.N = n
				return ready.Await("second"), nil
			}},
			{Name: "second", Do: func(ctx *engine.Context, s *voyage) (engine.Transition, error) {
				word, err := ready.Payload(ctx)
				return trips.Done(s.N + int64(len(word))), err
			}},
		}}
	}
	dir := t.TempDir()
	home := openEngine(t, engine.Config{Path: filepath.Join(dir, "home.db")}, def(true))
	other := openEngine(t, engine.Config{Path: filepath.Join(dir, "other.db")}, def(false))
	run, err := trips.Start(t.Context(), home, voyage{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if run, err = home.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true}); err != nil || run.Status != engine.Waiting {
		t.Fatalf("the run is %s, %v; want it to wait for its retry", run.Status, err)
	}
	if err := ready.Send(t.Context(), home, run.ID, "ahoy", nil); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "out.wf")
	mustPack(t, home, run.ID, file, nil)
	there := mustUnpack(t, other, file)
	if _, err := other.Resume(t.Context(), there.ID, nil); err != nil {
		t.Fatal(err)
	}
	if there, err = other.Execute(t.Context(), there.ID, nil); err != nil || string(there.Result) != "5" || calls.Load() != 1 {
		t.Errorf("there it is %s with %s after %d calls, %v; want 5 after one call", there.Status, there.Result, calls.Load(), err)
	}
}

// If the pack is lost, the run goes on here; then it does not come home any more.
func TestPackedRunIsTakenBack(t *testing.T) {
	t.Parallel()
	home, dir := newPlace(t)
	other, _ := newPlace(t)
	run := halfway(t, home)
	out, back := filepath.Join(dir, "out.wf"), filepath.Join(dir, "back.wf")
	mustPack(t, home, run.ID, out, nil)
	mustPack(t, other, mustUnpack(t, other, out).ID, back, nil)
	if _, err := home.Resume(t.Context(), run.ID, &engine.ResumeOptions{Packed: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := home.Unpack(t.Context(), back); !errors.Is(err, engine.ErrRunHere) {
		t.Errorf("a run that has gone on came home: %v, want ErrRunHere", err)
	}
	finishTrip(t, home, run.ID)
}

// A copy leaves the run as it is, and cannot go on itself; a fork of it can.
func TestPackedCopyIsForLooking(t *testing.T) {
	t.Parallel()
	home, dir := newPlace(t)
	other, _ := newPlace(t)
	run := halfway(t, home)
	file := filepath.Join(dir, "copy.wf")
	mustPack(t, home, run.ID, file, &engine.PackOptions{Copy: true})
	twin := mustUnpack(t, other, file)
	if twin.Packed == nil || !twin.Packed.Copy || twin.Status != engine.Paused {
		t.Errorf("the copy is %s, %+v", twin.Status, twin.Packed)
	}
	if _, err := other.Resume(t.Context(), twin.ID, nil); !errors.Is(err, engine.ErrPacked) {
		t.Errorf("resume of a copy: %v, want ErrPacked", err)
	}
	if _, err := other.Fork(t.Context(), twin.ID, &engine.ForkOptions{Step: "second"}); err != nil {
		t.Errorf("fork of a copy: %v", err)
	}
	finishTrip(t, home, run.ID)
}

// Children that have not ended travel with their parent, and go on when it does.
func TestPackedFamilyGoesOn(t *testing.T) {
	t.Parallel()
	home, dir := newPlace(t)
	other, _ := newPlace(t)
	if _, err := home.PauseQueue(t.Context(), "boats", "no wind"); err != nil {
		t.Fatal(err)
	}
	run := halfway(t, home)
	if err := ready.Send(t.Context(), home, run.ID, "go", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := home.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "out.wf")
	if p, err := home.Pack(t.Context(), run.ID, file, nil); err != nil || p.Runs != 3 {
		t.Fatalf("packed %d runs, %v; want the run and two children", p.Runs, err)
	}
	children, err := home.Children(t.Context(), run.ID, -1)
	if err != nil || len(children) != 2 || children[0].Status != engine.Paused {
		t.Fatalf("here the children are %+v, %v; want two that are paused", children, err)
	}
	if _, err := home.Pack(t.Context(), children[0].ID, filepath.Join(dir, "child.wf"), nil); err == nil {
		t.Error("a child was packed without its family")
	}
	there := mustUnpack(t, other, file)
	if _, err := other.Resume(t.Context(), there.ID, nil); err != nil {
		t.Fatal(err)
	}
	if run, err = other.Execute(t.Context(), there.ID, nil); err != nil || string(run.Result) != "42" {
		t.Errorf("there it is %s with %s, %v; want 42", run.Status, run.Result, err)
	}
	if _, err := home.ResumeQueue(t.Context(), "boats"); err != nil {
		t.Fatal(err)
	}
	if _, err := home.Resume(t.Context(), run.ID, &engine.ResumeOptions{Packed: true}); err != nil {
		t.Fatal(err)
	}
	if run, err = home.Execute(t.Context(), run.ID, nil); err != nil || string(run.Result) != "42" {
		t.Errorf("taken back it is %s with %s, %v; want 42", run.Status, run.Result, err)
	}
}

// What cannot be packed says why, and nothing has changed.
func TestPackRefuses(t *testing.T) {
	t.Parallel()
	home, dir := newPlace(t)
	run := halfway(t, home)
	taken := filepath.Join(dir, "taken.wf")
	if err := os.WriteFile(taken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ file, want string }{
		{taken, "exists already"}, {filepath.Join(dir, "no", "where.wf"), "no such file"},
	} {
		if _, err := home.Pack(t.Context(), run.ID, tt.file, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("pack into %s: %v, want %q", tt.file, err, tt.want)
		}
		if now, err := home.Get(t.Context(), run.ID); err != nil || now.Status != engine.Waiting || now.Packed != nil {
			t.Errorf("then the run is %s, %+v, %v; want it to wait as before", now.Status, now.Packed, err)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || slices.ContainsFunc(left, func(e os.DirEntry) bool { return strings.HasSuffix(e.Name(), ".part") }) {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
	finishTrip(t, home, run.ID)
}

// A pack that is damaged changes nothing.
func TestDamagedPackChangesNothing(t *testing.T) {
	t.Parallel()
	home, dir := newPlace(t)
	other, there := newPlace(t)
	file := filepath.Join(dir, "out.wf")
	mustPack(t, home, halfway(t, home).ID, file, nil)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 20 {
		torn := filepath.Join(dir, "torn.wf")
		if err := os.WriteFile(torn, whole[:1+n*(len(whole)-1)/20], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := other.Unpack(t.Context(), torn); !errors.Is(err, engine.ErrBadPack) {
			t.Errorf("cut off after %d parts of 20: %v, want ErrBadPack", n, err)
		}
	}
	if runs, err := other.List(t.Context(), engine.RunFilter{}); err != nil || len(runs) != 0 {
		t.Errorf("there are %d runs, %v", len(runs), err)
	}
	left, err := filepath.Glob(filepath.Join(there, ".unpack*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
