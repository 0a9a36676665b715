package engine_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

const (
	squares engine.Name[count, int64]     = "squares" // a child: the square of n
	halves  engine.Name[count, float64]   = "halves"  // another kind of child
	family  engine.Name[parcel, []string] = "family"
)

// square is a child with a hook before it ends.
func square(hook func(ctx *engine.Context, n int64) error) engine.Workflow[count, int64] {
	return engine.Workflow[count, int64]{Name: squares, Steps: []engine.Step[count]{
		{Name: "square", Do: func(ctx *engine.Context, s *count) (engine.Transition, error) {
			if hook != nil {
				if err := hook(ctx, s.N); err != nil {
					return engine.Transition{}, err
				}
			}
			return squares.Done(s.N * s.N), nil
		}},
	}}
}

// parent spawns children and notes their results.
func parent(spawn func() engine.Transition) engine.Workflow[parcel, []string] {
	return engine.Workflow[parcel, []string]{Name: family, Steps: []engine.Step[parcel]{
		{Name: "spawn", Do: func(*engine.Context, *parcel) (engine.Transition, error) { return spawn(), nil }},
		{Name: "join", Do: func(ctx *engine.Context, s *parcel) (engine.Transition, error) {
			for r, err := range squares.Results(ctx) {
				if fail, ok := errors.AsType[*engine.RunError](err); ok {
					s.Log = append(s.Log, string(fail.Status))
				} else if err != nil {
					return engine.Transition{}, err
				} else {
					s.Log = append(s.Log, fmt.Sprint(r))
				}
			}
			return family.Done(s.Log), nil
		}},
		{Name: "late", Do: func(*engine.Context, *parcel) (engine.Transition, error) { return family.Done([]string{"late"}), nil }},
	}}
}

func squaresOf(n int64) iter.Seq[engine.Child] {
	return func(yield func(engine.Child) bool) {
		for i := range n {
			if !yield(squares.Child(count{N: i}, nil)) {
				return
			}
		}
	}
}

