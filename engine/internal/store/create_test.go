package store_test

import (
	"errors"
	"testing"

	"github.com/durable-wf/wf/engine/internal/store"
)

func TestNumbersAreNeverReused(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	mustCreate(t, s, 0)
	newest := mustCreate(t, s, 0)
	must(t, s.Exec(t.Context(), "DELETE FROM wf_runs WHERE id = ?", newest.ID))
	must(t, s.Exec(t.Context(), "DELETE FROM wf_history WHERE id = ?", newest.HeadHistory))
	next := mustCreate(t, s, 0)
	if next.ID <= newest.ID || next.HeadHistory <= newest.HeadHistory {
		t.Errorf("run %d, row %d after run %d, row %d were deleted", next.ID, next.HeadHistory, newest.ID, newest.HeadHistory)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	release := hold(t, s)
	type result struct {
		run store.Run
		err error
	}
	results := make(chan result)
	const n = 5
	for range n {
		go func() {
			c := newCreate(0)
			c.Run.Key = "k"
			run, err := s.Create(t.Context(), c)
			results <- result{run, err}
		}()
	}
	release()
	var made store.Run
	var taken []result
	for range n {
		if r := <-results; r.err == nil {
			made = r.run
		} else {
			taken = append(taken, r)
		}
	}
	if made.ID == 0 || len(taken) != n-1 || count(t, s, "wf_runs") != 1 {
		t.Fatalf("%d runs, %d refused; want 1, %d", count(t, s, "wf_runs"), len(taken), n-1)
	}
	for _, r := range taken {
		key, ok := errors.AsType[*store.KeyError](r.err)
		if !ok || !errors.Is(r.err, store.ErrKeyExists) || key.UUID != made.UUID || r.run.UUID != made.UUID || string(key.InputHash) != "input" {
			t.Errorf("taken key: %+v, %v; want run %s", r.run, r.err, made.UUID)
		}
	}
	other := newCreate(0)
	other.Run.Workflow, other.Run.Key = "other", "k"
	if _, err := s.Create(t.Context(), other); err != nil {
		t.Errorf("the same key of another workflow: %v", err)
	}
}

func TestCreateTwiceFailsAlone(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	c := newCreate(0)
	run, err := s.Create(t.Context(), c)
	must(t, err)
	release := hold(t, s)
	results := make(chan error, 2)
	go func() { _, err := s.Create(t.Context(), c); results <- err }() // the same UUID
	go func() { _, err := s.Create(t.Context(), newCreate(0)); results <- err }()
	release()
	first, second := <-results, <-results
	if (first == nil) == (second == nil) {
		t.Errorf("Create of a UUID that exists, and of another: %v, %v", first, second)
	}
	checkChain(t, s, run.ID)
}
