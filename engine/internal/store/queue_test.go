package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/engine/internal/clock"
	"github.com/durable-wf/wf/engine/internal/store"
)

// yard is a store with a worker, on a clock that the test moves.
type yard struct {
	*store.Store
	t      testing.TB
	clock  *clock.Clock
	worker int64
}

func newYard(t testing.TB) *yard {
	t.Helper()
	y := &yard{t: t, clock: clock.New(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))}
	var err error
	y.Store, err = store.Open(clock.With(context.Background(), y.clock), store.Options{Path: filepath.Join(t.TempDir(), "wf.db"), Create: true})
	must(t, err)
	t.Cleanup(func() { must(t, y.Close()) })
	y.worker = newWorker(t, y.Store)
	return y
}

func (y *yard) pass(d time.Duration) { y.clock.Set(y.clock.Now().Add(d)) }

// enter creates a run in a queue, as change wants it.
func (y *yard) enter(queue string, change ...func(*store.Run)) store.Run {
	y.t.Helper()
	c := newCreate(0)
	c.Run.Queue = queue
	for _, fn := range change {
		fn(&c.Run)
	}
	run, err := y.Create(y.t.Context(), c)
	must(y.t, err)
	return run
}

func (y *yard) set(queue string, fn func(*store.Queue)) {
	y.t.Helper()
	must(y.t, y.Update(y.t.Context(), func(tx *store.Tx) error { return tx.ChangeQueue(queue, fn) }))
}

// claim claims up to n runs and checks that the look before a claim tells whether there are any, and the one after it
// whether there are more.
func (y *yard) claim(n int) []store.Run {
	y.t.Helper()
	some := y.claimable()
	runs := mustClaim(y.t, y.Store, store.Claim{Worker: y.worker, Limit: n})
	if some != (len(runs) > 0) {
		y.t.Errorf("Claimable said %v, and %d runs were claimed", some, len(runs))
	}
	if len(runs) < n && y.claimable() {
		y.t.Errorf("a claim of %d gave %d, and leaves some that could be claimed", n, len(runs))
	}
	return runs
}

func (y *yard) claimable() bool {
	y.t.Helper()
	some, err := y.Claimable(y.t.Context(), nil, y.clock.NowUS())
	must(y.t, err)
	return some
}

// finish ends a run that was claimed.
func (y *yard) finish(run store.Run) {
	y.t.Helper()
	mustApply(y.t, y.Store, end(run.Lease(), &run, "completed"))
}

// wait lets a run that was claimed wait for a time.
func (y *yard) wait(run store.Run, d time.Duration, w store.Wait) store.Run {
	y.t.Helper()
	l := run.Lease()
	run.Status, run.Owner, run.Attempt, run.DueUS, run.Wait = "waiting", 0, 0, y.clock.NowUS()+d.Microseconds(), w.JSON()
	mustApply(y.t, y.Store, &store.Change{Lease: l, Row: run, History: []store.History{{Kind: "transition", DurationUS: -1}}})
	return mustRun(y.t, y.Store, run.ID)
}

func concurrency(n int64) func(*store.Queue) { return func(q *store.Queue) { q.Concurrency = n } }

func TestConcurrency(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.set("mail", concurrency(2))
	for range 5 {
		y.enter("mail")
	}
	y.enter("free")
	first := y.claim(9)
	if got := len(first); got != 3 {
		t.Fatalf("claimed %d runs, want 2 of mail and 1 of free", got)
	}
	if got := y.claim(9); len(got) != 0 {
		t.Fatalf("claimed %v of a full queue", numbers(got))
	}
	var mail []store.Run
	for _, r := range first {
		if r.Queue == "mail" {
			mail = append(mail, r)
		}
	}
	y.finish(mail[0])
	third := y.claim(9)
	if len(third) != 1 {
		t.Fatalf("claimed %v when one place was free", numbers(third))
	}
	asleep := y.wait(mail[1], time.Minute, store.Wait{Kind: store.WaitTimer})
	fourth := y.claim(9)
	if len(fourth) != 1 {
		t.Fatalf("claimed %v: a run that waits holds no place", numbers(fourth))
	}
	y.pass(time.Minute)
	if !y.claimable() {
		t.Error("a run is due, and Claimable says no")
	}
	if got := mustClaim(t, y.Store, store.Claim{Worker: y.worker, Limit: 9}); len(got) != 0 {
		t.Fatalf("claimed %v: a due run needs a place", numbers(got))
	}
	if r := mustRun(t, y.Store, asleep.ID); r.Status != "pending" || r.Wait != "" || r.DueUS != 0 {
		t.Errorf("a due run for which there is no place: %+v", r)
	}
	if y.claimable() {
		t.Error("Claimable of a full queue: true, so that each look would take the write lock")
	}
	y.finish(third[0])
	if got := y.claim(9); len(got) != 1 || got[0].ID != asleep.ID {
		t.Errorf("claimed %v, want [%d], which has begun before", numbers(got), asleep.ID)
	}
	y.set("mail", concurrency(0))
	if got := y.claim(9); len(got) != 1 {
		t.Errorf("claimed %v of the last run once the limit was lifted", numbers(got))
	}
}