// The results of 300 children come in the order in which they were spawned.
func TestChildrenFanOutAndIn(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, square(nil), parent(func() engine.Transition { return engine.Spawn(squaresOf(300), "join") }))
	serve(t, eng)
	run, err := family.Start(t.Context(), eng, parcel{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := family.Wait(t.Context(), eng, run.ID)
	if err != nil || len(got) != 300 {
		t.Fatalf("%d results, %v", len(got), err)
	}
	for i, r := range got {
		if r != fmt.Sprint(i*i) {
			t.Fatalf("result %d is %s", i, r)
		}
	}
}

// The foreground executes the children of its run, too, and no other run.
func TestForegroundExecutesChildren(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, square(nil), parent(func() engine.Transition { return engine.Spawn(squaresOf(20), "join").Limit(3) }))
	stranger, err := squares.Start(t.Context(), eng, count{N: 5}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := family.Run(t.Context(), eng, parcel{}, nil); err != nil || len(got) != 20 {
		t.Errorf("Run: %q, %v", got, err)
	}
	if stranger, err = eng.Get(t.Context(), stranger.ID); err != nil || stranger.Status != engine.Pending {
		t.Errorf("the run of somebody else is %s, %v", stranger.Status, err)
	}
}

// Limit bounds how many children are in flight, and all of them run in the end.
func TestChildrenWithinLimit(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int64
	eng := newEngine(t, square(func(*engine.Context, int64) error {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(2 * time.Millisecond)
		return nil
	}), parent(func() engine.Transition { return engine.Spawn(squaresOf(30), "join").Limit(4) }))
	serve(t, eng)
	run, err := family.Start(t.Context(), eng, parcel{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := family.Wait(t.Context(), eng, run.ID); err != nil || len(got) != 30 {
		t.Errorf("Wait: %q, %v", got, err)
	}
	if most.Load() != 4 {
		t.Errorf("at most %d children ran at the same time, want 4", most.Load())
	}
}

// A child that fails is an error among the results of the others.
func TestFailedChildIsAnErrorInItsPlace(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, square(func(_ *engine.Context, n int64) error {
		if n == 2 {
			return engine.Permanent(errors.New("no square of 2"))
		}
		return nil
	}), parent(func() engine.Transition { return engine.Spawn(squaresOf(4), "join") }))
	got, err := family.Run(t.Context(), eng, parcel{}, nil)
	if want := []string{"0", "1", "failed", "9"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("Run: %q, %v; want %q", got, err, want)
	}
}

// FailFast goes on with the first failure and cancels the others, those that execute and those that do not.
func TestFailFastCancelsTheOthers(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	eng := newEngine(t, square(func(ctx *engine.Context, n int64) error {
		if n == 0 {
			<-begun
			return engine.Permanent(errors.New("no"))
		}
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	}), parent(func() engine.Transition { return engine.Spawn(squaresOf(5), "join").Limit(2).FailFast() }))
	serve(t, eng)
	run, err := family.Start(t.Context(), eng, parcel{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := family.Wait(t.Context(), eng, run.ID); err != nil {
		t.Fatal(err)
	}
	children, err := eng.Children(t.Context(), run.ID, -1)
	if err != nil || len(children) != 5 {
		t.Fatalf("%d children, %v", len(children), err)
	}
	for i, c := range children {
		c, err := eng.Wait(t.Context(), c.ID)
		want := engine.Cancelled
		if i == 0 {
			want = engine.Failed
		}
		if err != nil || c.Status != want {
			t.Errorf("child %d is %s, %v; want %s", i, c.Status, err, want)
		}
	}
}

// Cancelling a run cancels all of its descendants.
func TestCancelPassesDown(t *testing.T) {
	t.Parallel()
	const grand engine.Name[count, int64] = "grand"
	top := engine.Workflow[count, int64]{Name: grand, Steps: []engine.Step[count]{
		{Name: "spawn", Do: func(*engine.Context, *count) (engine.Transition, error) {
			return engine.Spawn(slices.Values([]engine.Child{family.Child(parcel{}, nil)}), "end"), nil
		}},
		{Name: "end", Do: func(*engine.Context, *count) (engine.Transition, error) { return grand.Done(0), nil }},
	}}
	var running atomic.Int64
	eng := newEngine(t, top, square(func(ctx *engine.Context, _ int64) error {
		running.Add(1)
		<-ctx.Done()
		return ctx.Err()
	}), parent(func() engine.Transition { return engine.Spawn(squaresOf(6), "join").Limit(2) }))
	serve(t, eng)
	run, err := grand.Start(t.Context(), eng, count{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for running.Load() < 2 {
		time.Sleep(time.Millisecond)
	}
	if _, err := eng.Cancel(t.Context(), run.ID, "enough"); err != nil {
		t.Fatal(err)
	}
	runs, err := eng.List(t.Context(), engine.RunFilter{})
	if err != nil || len(runs) != 8 {
		t.Fatalf("%d runs, %v; want 8", len(runs), err)
	}
	for _, r := range runs {
		ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
		if r, err = eng.Wait(ctx, r.ID); err != nil || r.Status != engine.Cancelled {
			t.Errorf("run %d (%s) is %s, %v", r.ID, r.Workflow, r.Status, err)
		}
		stop()
	}
}

// When the time of a Spawn is over the parent goes on; what is left of its children ends with it.
func TestSpawnWithin(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, square(func(ctx *engine.Context, _ int64) error { <-ctx.Done(); return ctx.Err() }),
		parent(func() engine.Transition {
			return engine.Spawn(squaresOf(2), "join").Within(30*time.Millisecond, "late")
		}))
	serve(t, eng)
	run, err := family.Start(t.Context(), eng, parcel{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := family.Wait(t.Context(), eng, run.ID); err != nil || !slices.Equal(got, []string{"late"}) {
		t.Errorf("Wait: %q, %v", got, err)
	}
	for id := run.ID + 1; id <= run.ID+2; id++ {
		if c, err := eng.Wait(t.Context(), id); err != nil || c.Status != engine.Cancelled {
			t.Errorf("child %d is %s, %v", id, c.Status, err)
		}
	}
}

// FailFast cancels the siblings of the child that has failed, not what is left of an earlier Spawn.
func TestFailFastLeavesAnEarlierSpawnAlone(t *testing.T) {
	t.Parallel()
	joined := make(chan struct{})
	one := func(n int64) iter.Seq[engine.Child] {
		return slices.Values([]engine.Child{squares.Child(count{N: n}, nil)})
	}
	flow := engine.Workflow[parcel, []string]{Name: family, Steps: []engine.Step[parcel]{
		{Name: "spawn", Do: func(*engine.Context, *parcel) (engine.Transition, error) {
			return engine.Spawn(one(1), "again").Within(time.Millisecond, "again"), nil
		}},
		{Name: "again", Do: func(*engine.Context, *parcel) (engine.Transition, error) {
			return engine.Spawn(one(2), "join").FailFast(), nil
		}},
		{Name: "join", Do: func(*engine.Context, *parcel) (engine.Transition, error) {
			return engine.Sleep(50*time.Millisecond, "release"), nil
		}},
		{Name: "release", Do: func(*engine.Context, *parcel) (engine.Transition, error) {
			close(joined)
			return engine.Sleep(50*time.Millisecond, "end"), nil
		}},
		{Name: "end", Do: func(*engine.Context, *parcel) (engine.Transition, error) { return engine.Next(), nil }},
	}}
	eng := newEngine(t, flow, square(func(ctx *engine.Context, n int64) error {
		if n == 2 {
			return engine.Permanent(errors.New("no"))
		}
		select {
		case <-joined:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}))
	serve(t, eng)
	run, err := family.Start(t.Context(), eng, parcel{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := family.Wait(t.Context(), eng, run.ID); err != nil {
		t.Fatal(err)
	}
	if c, err := eng.Wait(t.Context(), run.ID+1); err != nil || c.Status != engine.Completed {
		t.Errorf("the child of the first Spawn is %s, %v; want completed", c.Status, err)
	}
}

// A Spawn of nothing goes on at once; a child that cannot be started starts none.
func TestSpawnIsAllOrNothing(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, square(nil), parent(func() engine.Transition { return engine.Spawn(squaresOf(0), "join") }))
	if got, err := family.Run(t.Context(), eng, parcel{}, nil); err != nil || len(got) != 0 {
		t.Errorf("Run: %q, %v", got, err)
	}
	bad := square(nil)
	bad.Validate = func(s *count) error {
		if s.N == 3 {
			return errors.New("not 3")
		}
		return nil
	}
	eng = newEngine(t, bad, parent(func() engine.Transition { return engine.Spawn(squaresOf(5), "join") }))
	if _, err := family.Run(t.Context(), eng, parcel{}, nil); err == nil {
		t.Error("a child with an invalid input was taken")
	}
	if runs, err := eng.List(t.Context(), engine.RunFilter{}); err != nil || len(runs) != 1 {
		t.Errorf("%d runs, %v; want the parent alone", len(runs), err)
	}
}

// Children draw from generators that are seeded by their parent's seed and their place.
func TestChildSeeds(t *testing.T) {
	t.Parallel()
	var seeds [2][]int64
	for i := range seeds {
		eng := newEngine(t, square(nil), parent(func() engine.Transition { return engine.Spawn(squaresOf(3), "join") }))
		seed := int64(42)
		if _, err := family.Run(t.Context(), eng, parcel{}, &engine.StartOptions{Seed: &seed}); err != nil {
			t.Fatal(err)
		}
		children, err := eng.Children(t.Context(), 1, -1)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range children {
			seeds[i] = append(seeds[i], c.Seed)
		}
	}
	if !slices.Equal(seeds[0], seeds[1]) || len(seeds[0]) != 3 || seeds[0][0] == seeds[0][1] {
		t.Errorf("seeds %v and %v: want the same three different ones", seeds[0], seeds[1])
	}
}
