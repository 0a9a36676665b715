package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// A key whose run was deleted is taken over once: of several starts in one transaction, whose runs are not
// in the table yet, one has it.
func TestKeyTakenOverInOneTransaction(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	keyed := func() *store.Create {
		c := newCreate(0)
		c.Run.Key, c.Reuse = "k", []string{"completed", ""}
		return c
	}
	gone, err := s.Create(t.Context(), keyed())
	must(t, err)
	if run, err := s.Create(t.Context(), keyed()); !errors.Is(err, store.ErrKeyExists) || run.UUID != gone.UUID {
		t.Errorf("the key of a pending run: %+v, %v; want it to be taken", run, err)
	}
	must(t, s.Exec(t.Context(), "DELETE FROM wf_runs WHERE id = ?", gone.ID))
	release := hold(t, s)
	const n = 5
	results := make(chan error, n)
	for range n {
		go func() { _, err := s.Create(t.Context(), keyed()); results <- err }()
	}
	time.Sleep(5 * time.Millisecond) // for the requests to be queued: in several transactions the test would prove less
	release()
	made := 0
	for range n {
		if err := <-results; err == nil {
			made++
		} else if !errors.Is(err, store.ErrKeyExists) {
			t.Error(err)
		}
	}
	if made != 1 || count(t, s, "wf_runs") != 1 || count(t, s, "wf_keys") != 1 {
		t.Errorf("%d runs were made, %d are there with %d keys; want 1", made, count(t, s, "wf_runs"), count(t, s, "wf_keys"))
	}
}

// The end of a run does not touch a key that a later run has taken over.
func TestKeyOfALaterRun(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	worker := newWorker(t, s)
	first := newCreate(worker)
	first.Run.Key = "k"
	run, err := s.Create(t.Context(), first)
	must(t, err)
	later := newCreate(0)
	later.Run.Key, later.Reuse = "k", []string{"running"}
	_, err = s.Create(t.Context(), later)
	must(t, err)
	mustApply(t, s, end(run.Lease(), &run, "failed"))
	if n := count(t, s, "wf_keys WHERE ended_us IS NULL AND run_uuid = '"+later.Run.UUID+"'"); n != 1 {
		t.Error("the key of the later run has ended with the earlier one")
	}
}
