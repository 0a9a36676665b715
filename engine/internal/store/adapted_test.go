package store_test

import (
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine/internal/store"
)

// spoiled commits c in a batch that fails as a whole after c was applied, because of another change, and is
// then repeated without that.
func spoiled(t *testing.T, s *store.Store, c *store.Change) {
	t.Helper()
	other := mustCreate(t, s, newWorker(t, s))
	release := hold(t, s)
	good, bad := make(chan error, 1), make(chan error, 1)
	s.Submit(c, func(err error) { good <- err })
	lease := other.Lease()
	other.Status, other.Owner = "waiting", 0
	waits := &store.Change{Lease: lease, Row: other, History: []store.History{{Kind: "transition", DurationUS: -1}}}
	wrong := end(lease, &other, "blocked") // which needs a row of its own, after the others
	wrong.History[0].Kind = "nonsense"
	s.Submit(waits, func(error) {})
	s.Submit(wrong, func(err error) { bad <- err })
	release()
	if err := <-bad; err == nil {
		t.Error("a wrong kind of event was committed")
	}
	must(t, <-good)
}

// A run that is to undo its steps first does so whichever try of its batch is committed.
func TestUndoFirstIsRepeated(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	run, l := newSaga(t, s, 1)
	spoiled(t, s, end(l, &run, "failed"))
	if got := mustRun(t, s, run.ID); got.Status != "compensating" || got.Ending != "failed" {
		t.Errorf("row: %s on the way to %q", got.Status, got.Ending)
	}
	if h := lastEvent(t, s, run.ID); h.Kind != "compensating" || strings.Count(h.Detail, "ending") != 1 {
		t.Errorf("history: %s %s", h.Kind, h.Detail)
	}
	checkChain(t, s, run.ID)
}

// A signal that a run finds in its mailbox is taken whichever try of the batch is committed: no other
// visit gets it.
func TestSignalIsTakenInEachTry(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	run := mustCreate(t, s, newWorker(t, s))
	must(t, s.Update(t.Context(), func(tx *store.Tx) error {
		return tx.Deliver(store.Signal{Run: run.ID, Name: "go", Value: store.Payload{Codec: "json", Data: []byte("1")}})
	}))
	c := step(run.Lease(), &run)
	c.Row.Status, c.Row.Owner = "waiting", 0
	c.Row.Wait = store.Wait{Kind: store.WaitSignal, Signals: []store.Door{{Signal: "go", Step: "two", Fingerprint: "f"}}}.JSON()
	spoiled(t, s, c)
	if got := mustRun(t, s, run.ID); got.Status != "running" || got.Step != "two" {
		t.Errorf("row: %s at %s, want it to go on", got.Status, got.Step)
	}
	if sig, err := s.SignalOf(t.Context(), run.ID, run.Visit); err != nil || sig.Name != "go" {
		t.Errorf("SignalOf = %+v, %v; want the signal taken", sig, err)
	}
	if h := lastEvent(t, s, run.ID); h.Kind != "signal" {
		t.Errorf("history ends with %s, want the signal", h.Kind)
	}
	checkChain(t, s, run.ID)
}
