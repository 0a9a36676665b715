package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// A lone request is written by who waits for it; what comes meanwhile, and what nobody waits for, by the writer's
// goroutine.
func TestWhoWrites(t *testing.T) {
	t.Parallel()
	var callers, goroutine atomic.Int32
	s := mustOpen(t, store.Options{Path: filepath.Join(t.TempDir(), "wf.db"), Create: true, Observe: func(store.Committed) {
		if bytes.Contains(debug.Stack(), []byte("(*writer).lead")) {
			callers.Add(1)
		} else {
			goroutine.Add(1)
		}
	}})
	check := func(what string, wantCallers, wantGoroutine int32) {
		t.Helper()
		if c, g := callers.Swap(0), goroutine.Swap(0); c != wantCallers || g != wantGoroutine {
			t.Errorf("%s: callers wrote %d transactions and the goroutine %d, want %d and %d", what, c, g, wantCallers, wantGoroutine)
		}
	}
	worker := newWorker(t, s)
	run := mustCreate(t, s, worker)
	l := run.Lease()
	mustApply(t, s, step(l, &run))
	check("three requests, one by one", 3, 0)
	outcome := make(chan error, 3)
	s.Submit(step(l, &run), func(err error) { outcome <- err })
	must(t, <-outcome)
	check("a change that is submitted", 0, 1)
	release := hold(t, s)
	for range 2 {
		go func() { _, err := s.Create(context.Background(), newCreate(0)); outcome <- err }()
	}
	for s.Queued() < 2 {
		time.Sleep(time.Millisecond)
	}
	release()
	must(t, errors.Join(<-outcome, <-outcome))
	check("two requests that come during a third", 1, 1)
	var g store.Group
	g.Change(step(l, &run), func(err error) { outcome <- err })
	if !s.Put(&g) {
		t.Fatal("the pen was not free")
	}
	s.Submit(step(l, &run), func(err error) { outcome <- err })
	s.Lead()
	must(t, errors.Join(<-outcome, <-outcome))
	check("a group, and what is submitted before it is written", 1, 0)
}

// Changes of one lease are committed in the order in which they were queued, whoever writes them, and answered in it.
func TestOrderWhoeverWrites(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	worker := newWorker(t, s)
	var all sync.WaitGroup
	for range 4 {
		run := mustCreate(t, s, worker)
		l := run.Lease()
		all.Go(func() {
			var answered []int64
			var left sync.WaitGroup
			for i := range 60 {
				c := step(l, &run)
				left.Add(1)
				done := func(err error) {
					defer left.Done()
					if err != nil {
						t.Errorf("visit %d: %v", c.Row.Visit, err)
					}
					answered = append(answered, c.Row.Visit) // one transaction after the other
				}
				switch i % 3 {
				case 0, 1:
					s.Submit(c, done)
				default:
					g := &store.Group{}
					if g.Change(c, done); s.Put(g) {
						s.Lead()
					}
				}
			}
			left.Wait()
			if len(answered) != 60 || !slices.IsSorted(answered) {
				t.Errorf("answered: %v", answered)
			}
		})
	}
	all.Wait()
	runs, err := s.Runs(t.Context(), store.RunFilter{Limit: 10})
	must(t, err)
	for _, r := range runs {
		checkChain(t, s, r.ID)
		if r.Seq != 61 {
			t.Errorf("run %d: seq %d, want 61", r.ID, r.Seq)
		}
	}
}

// Who writes what he waits for gets its error, and those whose requests he took with it get their own answers.
func TestLeaderFails(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	run, other := mustCreate(t, s, newWorker(t, s)), mustCreate(t, s, newWorker(t, s))
	must(t, s.LimitPages(t.Context(), 20))
	big := step(run.Lease(), &run)
	big.Row.Checkpoint = jsonState(`"` + strings.Repeat("x", 1<<20-2) + `"`)
	otherLease := other.Lease()
	outcome, neighbour := make(chan error, 1), make(chan error, 1)
	var g store.Group
	g.Change(big, func(err error) { outcome <- err })
	if !s.Put(&g) {
		t.Fatal("the pen was not free")
	}
	s.Submit(step(otherLease, &other), func(err error) { neighbour <- err })
	s.Lead()
	if err := <-outcome; !errors.Is(err, store.ErrFull) {
		t.Errorf("what does not fit: %v, want ErrFull", err)
	}
	must(t, <-neighbour)
	for name, spoil := range map[string]func() error{"error": func() error { return errors.New("no") }, "panic": func() error { panic("oh") }} {
		if err := s.Update(t.Context(), func(*store.Tx) error { return spoil() }); err == nil {
			t.Errorf("closure with %s: Update has succeeded", name)
		}
		if err := userSQL(t.Context(), s, func(*store.UserTx) error { return spoil() }); err == nil {
			t.Errorf("user SQL with %s: it has succeeded", name)
		}
		mustApply(t, s, step(otherLease, &other))
	}
	checkChain(t, s, other.ID)
}

// Close waits for who writes, and for what has come meanwhile; nobody writes afterwards.
func TestCloseDuringACallersTransaction(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	release := hold(t, s)
	late, closed := make(chan error, 1), make(chan error, 1)
	go func() { _, err := s.Create(context.Background(), newCreate(0)); late <- err }()
	for s.Queued() < 1 {
		time.Sleep(time.Millisecond)
	}
	go func() { closed <- s.Close() }()
	for { // until it is closing
		_, err := s.Create(canceledSoon(t), newCreate(0))
		if errors.Is(err, store.ErrClosed) {
			break
		}
	}
	select {
	case err := <-closed:
		t.Fatalf("Close has returned %v during a transaction", err)
	default:
	}
	release()
	must(t, errors.Join(<-late, <-closed))
	if _, err := s.Create(context.Background(), newCreate(0)); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Create after Close: %v, want ErrClosed", err)
	}
	again := mustOpen(t, store.Options{Path: s.Path()})
	if got := count(t, again, "wf_runs"); got != 1 {
		t.Errorf("%d runs are there, want the one that was acknowledged", got)
	}
}

// canceledSoon returns a context that ends before a writer that is held takes a request.
func canceledSoon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// A panic in the writer ends the program, also in a caller that recovers from it: whoever writes next would wait for ever.
func TestPanicOfTheWriterEndsTheProgram(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	child := newChild(t, "panic", s.Path())
	var stderr bytes.Buffer
	child.Stderr = &stderr
	err := child.Run()
	if err == nil || !strings.Contains(stderr.String(), "panic: at the desk") || !strings.Contains(stderr.String(), "(*writer).lead") {
		t.Errorf("child: %v; it said:\n%s", err, stderr.String())
	}
	mustCreate(t, s, 0)
}

// panics panics while it writes, and recovers.
func panics(path string) error {
	s, err := store.Open(context.Background(), store.Options{Path: path, Observe: func(store.Committed) { panic("at the desk") }})
	if err != nil {
		return err
	}
	for range 2 {
		func() {
			defer func() { fmt.Println("recovered", recover()) }()
			_, err = s.Create(context.Background(), newCreate(0))
		}()
	}
	return err
}
