package store_test

import (
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// start starts a run that yields.
func (y *yard) start(queue string) store.Run {
	y.t.Helper()
	c := newCreate(y.worker)
	c.Run.Queue, c.Yield, c.History.Worker = queue, true, y.worker
	run, err := y.Create(y.t.Context(), c)
	must(y.t, err)
	return run
}

// However long nothing has waited for a worker, and whoever lets something wait: what is started then is behind it.
func TestCalmEnds(t *testing.T) {
	t.Parallel()
	later := time.Second
	for name, end := range map[string]func(y *yard, running store.Run){
		"a run is enqueued":              func(y *yard, _ store.Run) { y.enter("free") },
		"a run is due":                   func(y *yard, _ store.Run) { y.enter("free", func(r *store.Run) { r.DueUS = y.clock.NowUS() + 5 }) },
		"a run waits until it is due":    func(y *yard, r store.Run) { y.wait(r, later/4, store.Wait{Kind: store.WaitTimer}) },
		"a run is late":                  func(y *yard, r store.Run) { y.lateWait(r); y.pass(later) },
		"a run goes back to its queue":   func(y *yard, r store.Run) { y.move(r, "pending") },
		"a run is to be undone":          func(y *yard, r store.Run) { y.move(r, "compensating") },
		"a worker's runs are released":   func(y *yard, _ store.Run) { y.release() },
		"the queue has got limits":       func(y *yard, _ store.Run) { y.set("free", concurrency(9)) },
		"another process has enqueued":   func(y *yard, _ store.Run) { mustCreate(y.t, mustOpen(y.t, store.Options{Path: y.Path()}), 0) },
		"user SQL has enqueued":          func(y *yard, _ store.Run) { y.userStart() },
		"it is enqueued with a fair key": func(y *yard, _ store.Run) { y.enter("free", func(r *store.Run) { r.FairKey = "a" }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t)
			late := newCreate(y.worker)
			late.Run.DeadlineUS = y.clock.NowUS() + later.Microseconds()
			running, err := y.Create(t.Context(), late)
			must(t, err)
			for range 3 {
				if run := y.start("free"); run.Status != "running" {
					t.Fatalf("in a calm: %s", run.Status)
				}
			}
			end(y, running)
			y.pass(later / 2) // before the deadline that was known
			if run := y.start("free"); run.Status != "pending" {
				t.Errorf("after it: %s, want pending", run.Status)
			}
		})
	}
}

// A time that was known to come has come.
func TestCalmEndsInTime(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]func(*store.Run, int64){
		"due":  func(r *store.Run, us int64) { r.DueUS = us },
		"late": func(r *store.Run, us int64) { r.Wait, r.DeadlineUS = store.Wait{Kind: store.WaitSignal}.JSON(), us },
	} {
		y := newYard(t)
		y.enter("free", func(r *store.Run) { wait(r, y.clock.NowUS()+1000) })
		for range 3 {
			if run := y.start("free"); run.Status != "running" {
				t.Fatalf("%s: before the time: %s", name, run.Status)
			}
		}
		y.pass(time.Millisecond)
		if run := y.start("free"); run.Status != "pending" {
			t.Errorf("%s: after the time: %s, want pending", name, run.Status)
		}
	}
}

// lateWait lets a run wait for a signal until its deadline.
func (y *yard) lateWait(run store.Run) {
	y.t.Helper()
	l := run.Lease()
	run.Status, run.Owner, run.Wait = "waiting", 0, store.Wait{Kind: store.WaitSignal, Signals: []store.Door{{Signal: "go", Step: "one"}}}.JSON()
	mustApply(y.t, y.Store, &store.Change{Lease: l, Row: run, History: []store.History{{Kind: "transition", DurationUS: -1}}})
}

// move gives up a run with a status.
func (y *yard) move(run store.Run, status string) {
	y.t.Helper()
	l := run.Lease()
	run.Status, run.Owner = status, 0
	if status == "compensating" {
		run.Ending = "failed"
	}
	mustApply(y.t, y.Store, &store.Change{Lease: l, Row: run, History: []store.History{{Kind: "released", DurationUS: -1}}})
}

func (y *yard) release() {
	y.t.Helper()
	must(y.t, y.Update(y.t.Context(), func(tx *store.Tx) error { _, err := tx.ReleaseRuns(y.worker, false); return err }))
}

// userStart starts a run by a transaction of the user's.
func (y *yard) userStart() {
	y.t.Helper()
	_, err := y.UserTx(y.t.Context(), func(u *store.UserTx) error { _, err := u.Create(newCreate(0)); return err })
	must(y.t, err)
}
