package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/durable-wf/wf/engine/internal/store"
)

// What a transition changes is in the row afterwards, whatever it is and whatever the transitions before it have written:
// also when the next one takes it back, and when it is committed together with others of its run.
func TestRowHoldsWhatIsWritten(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	worker := newWorker(t, s)
	for name, change := range map[string]func(*store.Run){
		"nothing":     func(*store.Run) {},
		"version":     func(r *store.Run) { r.Version++ },
		"fingerprint": func(r *store.Run) { r.Fingerprint = "g" },
		"step":        func(r *store.Run) { r.Step = "two" },
		"attempt":     func(r *store.Run) { r.Attempt++ },
		"failures":    func(r *store.Run) { r.Failures++ },
		"deaths":      func(r *store.Run) { r.Deaths++ },
		"reason":      func(r *store.Run) { r.Reason = "because" },
		"error":       func(r *store.Run) { r.Error = "broken" },
		"done":        func(r *store.Run) { r.Done = 3 },
		"total":       func(r *store.Run) { r.Total = 9 },
		"saves":       func(r *store.Run) { r.Saves++ },
		"stall":       func(r *store.Run) { r.StallUS += 5 },
		"active":      func(r *store.Run) { r.ActiveUS += 5 },
		"tried":       func(r *store.Run) { r.TriedUS = 7 },
		"learned":     func(r *store.Run) { r.Learned = `{"pace":{}}` },
		"wait":        func(r *store.Run) { r.Wait = `{"kind":"x"}` },
		"due":         func(r *store.Run) { r.DueUS = 1 },
		"children":    func(r *store.Run) { r.Wait, r.Children = `{"kind":"x"}`, 2 },
		"result":      func(r *store.Run) { r.Result = store.Payload{Codec: "json", Data: []byte(`7`)} },
		"codec":       func(r *store.Run) { r.Checkpoint.State = store.Payload{Codec: "cbor", Data: []byte{0xa0}} },
		"random":      func(r *store.Run) { r.Checkpoint.Random = []byte{1, byte(r.Visit)} },
		"counters":    func(r *store.Run) { r.Checkpoint.Counters = `{"a":1}` },
	} {
		run := mustCreate(t, s, worker)
		l := run.Lease()
		was := run
		check := func(c *store.Change) {
			t.Helper()
			got := mustRun(t, s, run.ID)
			if diff := cmp.Diff(c.Row, got, cmpopts.IgnoreFields(store.Run{}, "Copies", "CopiedUS")); diff != "" {
				t.Errorf("%s: the row is not what was written (-want +got):\n%s", name, diff)
			}
		}
		apply := func(change func(*store.Run)) {
			t.Helper()
			c := step(l, &run)
			change(&c.Row)
			mustApply(t, s, c)
			run = c.Row
			check(c)
		}
		restore := func(r *store.Run) {
			fresh := was
			fresh.Visit, fresh.Seq, fresh.HeadHistory, fresh.HeadHash, fresh.UpdatedUS = r.Visit, r.Seq, r.HeadHistory, r.HeadHash, r.UpdatedUS
			fresh.Checkpoint = jsonState(`{}`)
			*r = fresh
		}
		apply(func(*store.Run) {})
		apply(change)
		apply(change)
		apply(func(*store.Run) {})
		apply(restore)
		apply(func(*store.Run) {})
		release := hold(t, s)
		var last *store.Change
		outcome := make(chan error, 3)
		for _, fn := range []func(*store.Run){change, restore, func(*store.Run) {}} {
			last = step(l, &run)
			fn(&last.Row)
			run = last.Row
			s.Submit(last, func(err error) { outcome <- err })
		}
		release()
		for range 3 {
			must(t, <-outcome)
		}
		check(last)
		last = end(l, &run, "completed")
		last.Row.Result = store.Payload{Codec: "json", Data: []byte(`"all"`)}
		change(&last.Row)
		mustApply(t, s, last)
		last.Row.Checkpoint = store.Checkpoint{} // it went with the commit
		check(last)
		checkChain(t, s, run.ID)
	}
}