// A run that is to execute at once takes a place, or waits for one.
func TestConcurrencyOfOwned(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.set("mail", func(q *store.Queue) { q.Concurrency, q.Rate, q.RatePeriodUS = 2, 2, 1_000_000 })
	mine := func(r *store.Run) { r.Owner = y.worker }
	a, b, c := y.enter("mail", mine), y.enter("mail", mine), y.enter("mail", mine)
	if a.Status != "running" || b.Status != "running" || a.Rank >= 0 {
		t.Errorf("with places: %+v, %+v", a, b)
	}
	if c.Status != "pending" || c.Owner != 0 || c.StartedUS != 0 {
		t.Errorf("without a place: %+v", c)
	}
	named := store.Claim{Worker: y.worker, IDs: []int64{c.ID}, Statuses: []string{"pending"}, Limit: 1}
	if got := mustClaim(t, y.Store, named); len(got) != 0 {
		t.Errorf("claimed %v by name of a full queue", numbers(got))
	}
	y.finish(a)
	if got := mustClaim(t, y.Store, named); len(got) != 0 {
		t.Errorf("claimed %v by name without a token", numbers(got))
	}
	y.pass(500 * time.Millisecond)
	if got := mustClaim(t, y.Store, named); len(got) != 1 {
		t.Errorf("claimed %v by name with a place and a token", numbers(got))
	}
}

// A run that yields begins at once in a queue without limits, unless another waits for a worker; in a queue that has some
// it gets its turn, however many places there are.
func TestYield(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.set("mail", func(q *store.Queue) { q.Concurrency = 1 })
	start := func(queue, want string) {
		t.Helper()
		c := newCreate(y.worker)
		c.Run.Queue, c.Yield, c.History.Worker = queue, true, y.worker
		run, err := y.Create(t.Context(), c)
		must(t, err)
		if run.Status != want {
			t.Errorf("in queue %s: %s, want %s", queue, run.Status, want)
		}
		if h := lastEvent(t, y.Store, run.ID); h.Worker != run.Owner {
			t.Errorf("in queue %s: its owner is %d, worker %d has created it", queue, run.Owner, h.Worker)
		}
	}
	start("free", "running")
	start("mail", "pending")
	start("free", "pending") // behind the one that waits
	if got := y.claim(9); len(got) != 2 {
		t.Fatalf("claimed %d runs, want 2", len(got))
	}
	start("free", "running")
	start("mail", "pending")
	start("free", "running") // the one that waits has no place in its queue
	y.enter("free", func(r *store.Run) { r.DueUS = y.clock.NowUS() + 1000 })
	start("free", "running")
	y.pass(time.Millisecond)
	start("free", "pending") // behind the one that is due
}

func TestRate(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.set("mail", func(q *store.Queue) { q.Rate, q.RatePeriodUS = 2, time.Minute.Microseconds() })
	for range 6 {
		y.enter("mail")
	}
	first := y.claim(9)
	if len(first) != 2 {
		t.Fatalf("claimed %d, want the 2 of a full bucket", len(first))
	}
	next, err := y.Next(t.Context(), y.clock.NowUS())
	must(t, err)
	if got, want := next.DueUS-y.clock.NowUS(), int64(30_000_001); got != want {
		t.Errorf("next token in %d µs, want %d", got, want)
	}
	y.finish(first[1])
	if got := y.claim(9); len(got) != 0 {
		t.Fatalf("claimed %v without a token", numbers(got))
	}
	asleep := y.wait(first[0], time.Second, store.Wait{Kind: store.WaitRetry})
	y.pass(time.Second)
	if got := y.claim(9); len(got) != 1 || got[0].ID != asleep.ID {
		t.Fatalf("claimed %v, want [%d]: a retry needs no token", numbers(got), asleep.ID)
	}
	must(t, y.Update(t.Context(), func(tx *store.Tx) error { _, err := tx.ReleaseRuns(y.worker, false); return err }))
	if got := y.claim(9); len(got) != 1 || got[0].ID != asleep.ID {
		t.Fatalf("claimed %v, want [%d]: what was released needs no token, though others are before it", numbers(got), asleep.ID)
	}
	y.pass(29*time.Second - time.Millisecond)
	if got := y.claim(9); len(got) != 0 {
		t.Fatalf("claimed %v too early", numbers(got))
	}
	y.pass(time.Millisecond + time.Microsecond)
	if got := y.claim(9); len(got) != 1 {
		t.Fatalf("claimed %v with the next token", numbers(got))
	}
	y.pass(time.Hour)
	if got := y.claim(9); len(got) != 2 {
		t.Fatalf("claimed %v after a pause, want as many as a full bucket has", numbers(got))
	}
	y.pass(-24 * time.Hour)
	if got := y.claim(9); len(got) != 1 {
		t.Errorf("claimed %v after the clock was set back, want the last one", numbers(got))
	}
}

