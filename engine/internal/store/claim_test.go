package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/engine/internal/store"
)

func mustClaim(t testing.TB, s *store.Store, c store.Claim) []store.Run {
	t.Helper()
	runs, err := s.Claim(t.Context(), c)
	must(t, err)
	for i := range runs { // what is returned is what is stored
		if diff := cmp.Diff(mustRun(t, s, runs[i].ID), runs[i]); diff != "" {
			t.Errorf("claimed run (-stored +returned):\n%s", diff)
		}
		checkChain(t, s, runs[i].ID)
	}
	return runs
}

func numbers(runs []store.Run) (ids []int64) {
	for _, r := range runs {
		ids = append(ids, r.ID)
	}
	return ids
}

func TestClaim(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	worker := newWorker(t, s)
	first, second := mustCreate(t, s, 0), mustCreate(t, s, 0)
	later := newCreate(0)
	later.Run.DueUS = time.Now().Add(time.Hour).UnixMicro()
	_, err := s.Create(t.Context(), later)
	must(t, err)
	other := newCreate(0)
	other.Run.Workflow = "other"
	third, err := s.Create(t.Context(), other)
	must(t, err)

	got := mustClaim(t, s, store.Claim{Worker: worker, Limit: 1})
	if diff := cmp.Diff([]int64{first.ID}, numbers(got)); diff != "" {
		t.Fatalf("oldest (-want +got):\n%s", diff)
	}
	if r := got[0]; r.Status != "running" || r.Owner != worker || r.Epoch != 1 || r.Attempt != 1 || r.StartedUS == 0 || r.Seq != 1 {
		t.Errorf("first claim: %+v", r)
	}
	if got := mustClaim(t, s, store.Claim{Worker: worker, Workflows: []string{"other"}, Limit: 9}); len(got) != 1 || got[0].ID != third.ID {
		t.Errorf("of one workflow: %v, want [%d]", numbers(got), third.ID)
	}
	if got := mustClaim(t, s, store.Claim{Worker: worker, Limit: 9}); len(got) != 1 || got[0].ID != second.ID {
		t.Errorf("the rest: %v, want [%d]", numbers(got), second.ID)
	}
}

func TestClaimDue(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	worker := newWorker(t, s)
	run := mustCreate(t, s, worker)
	l := run.Lease()
	run.Status, run.Owner, run.DueUS = "waiting", 0, time.Now().Add(-time.Second).UnixMicro()
	mustApply(t, s, &store.Change{Lease: l, Row: run, History: []store.History{{Kind: "transition", DurationUS: -1}}})
	must(t, s.Update(t.Context(), func(tx *store.Tx) error { return tx.SetWant(run.ID, "cancel", "") }))
	got := mustClaim(t, s, store.Claim{Worker: worker, Limit: 9})
	if len(got) != 1 || got[0].DueUS != 0 || got[0].Seq != 3 || got[0].Want != "cancel" {
		t.Fatalf("claimed %+v", got)
	}
	rows, err := s.History(t.Context(), store.HistoryFilter{Run: run.ID, Limit: 9})
	must(t, err)
	if h := rows[2]; h.Kind != "claimed" || h.Detail != `{"was":"waiting","deaths":0}` || h.Worker != worker {
		t.Errorf("history row of the claim: %+v", h)
	}
}

func TestReleaseAndClaimNamed(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	dead, heir := newWorker(t, s), newWorker(t, s)
	run := mustCreate(t, s, dead)
	l := run.Lease()
	mustApply(t, s, step(l, &run))
	var released []int64
	must(t, s.Update(t.Context(), func(tx *store.Tx) (err error) {
		if err := tx.StopWorker(dead, true); err != nil {
			return err
		}
		released, err = tx.ReleaseRuns(dead, true)
		return err
	}))
	if diff := cmp.Diff([]int64{run.ID}, released); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
	if got := mustRun(t, s, run.ID); got.Status != "pending" || got.Owner != 0 || got.Epoch != 2 || got.Deaths != 1 {
		t.Errorf("released run: %+v", got)
	}
	if err := s.Apply(t.Context(), step(l, &run)); err == nil {
		t.Error("P5: a deposed owner has written")
	}
	if got := mustClaim(t, s, store.Claim{Worker: heir, IDs: []int64{run.ID}, Statuses: []string{"suspended"}, Limit: 9}); len(got) != 0 {
		t.Errorf("claimed although it is not suspended: %v", numbers(got))
	}
	got := mustClaim(t, s, store.Claim{Worker: heir, IDs: []int64{run.ID, 999}, Statuses: []string{"pending"}, Limit: 9})
	if len(got) != 1 || got[0].Owner != heir || got[0].Epoch != 3 || got[0].Deaths != 1 || got[0].Attempt != 2 {
		t.Errorf("claimed by name: %+v", got)
	}
	mustApply(t, s, step(got[0].Lease(), &got[0]))
}
