package store_test

import (
	"slices"
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

// A run whose time has come goes on where its wait says.
func TestClaimOpensElse(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	for _, tc := range []struct {
		name         string
		wait         store.Wait
		step, next   string
		detail       string
		whileBlocked bool // it enters its queue first
	}{
		{"else", store.Wait{Kind: store.WaitSignal, Else: &store.Door{Step: "two", Fingerprint: "g"}}, "two", "two",
			`{"was":"waiting","deaths":0,"waited":"signal"}`, false},
		{"timer", store.Wait{Kind: store.WaitTimer}, "one", "", `{"was":"waiting","deaths":0,"waited":"timer"}`, false},
		{"queue full", store.Wait{Kind: store.WaitSignal, Else: &store.Door{Step: "two", Fingerprint: "g"}}, "two", "two",
			`{"because":"its time has come","waited":"signal"}`, true},
	} {
		y.set("q", concurrency(0))
		run := y.wait(y.claimOne(y.enter("q")), time.Second, tc.wait)
		y.pass(time.Second)
		if tc.whileBlocked {
			y.set("q", concurrency(1))
			if got := mustClaim(t, y.Store, store.Claim{Worker: y.worker, Limit: 9}); len(got) != 0 {
				t.Fatalf("%s: claimed %v", tc.name, numbers(got))
			}
			y.set("q", concurrency(0))
		}
		got := y.claimOne(run)
		if got.Step != tc.step || got.Visit != run.Visit || got.Attempt != 1 || got.Wait != "" || got.DueUS != 0 {
			t.Errorf("%s: claimed %+v", tc.name, got)
		}
		if tc.step == "two" && got.Fingerprint != "g" {
			t.Errorf("%s: fingerprint %q, want that of the step", tc.name, got.Fingerprint)
		}
		rows, err := y.History(t.Context(), store.HistoryFilter{Run: run.ID, Limit: 9})
		must(t, err)
		h := rows[2]
		if h.Next != tc.next || h.Detail != tc.detail {
			t.Errorf("%s: history row %q, next %q, detail %s; want next %q, detail %s", tc.name, h.Kind, h.Next, h.Detail, tc.next, tc.detail)
		}
	}
}

// What a run waits for and cannot be read is its owner's affair; it keeps nobody else from being claimed.
func TestClaimWithBadWait(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	run := y.wait(y.claimOne(y.enter("q")), time.Second, store.Wait{Kind: store.WaitTimer})
	other := y.wait(y.claimOne(y.enter("q")), time.Second, store.Wait{Kind: store.WaitTimer})
	must(t, y.Exec(t.Context(), "UPDATE wf_runs SET wait = '{' WHERE id = ?", run.ID))
	y.set("q", concurrency(1))
	y.pass(time.Second)
	got := y.claim(9)
	if diff := cmp.Diff([]int64{run.ID}, numbers(got)); diff != "" {
		t.Fatalf("claimed (-want +got):\n%s", diff)
	}
	if got[0].Wait != "{" {
		t.Errorf("wait of the run: %q, want it as it was", got[0].Wait)
	}
	if r := mustRun(t, y.Store, other.ID); r.Status != "pending" {
		t.Errorf("the other one is %s, want pending", r.Status)
	}
}

// A passed deadline lets a run go on whatever it waits for, and only then.
func TestClaimByDeadline(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	soon := func(r *store.Run) { r.DeadlineUS = y.clock.NowUS() + 1_000_000 }
	door := &store.Door{Step: "two", Fingerprint: "g"}
	waiting := y.wait(y.claimOne(y.enter("q", soon)), time.Hour, store.Wait{Kind: store.WaitSignal, Else: door})
	both := y.wait(y.claimOne(y.enter("q", soon)), time.Second, store.Wait{Kind: store.WaitSignal, Else: door})
	asleep := y.enter("q", soon, func(r *store.Run) {
		r.DueUS, r.Wait = y.clock.NowUS()+5_000_000, store.Wait{Kind: store.WaitStart}.JSON()
	})
	suspended := y.claimOne(y.enter("q", soon))
	l := suspended.Lease()
	suspended.Status, suspended.Owner = "suspended", 0
	mustApply(t, y.Store, &store.Change{Lease: l, Row: suspended, History: []store.History{{Kind: "suspended", DurationUS: -1}}})
	y.set("q", concurrency(1))
	full := y.enter("q")
	y.claimOne(full)
	pending := y.enter("q", soon)
	if got := y.claim(9); len(got) != 0 {
		t.Fatalf("claimed %v before the deadline", numbers(got))
	}
	due, err := y.DueUS(t.Context(), y.clock.NowUS())
	must(t, err)
	if want := pending.DeadlineUS; due != want {
		t.Errorf("next due at %d, want the deadline %d", due, want)
	}
	y.pass(time.Second)
	got := y.claim(9)
	ids := numbers(got)
	slices.Sort(ids)
	if diff := cmp.Diff([]int64{waiting.ID, both.ID, asleep.ID, suspended.ID, pending.ID}, ids); diff != "" {
		t.Fatalf("claimed (-want +got):\n%s", diff)
	}
	for _, r := range got {
		if r.Status != "running" || r.Step != "one" || r.DueUS != 0 {
			t.Errorf("claimed %+v, want it running in the step where it was", r)
		}
		if awaited := r.ID == waiting.ID || r.ID == both.ID; (r.Wait != "") != awaited { // it has not come to its step
			t.Errorf("run %d has the wait %q", r.ID, r.Wait)
		}
	}
}

// Runs whose steps are undone stay that, and their attempts are counted elsewhere.
func TestClaimUndoing(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	for _, tc := range []struct {
		name, status string
		dueUS        int64 // from now
		claimed      bool
	}{
		{"at once", "compensating", 0, true},
		{"later", "compensating", 1_000_000, false},
		{"due", "compensating", -1, true},
		{"resumed", "pending", 0, true},
	} {
		run := y.enter("q")
		due := int64(0)
		if tc.dueUS != 0 {
			due = y.clock.NowUS() + tc.dueUS
		}
		must(t, y.Exec(t.Context(), `UPDATE wf_runs SET status = ?2, ending = 'failed', attempt = 3, started_us = 1, due_us = NULLIF(?3, 0)
			WHERE id = ?1`, run.ID, tc.status, due))
		got := y.claim(9)
		if claimed := len(got) == 1; claimed != tc.claimed {
			t.Fatalf("%s: claimed %v", tc.name, numbers(got))
		}
		if tc.claimed && (got[0].Status != "compensating" || got[0].Attempt != 3 || got[0].Owner != y.worker || got[0].Epoch != 1) {
			t.Errorf("%s: claimed %+v", tc.name, got[0])
		}
	}
	if due, err := y.DueUS(t.Context(), y.clock.NowUS()); err != nil || due != y.clock.NowUS()+1_000_000 {
		t.Errorf("next due at %d, %v, want in a second", due, err)
	}
}

// A run that waits for a signal without a bound is nobody's.
func TestClaimNamedOfUnbounded(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	run := y.claimOne(y.enter("q"))
	l := run.Lease()
	run.Status, run.Owner, run.Wait = "waiting", 0, store.Wait{Kind: store.WaitSignal, Signals: []store.Door{{Signal: "s", Step: "two"}}}.JSON()
	mustApply(t, y.Store, &store.Change{Lease: l, Row: run, History: []store.History{{Kind: "transition", DurationUS: -1}}})
	named := store.Claim{Worker: y.worker, IDs: []int64{run.ID}, Statuses: []string{"waiting", "pending"}, Limit: 1}
	if got := mustClaim(t, y.Store, named); len(got) != 0 {
		t.Errorf("claimed %+v", got)
	}
	if got := y.claim(9); len(got) != 0 {
		t.Errorf("claimed %+v", got)
	}
}

// A claim for a family gives its runs alone, within the limits of their queues.
func TestClaimBranch(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	root, stranger := y.enter("q"), y.enter("q")
	below := func(r *store.Run) { r.Parent, r.ParentVisit, r.Root = root.ID, 1, root.ID }
	y.set("few", concurrency(1))
	y.set("slow", func(q *store.Queue) { q.Rate, q.RatePeriodUS = 1, 1_000_000 })
	var want []int64
	for _, queue := range []string{"q", "few", "few", "slow", "slow"} {
		r := y.enter(queue, below)
		want = append(want, r.ID)
	}
	asleep := y.enter("q", below, func(r *store.Run) { r.DueUS, r.Wait = y.clock.NowUS()+1, store.Wait{Kind: store.WaitStart}.JSON() })
	branch := store.Claim{Worker: y.worker, Root: root.ID, Limit: 9}
	claim := func() []int64 {
		t.Helper()
		some, err := y.BranchClaimable(t.Context(), root.ID, nil, y.clock.NowUS())
		must(t, err)
		ids := numbers(mustClaim(t, y.Store, branch))
		if some != (len(ids) > 0) {
			t.Errorf("BranchClaimable said %v, and %v were claimed", some, ids)
		}
		slices.Sort(ids)
		return ids
	}
	if diff := cmp.Diff([]int64{want[0], want[1], want[3]}, claim()); diff != "" {
		t.Errorf("claimed (-want +got):\n%s", diff)
	}
	if got := claim(); len(got) != 0 {
		t.Errorf("claimed %v of full queues", got)
	}
	y.pass(time.Second)
	if diff := cmp.Diff([]int64{want[4], asleep.ID}, claim()); diff != "" {
		t.Errorf("claimed a second later (-want +got):\n%s", diff)
	}
	must(t, y.Update(t.Context(), func(tx *store.Tx) error { _, err := tx.ReleaseRuns(y.worker, false); return err }))
	if got := claim(); len(got) != 5 {
		t.Errorf("claimed %v again, want all but one", got)
	}
	if diff := cmp.Diff([]int64{root.ID, stranger.ID}, numbers(y.claim(9))); diff != "" {
		t.Errorf("left for others (-want +got):\n%s", diff)
	}
}
