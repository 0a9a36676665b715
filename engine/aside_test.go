package engine_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// What a transaction of this process does to relatives of a run, it knows without being told by others: a sibling that
// has to stop is told, and who waits for one that is cancelled is woken, at once.
func TestRelativesHearAtOnce(t *testing.T) {
	t.Parallel()
	const rounds = 5
	var took time.Duration
	for range rounds {
		took += failFast(t)
	}
	if took > rounds*time.Second/4 { // a second is how often a process looks at its file in any case
		t.Errorf("%d times the relatives heard of it after %v in all", rounds, took)
	}
}

// failFast lets the first of three children fail, and returns how long it takes until the ends of the others are known: one
// executes and has to stop, the other is not due. The parent goes on meanwhile.
func failFast(t *testing.T) time.Duration {
	t.Helper()
	entered, fail, end := make(chan bool, 1), make(chan bool), make(chan bool)
	children := func(yield func(engine.Child) bool) {
		_ = yield(squares.Child(count{N: 0}, nil)) && yield(squares.Child(count{N: 1}, nil)) &&
			yield(squares.Child(count{N: 2}, &engine.StartOptions{Delay: time.Hour}))
	}
	child := square(func(ctx *engine.Context, n int64) error {
		if n == 0 {
			<-fail
			return engine.Permanent(errors.New("no"))
		}
		entered <- true
		<-ctx.Done()
		return ctx.Err()
	})
	elder := parent(func() engine.Transition { return engine.Spawn(children, "join").FailFast() })
	elder.Steps[1].Do = func(*engine.Context, *parcel) (engine.Transition, error) { <-end; return engine.Next(), nil }
	eng := newEngine(t, child, elder)
	serve(t, eng)
	defer close(end)
	run, err := family.Start(t.Context(), eng, parcel{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	becomes(t, eng, run.ID, engine.Waiting)
	<-entered
	var wg sync.WaitGroup
	for id := run.ID + 2; id <= run.ID+3; id++ {
		wg.Go(func() {
			if child, err := eng.Wait(t.Context(), id); err != nil || child.Status != engine.Cancelled {
				t.Errorf("child %d is %s, %v", id, child.Status, err)
			}
		})
	}
	begun := time.Now()
	close(fail)
	wg.Wait()
	return time.Since(begun)
}