func TestPausedQueue(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	undoing, late := y.enter("mail"), y.enter("mail", func(r *store.Run) { r.DeadlineUS = y.clock.NowUS() + 1 })
	y.set("mail", func(q *store.Queue) { q.Paused = `{"by":"me"}` })
	waiting := y.enter("mail")
	must(t, y.Exec(t.Context(), "UPDATE wf_runs SET status = 'compensating', ending = 'failed', started_us = 1 WHERE id = ?", undoing.ID))
	y.pass(time.Second)
	got := y.claim(9)
	if diff := cmp.Diff([]int64{undoing.ID, late.ID}, numbers(got)); diff != "" {
		t.Fatalf("claimed of a paused queue (-want +got):\n%s", diff)
	}
	if got[0].Status != "compensating" || got[0].Attempt != 0 || got[1].Status != "running" {
		t.Errorf("claimed %+v", got)
	}
	y.set("mail", func(q *store.Queue) { q.Paused = "" })
	if got := y.claim(9); len(got) != 1 || got[0].ID != waiting.ID {
		t.Errorf("claimed %v when the pause was over", numbers(got))
	}
}

func TestPriority(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.set("limited", concurrency(100))
	for _, queue := range []string{"free", "limited"} {
		var want []int64
		for _, p := range []int64{0, 5, -1, 5} {
			want = append(want, y.enter(queue, func(r *store.Run) { r.Priority = p }).ID)
		}
		want[0], want[1], want[2], want[3] = want[1], want[3], want[0], want[2]
		var got []int64
		for range want {
			got = append(got, numbers(y.claim(1))...)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("queue %s in the order of priority (-want +got):\n%s", queue, diff)
		}
	}
	// A due run does not overtake those of a higher priority, but those of its own that have not begun.
	low := y.wait(y.claimOne(y.enter("free")), time.Second, store.Wait{Kind: store.WaitTimer})
	y.pass(time.Second)
	high := y.enter("free", func(r *store.Run) { r.Priority = 1 })
	same := y.enter("free")
	if diff := cmp.Diff([]int64{high.ID, low.ID, same.ID}, numbers(append(append(y.claim(1), y.claim(1)...), y.claim(1)...))); diff != "" {
		t.Errorf("a due run among pending ones (-want +got):\n%s", diff)
	}
	// One claim gives a due run also if its queue was served before it entered that.
	y.claimOne(y.wait(y.claimOne(y.enter("free")), 0, store.Wait{Kind: store.WaitTimer})) // due ones were served last
	low = y.wait(y.claimOne(y.enter("free")), time.Second, store.Wait{Kind: store.WaitTimer})
	y.claimOne(y.wait(y.claimOne(y.enter("free")), 0, store.Wait{Kind: store.WaitTimer}))
	high = y.enter("free", func(r *store.Run) { r.Priority = 1 })
	y.pass(time.Second)
	if diff := cmp.Diff([]int64{high.ID, low.ID}, numbers(y.claim(9))); diff != "" {
		t.Errorf("a due run that enters a queue which was served (-want +got):\n%s", diff)
	}
}

func (y *yard) claimOne(run store.Run) store.Run {
	y.t.Helper()
	got := y.claim(1)
	if len(got) != 1 || got[0].ID != run.ID {
		y.t.Fatalf("claimed %v, want [%d]", numbers(got), run.ID)
	}
	return got[0]
}

// However many runs of one key there are, those of another take turns with them.
func TestFairKeys(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	key := func(k string) func(*store.Run) { return func(r *store.Run) { r.FairKey = k } }
	for range 60 {
		y.enter("mail", key("a"))
	}
	for range 20 {
		y.claimNext("a")
	}
	for range 3 {
		y.enter("mail", key("b"))
	}
	order := ""
	for range 8 {
		order += y.claim(1)[0].FairKey
	}
	if want := "abababaa"; order != want {
		t.Errorf("order of the keys: %s, want %s", order, want)
	}
	for range 3 {
		y.enter("mail", key("b"))
		y.enter("mail")
	}
	order = ""
	for range 9 {
		order += y.claim(1)[0].FairKey + "."
	}
	if want := "a.b..a.b..a.b.."; order != want {
		t.Errorf("order of three shares: %q, want %q", order, want)
	}
}

func (y *yard) claimNext(key string) {
	y.t.Helper()
	if got := y.claim(1); len(got) != 1 || got[0].FairKey != key {
		y.t.Fatalf("claimed %+v, want one of key %q", got, key)
	}
}

