package store_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

func TestLifeOfARun(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		keep, status      string
		history, hasState bool
	}{
		{"none", "completed", false, false},
		{"history", "completed", true, false},
		{"all", "completed", true, true},
		{"none", "failed", true, true},
		{"history", "cancelled", true, true},
	} {
		t.Run(test.keep+" "+test.status, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			c := newCreate(newWorker(t, s))
			c.Run.Keep, c.Run.Key = test.keep, "k"
			run, err := s.Create(t.Context(), c)
			must(t, err)
			l := run.Lease()
			for range 3 {
				mustApply(t, s, step(l, &run))
			}
			record := step(l, &run)
			record.Calls = []store.Call{{Visit: 1, Name: "card", Value: store.Payload{Codec: "json", Data: []byte("1")}}}
			mustApply(t, s, record)
			run.Result = store.Payload{Codec: "json", Data: []byte(`42`)}
			mustApply(t, s, end(l, &run, test.status))

			got := mustRun(t, s, run.ID)
			if got.Status != test.status || got.EndedUS == 0 || string(got.Result.Data) != "42" || got.Owner != 0 || got.Seq != 6 {
				t.Errorf("row: %+v", got)
			}
			if hasState := got.Checkpoint.State.Data != nil; hasState != test.hasState {
				t.Errorf("has state: %v, want %v", hasState, test.hasState)
			}
			if hasHistory := got.FirstHistory != 0; hasHistory != test.history || (count(t, s, "wf_history") == 6) != test.history {
				t.Errorf("has history: %v (%d rows), want %v", hasHistory, count(t, s, "wf_history"), test.history)
			}
			if !bytes.Equal(got.HeadHash, l.Hash) || len(l.Hash) != 32 {
				t.Errorf("head hash %x, lease has %x", got.HeadHash, l.Hash)
			}
			if n := count(t, s, "wf_calls"); (n == 1) != (test.status == "failed") { // which may be retried where it failed
				t.Errorf("%d recorded calls are left", n)
			}
			if n := count(t, s, "wf_keys WHERE ended_us IS NOT NULL"); n != 1 {
				t.Errorf("%d keys have an end, want 1", n)
			}
		})
	}
}

func count(t testing.TB, s *store.Store, from string) (n int64) {
	t.Helper()
	must(t, s.Scalar(t.Context(), &n, "SELECT count(*) FROM "+from))
	return n
}

// A second row for the same run in one UPDATE would silently not be applied.
func TestChangesOfOneRunInOneBatch(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	run := mustCreate(t, s, newWorker(t, s))
	l := run.Lease()
	release := hold(t, s)
	results := make(chan error, 4)
	submit := func(c *store.Change) { s.Submit(c, func(err error) { results <- err }) }
	submit(step(l, &run)) // saves visit 2
	plain := step(l, &run)
	plain.State = false // visit 3, which saves nothing
	plain.Calls = []store.Call{{Visit: 3, Name: "a", Value: store.Payload{Codec: "json", Data: []byte("1")}}}
	submit(plain)
	run.Status, run.Owner = "waiting", 0
	submit(&store.Change{Lease: l, Row: run, History: []store.History{{Kind: "transition", DurationUS: -1}}})
	submit(end(l, &run, "cancelled")) // not from running: needs a row of its own
	release()
	for range 4 {
		must(t, <-results)
	}
	got := mustRun(t, s, run.ID)
	if got.Seq != 5 || got.Visit != 3 || got.Status != "cancelled" || string(got.Checkpoint.State.Data) != `{"n":2}` {
		t.Errorf("row: seq %d, visit %d, %s, state %s", got.Seq, got.Visit, got.Status, got.Checkpoint.State.Data)
	}
	if l.Seq != 5 || l.Status != "cancelled" || l.Head != got.HeadHistory {
		t.Errorf("lease: %+v", l)
	}
	checkChain(t, s, run.ID)
}

// Two moves that are allowed one by one are committed one by one: together they would be one that is not.
func TestMovesOfOneRunInOneBatch(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	run := mustCreate(t, s, 0)
	l := run.Lease()
	release := hold(t, s)
	results := make(chan error, 2)
	for _, status := range []string{"paused", "compensating"} {
		run.Status = status
		s.Submit(&store.Change{Lease: l, Row: run, History: []store.History{{Kind: "paused", DurationUS: -1}}}, func(err error) { results <- err })
	}
	release()
	must(t, errors.Join(<-results, <-results))
	if got := mustRun(t, s, run.ID); got.Status != "compensating" || got.Seq != 3 {
		t.Errorf("%s, seq %d; want compensating, 3", got.Status, got.Seq)
	}
	checkChain(t, s, run.ID)
}

