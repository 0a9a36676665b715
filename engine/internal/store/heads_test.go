package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// The writer does not look again at what only it changes; it sees what it has changed itself, what others have, and what time has.
func TestWriterKnowsWhoWaits(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	other := mustOpen(t, store.Options{Path: y.Path()})
	start := func(after, want string) {
		t.Helper()
		c := newCreate(y.worker)
		c.Run.Queue, c.Yield = "free", true
		if run, err := y.Create(t.Context(), c); err != nil || run.Status != want {
			t.Fatalf("start after %s: %s, %v, want %s", after, run.Status, err, want)
		}
	}
	settle := func() {
		t.Helper()
		for len(y.claim(9)) > 0 {
		}
		start("the queue was emptied", "running")
	}
	settle()
	y.enter("free")
	start("a run that waits for a worker", "pending")
	settle()
	_, err := other.Create(t.Context(), newCreate(0))
	must(t, err)
	start("a run that another process has started", "pending")
	settle()
	run := mustCreate(t, y.Store, y.worker)
	y.wait(run, time.Second, store.Wait{Kind: store.WaitRetry})
	start("a run that has begun to wait for a time", "running")
	y.pass(time.Second)
	start("that time", "pending")
	settle()
	y.enter("free", func(r *store.Run) {
		r.DeadlineUS, r.Wait = y.clock.NowUS()+1000, store.Wait{Kind: store.WaitRetry}.JSON()
	})
	start("a run that waits, and has a deadline", "running")
	y.pass(time.Millisecond)
	start("the deadline", "pending")
	settle()
	must(t, y.Update(t.Context(), func(tx *store.Tx) error { _, err := tx.ReleaseRuns(y.worker, false); return err }))
	start("runs that were given back", "pending")
	settle()
	must(t, userSQL(t.Context(), y.Store, func(u *store.UserTx) error {
		_, err := u.Create(newCreate(0))
		return err
	}))
	start("a run that user SQL has started", "pending")
	settle()
	undone := errors.New("undone")
	if err := userSQL(t.Context(), y.Store, func(u *store.UserTx) error {
		_, err := u.Create(newCreate(0))
		return errors.Join(err, undone)
	}); !errors.Is(err, undone) {
		t.Error(err)
	}
	start("one that was undone", "running")
	must(t, other.Update(t.Context(), func(tx *store.Tx) error {
		return tx.ChangeQueue("free", func(q *store.Queue) { q.Concurrency = 1 })
	}))
	start("another process has limited the queue", "pending")
}

// A queue that has got a row because its runs share it out is not taken for one without.
func TestWriterKnowsOfQueues(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	share := func(key string) func(*store.Run) { return func(r *store.Run) { r.FairKey = key } }
	for range 3 {
		y.enter("fair", share("a"))
	}
	if got := y.claim(9); len(got) != 3 {
		t.Fatalf("claimed %d runs, want 3", len(got))
	}
	if run := y.enter("fair", share("b")); run.Rank != 4 {
		t.Errorf("its turn is %d, want 4, behind the runs that were claimed", run.Rank)
	}
}

// Signals of a run that has ended are deleted, whoever has sent them, and though there were none when the writer looked.
func TestWriterKnowsOfSignals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		other bool // another process sends
		send  func(*store.Store, *store.Run, store.Signal) error
	}{
		{"Tx", false, sendInTx},
		{"Tx of another process", true, sendInTx},
		{"user SQL", false, sendInUserSQL},
		{"user SQL of another process", true, sendInUserSQL},
		{"change", false, sendWithChange},
		{"change of another process", true, sendWithChange},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t)
			run, sender := mustCreate(t, y.Store, y.worker), mustCreate(t, y.Store, y.worker)
			s := y.Store
			if tc.other {
				s = mustOpen(t, store.Options{Path: y.Path()})
			}
			l := run.Lease()
			mustApply(t, y.Store, step(l, &run))
			must(t, tc.send(s, &sender, store.Signal{Run: run.ID, Name: "go", Value: store.Payload{Codec: "json", Data: []byte("1")}}))
			if n := count(t, y.Store, "wf_signals"); n != 1 {
				t.Fatalf("%d signals are there, want 1", n)
			}
			mustApply(t, y.Store, end(l, &run, "completed"))
			if n := count(t, y.Store, "wf_signals"); n != 0 {
				t.Errorf("%d signals are left", n)
			}
		})
	}
}

func sendInTx(s *store.Store, _ *store.Run, sig store.Signal) error {
	return s.Update(context.Background(), func(tx *store.Tx) error { return tx.Deliver(sig) })
}

func sendInUserSQL(s *store.Store, _ *store.Run, sig store.Signal) error {
	return userSQL(context.Background(), s, func(u *store.UserTx) error { return u.Deliver(sig) })
}

func sendWithChange(s *store.Store, sender *store.Run, sig store.Signal) error {
	c := step(sender.Lease(), sender)
	c.Sends = []store.Signal{sig}
	return s.Apply(context.Background(), c)
}