// Queues take turns, and so do those runs that are due.
func TestTurnsOfQueues(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	for range 4 {
		y.wait(y.claimOne(y.enter("due")), time.Second, store.Wait{Kind: store.WaitTimer})
	}
	for _, queue := range []string{"b", "c", "a"} {
		for range 4 {
			y.enter(queue)
		}
	}
	y.pass(time.Second)
	counts := map[string]int{}
	for range 8 {
		counts[y.claim(1)[0].Queue]++
	}
	if diff := cmp.Diff(map[string]int{"due": 2, "a": 2, "b": 2, "c": 2}, counts); diff != "" {
		t.Errorf("one at a time (-want +got):\n%s", diff)
	}
	if got := len(y.claim(99)); got != 8 {
		t.Errorf("the rest: %d, want 8", got)
	}
}

// More due runs than one claim lets enter their full queue do not keep those of others back.
func TestManyDueInFullQueue(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.set("mail", concurrency(1))
	for range 30 {
		y.wait(y.claimOne(y.enter("mail")), time.Second, store.Wait{Kind: store.WaitTimer})
	}
	y.claimOne(y.enter("mail"))
	y.pass(time.Second)
	free := y.enter("z")
	if got := y.claim(5); len(got) != 1 || got[0].ID != free.ID {
		t.Errorf("claimed %v, want [%d]", numbers(got), free.ID)
	}
	queues, err := y.Queues(t.Context())
	must(t, err)
	got := map[string][2]int64{}
	for _, q := range queues {
		got[q.Name] = [2]int64{q.Pending, q.Running}
	}
	if diff := cmp.Diff(map[string][2]int64{"mail": {30, 1}, "z": {0, 1}}, got); diff != "" {
		t.Errorf("pending and running (-want +got):\n%s", diff)
	}
}

// A backlog is claimed in the order of its index, not sorted, and a queue with a backlog that is closed is not looked
// through: both touch few of the pages that a walk over the backlog touches.
func TestBacklog(t *testing.T) {
	t.Parallel()
	const backlog = 60_000
	y := newYard(t)
	y.set("mail", func(q *store.Queue) { q.Concurrency, q.Rate, q.RatePeriodUS = 200, 200, 1_000_000_000 })
	seed := y.enter("mail")
	must(t, y.Exec(t.Context(), fmt.Sprintf(`INSERT INTO wf_runs (uuid, workflow, version, fingerprint, status, step, visit, attempt,
		failures, deaths, seq, epoch, queue, priority, rank, children, created_us, updated_us, head_hash, keep, seed, copied_us, codec, checksum, state)
		WITH n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		SELECT 'x' || i, workflow, version, fingerprint, status, step, visit, attempt, failures, deaths, seq, epoch, queue, i %% 3, i, children,
		created_us, updated_us, head_hash, keep, seed, copied_us, codec, checksum, state FROM n, wf_runs`, backlog)))
	walk := y.touched(func() {
		var n int64
		must(t, y.Scalar(t.Context(), &n, "SELECT count(*) FROM wf_runs INDEXED BY wf_runs_pending WHERE status = 'pending' AND workflow <> ''"))
		if n < backlog {
			t.Fatalf("%d pending runs", n)
		}
	})
	for _, tc := range []struct {
		name  string
		limit func(*store.Queue)
		do    func()
	}{
		{"a claim", func(*store.Queue) {}, func() {
			runs, err := y.Claim(t.Context(), store.Claim{Worker: y.worker, Workflows: []string{"test"}, Limit: 5})
			if err != nil || len(runs) != 5 || runs[0].Priority != 2 || runs[0].ID == seed.ID {
				t.Fatalf("claimed %v, %v", numbers(runs), err)
			}
		}},
		{"a look at a full queue", concurrency(1), func() {
			if y.claimable() {
				t.Fatal("Claimable of a full queue: true")
			}
		}},
		{"a look at a queue without a token", func(q *store.Queue) { q.Concurrency, q.Tokens = 0, 0 }, func() {
			if y.claimable() {
				t.Fatal("Claimable of a queue without a token: true")
			}
		}},
	} {
		y.set("mail", tc.limit)
		tc.do() // the schema is read once
		touched := y.touched(tc.do)
		t.Logf("%s: %d pages, a walk: %d", tc.name, touched, walk)
		if touched > walk/2 {
			t.Errorf("%s touched %d pages, and a walk over the backlog %d", tc.name, touched, walk)
		}
	}
}

// touched is how many pages the connections touch while fn runs.
func (y *yard) touched(fn func()) int {
	y.t.Helper()
	before, err := y.PagesTouched(y.t.Context())
	must(y.t, err)
	fn()
	after, err := y.PagesTouched(y.t.Context())
	must(y.t, err)
	return after - before
}