// P5, one owner: of two that hold the same run in one batch, one is told that it has lost it.
func TestTwoOwnersInOneBatch(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	run := mustCreate(t, s, newWorker(t, s))
	first, second := run.Lease(), run.Lease()
	release := hold(t, s)
	results := make(chan error, 2)
	s.Submit(step(first, &run), func(err error) { results <- err })
	s.Submit(step(second, &run), func(err error) { results <- err })
	release()
	if a, b := <-results, <-results; a != nil || !errors.Is(b, store.ErrGuard) {
		t.Errorf("two owners' changes: %v, %v; want nil, ErrGuard", a, b)
	}
	if got := mustRun(t, s, run.ID); got.Visit != 2 {
		t.Errorf("visit %d, want 2", got.Visit)
	}
	checkChain(t, s, run.ID)
}

// checkChain recomputes the run's chain from its rows.
func checkChain(t testing.TB, s *store.Store, id int64) {
	t.Helper()
	run := mustRun(t, s, id)
	rows, err := s.History(t.Context(), store.HistoryFilter{Run: id, Limit: 1000})
	must(t, err)
	hash, prev, last := make([]byte, 32), int64(0), int64(0)
	for i, row := range rows {
		h := row.History
		var worker string
		if h.Worker != 0 {
			must(t, s.Scalar(t.Context(), &worker, "SELECT uuid FROM wf_workers WHERE id = ?", h.Worker))
		}
		if want := store.ChainHash(hash, run.UUID, &h, worker); !bytes.Equal(want, h.Hash) {
			t.Errorf("row %d (%s): hash %x, want %x", h.Seq, h.Kind, h.Hash, want)
		}
		if h.Seq != int64(i+1) || h.Prev != prev || h.TimeUS < last {
			t.Errorf("row %d: seq %d, prev %d (want %d), time %d after %d", i+1, h.Seq, h.Prev, prev, h.TimeUS, last)
		}
		hash, prev, last = h.Hash, h.ID, h.TimeUS
	}
	if int64(len(rows)) != run.Seq || !bytes.Equal(hash, run.HeadHash) {
		t.Errorf("%d rows that end in %x, run has %d and %x", len(rows), hash, run.Seq, run.HeadHash)
	}
}

// hold keeps the writer busy, so that what is submitted until release is one batch.
func hold(t testing.TB, s *store.Store) (release func()) {
	t.Helper()
	in, out, done := make(chan bool), make(chan bool), make(chan error, 1)
	go func() {
		done <- s.Update(t.Context(), func(*store.Tx) error { close(in); <-out; return nil })
	}()
	<-in
	return func() { close(out); must(t, <-done) }
}

func TestGuard(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*store.Lease){
		"epoch":  func(l *store.Lease) { l.Epoch-- },
		"seq":    func(l *store.Lease) { l.Seq-- },
		"status": func(l *store.Lease) { l.Status = "pending" },
		"run":    func(l *store.Lease) { l.Run = 999 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			worker := newWorker(t, s)
			run, other := mustCreate(t, s, worker), mustCreate(t, s, worker)
			before := mustRun(t, s, run.ID)
			l := run.Lease()
			spoil(l)
			release := hold(t, s)
			results := make(chan error, 3)
			s.Submit(step(l, &run), func(err error) { results <- err })
			s.Submit(step(l, &run), func(err error) { results <- err })
			s.Submit(step(other.Lease(), &other), func(err error) { results <- err })
			release()
			first, second, third := <-results, <-results, <-results
			if !errors.Is(first, store.ErrGuard) || !errors.Is(second, store.ErrGuard) || third != nil {
				t.Errorf("deposed owner's changes: %v, %v; another run's: %v", first, second, third)
			}
			if after := mustRun(t, s, run.ID); after.Seq != before.Seq || after.Visit != before.Visit {
				t.Errorf("the row was changed: %+v", after)
			}
			if n := count(t, s, "wf_history"); n != 3 {
				t.Errorf("%d history rows, want 3", n)
			}
			if err := s.Apply(t.Context(), step(l, &run)); !errors.Is(err, store.ErrGuard) {
				t.Errorf("a change after a miss: %v, want ErrGuard", err)
			}
		})
	}
}

// A move that the schema forbids fails alone; the rest of its batch is committed.
func TestBadChangeFailsAlone(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	worker := newWorker(t, s)
	release := hold(t, s)
	const n = 20
	results := make([]chan error, n)
	runs := make([]store.Run, n)
	for i := range n {
		results[i] = make(chan error, 1)
		go func() {
			run, err := s.Create(t.Context(), newCreate(worker))
			runs[i] = run
			results[i] <- err
		}()
	}
	release()
	for i := range n {
		must(t, <-results[i])
	}
	release = hold(t, s)
	for i := range n {
		c := step(runs[i].Lease(), &runs[i])
		if i%7 == 3 {
			c.Row.Status = "no such status"
		}
		s.Submit(c, func(err error) { results[i] <- err })
	}
	release()
	for i := range n {
		err := <-results[i]
		if bad := i%7 == 3; bad != (err != nil) || bad && !errors.Is(err, store.ErrStorage) {
			t.Errorf("change %d: %v", i, err)
		}
	}
	for i := range n {
		checkChain(t, s, runs[i].ID)
	}
}

// What others want of an owned run reaches its owner with the next change, and stays until granted.
func TestWant(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	run := mustCreate(t, s, newWorker(t, s))
	l := run.Lease()
	other := mustOpen(t, store.Options{Path: s.Path()})
	must(t, other.Update(t.Context(), func(tx *store.Tx) error { return tx.SetWant(run.ID, "pause", `{"by":"me"}`) }))
	for range 2 {
		c := step(l, &run)
		mustApply(t, s, c)
		if c.Want != "pause" {
			t.Errorf("Want is %q, want pause", c.Want)
		}
	}
	run.Status, run.Owner = "paused", 0
	c := &store.Change{Lease: l, Row: run, History: []store.History{{Kind: "paused", DurationUS: -1}}}
	mustApply(t, s, c)
	if got := mustRun(t, s, run.ID); c.Want != "" || got.Want != "" || got.Status != "paused" {
		t.Errorf("after pausing: Change.Want %q, row %q (%s)", c.Want, got.Want, got.Status)
	}
	err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.SetWant(999, "pause", "") })
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("SetWant of no run: %v, want ErrNotFound", err)
	}
}

// Copies are appended at most once a second, and those go that the run's policy does not keep; a completed run
// has none.
func TestCopies(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	c := newCreate(newWorker(t, s))
	c.Run.Preserve = `{"last":3,"spaced":0}`
	run, err := s.Create(t.Context(), c)
	must(t, err)
	for i := range 5 {
		// An hour later, as far as the row knows.
		must(t, s.Exec(t.Context(), "UPDATE wf_runs SET copied_us = copied_us - 3600000000"))
		fresh := mustRun(t, s, run.ID)
		l := fresh.Lease()
		mustApply(t, s, step(l, &fresh)) // copied
		mustApply(t, s, step(l, &fresh)) // too soon
		var ids []int64
		must(t, json.Unmarshal([]byte(mustRun(t, s, run.ID).Copies), &ids))
		copies, err := s.Copies(t.Context(), run.ID)
		must(t, err)
		if want := min(i+1, 3); len(ids) != want || len(copies) != want || int(count(t, s, "wf_checkpoints")) != want {
			t.Fatalf("round %d: copies %v, read %d, stored %d; want %d", i, ids, len(copies), count(t, s, "wf_checkpoints"), want)
		}
		newest := copies[len(copies)-1]
		if want := fmt.Sprintf(`{"n":%d}`, fresh.Visit-1); string(newest.Checkpoint.State.Data) != want || newest.Seq != l.Seq-1 {
			t.Errorf("newest copy: seq %d, state %s; want %d, %s", newest.Seq, newest.Checkpoint.State.Data, l.Seq-1, want)
		}
	}
	last := mustRun(t, s, run.ID)
	mustApply(t, s, end(last.Lease(), &last, "completed"))
	if n, row := count(t, s, "wf_checkpoints"), mustRun(t, s, run.ID); n != 0 || row.Copies != "[]" {
		t.Errorf("after completion: %d copies, column %s", n, row.Copies)
	}
}

// Runs begin in the order of their numbers, also after the clock was set back and the process began anew, and though of the
// newest run no event is left: a list by time relies on it.
func TestRunsBeginInTheirOrder(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	mustCreate(t, s, 0)
	future := time.Now().Add(time.Hour).UnixMicro()
	must(t, s.Exec(t.Context(), "UPDATE wf_runs SET created_us = ?, first_history = NULL, head_history = NULL", future))
	must(t, s.Exec(t.Context(), "DELETE FROM wf_history"))
	must(t, s.Close())
	if run := mustCreate(t, mustOpen(t, store.Options{Path: s.Path()}), 0); run.CreatedUS < future {
		t.Errorf("run %d begins at %d, before the one before it at %d", run.ID, run.CreatedUS, future)
	}
}

// Time never goes back, though the clock may.
func TestTimeNeverGoesBack(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	run := mustCreate(t, s, newWorker(t, s))
	future := time.Now().Add(time.Hour).UnixMicro()
	must(t, s.Exec(t.Context(), "UPDATE wf_history SET time_us = ?", future))
	mustApply(t, s, step(run.Lease(), &run))
	if got := mustRun(t, s, run.ID); got.UpdatedUS < future {
		t.Errorf("updated at %d, before the newest history row's %d", got.UpdatedUS, future)
	}
}
