package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/durable-wf/wf/engine/internal/store"
)

// wild are runs to which anything happens, as they should be in the file.
type wild struct {
	*yard
	rng    *rand.Rand
	runs   []store.Run
	leases []*store.Lease // nil while nobody owns the run
}

// Whatever happens to runs, in whatever order and in whatever commits: what is in the file is what their owners have written.
func TestRowsHoldWhatOwnersWrite(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := &wild{yard: newYard(t), rng: rand.New(rand.NewPCG(seed, 0))}
			for range 3 {
				run := mustCreate(t, w.Store, w.worker)
				w.runs, w.leases = append(w.runs, run), append(w.leases, run.Lease())
			}
			for range 60 {
				w.happen()
				if t.Failed() {
					return
				}
			}
			for _, run := range w.runs {
				checkChain(t, w.Store, run.ID)
			}
		})
	}
}

// happen lets something happen to each of the runs, in one commit or in several.
func (w *wild) happen() {
	w.t.Helper()
	var told []<-chan error
	release := func() {}
	if w.rng.IntN(3) == 0 {
		release = hold(w.t, w.Store)
	}
	var given []int
	for i := range w.runs {
		for range w.rng.IntN(4) {
			if w.leases[i] != nil {
				c, gives := w.change(i)
				w.runs[i] = c.Row
				told = append(told, w.submit(c))
				if gives {
					given = append(given, i)
					break
				}
			}
		}
	}
	release()
	for _, outcome := range told {
		must(w.t, <-outcome)
	}
	for _, i := range given {
		w.leases[i] = nil
	}
	w.compare()
	w.others()
}

func (w *wild) submit(c *store.Change) <-chan error {
	outcome := make(chan error, 1)
	w.Submit(c, func(err error) { outcome <- err })
	return outcome
}

// change is what the owner of a run does next: mostly that it goes on, and some of its columns change with that.
func (w *wild) change(i int) (c *store.Change, gives bool) {
	run := w.runs[i]
	c = step(w.leases[i], &run)
	r := &c.Row
	if w.rng.IntN(4) == 0 { // nothing of the checkpoint
		c.State, r.Checkpoint = false, w.runs[i].Checkpoint
	} else if w.rng.IntN(3) == 0 {
		r.Checkpoint.Counters = []string{"", `{"a":1}`}[w.rng.IntN(2)]
		r.Checkpoint.Random = [][]byte{nil, {1}, {2}}[w.rng.IntN(3)]
	}
	for _, may := range []func(){
		func() { r.Version = w.rng.Int64N(3) + 1 },
		func() { r.Fingerprint = fmt.Sprint(w.rng.IntN(3)) },
		func() { r.Step = fmt.Sprint(w.rng.IntN(3)) },
		func() { r.Attempt, r.Failures, r.Deaths = w.rng.Int64N(3), w.rng.Int64N(3), w.rng.Int64N(3) },
		func() {
			r.Reason, r.Error = []string{"", "because"}[w.rng.IntN(2)], []string{"", "broken"}[w.rng.IntN(2)]
		},
		func() { r.Done, r.Total = w.rng.Int64N(3)-1, w.rng.Int64N(3)-1 },
		func() {
			r.Saves, r.StallUS, r.ActiveUS, r.TriedUS = w.rng.Int64N(3), w.rng.Int64N(3), w.rng.Int64(), w.rng.Int64N(3)
		},
		func() { r.Learned = []string{"", `{"pace":{}}`}[w.rng.IntN(2)] },
	} {
		if w.rng.IntN(8) == 0 {
			may()
		}
	}
	if w.rng.IntN(12) == 0 {
		gives, r.Owner = true, 0
		r.Status = []string{"waiting", "pending", "paused", "suspended"}[w.rng.IntN(4)]
		if r.Status == "waiting" {
			r.Wait, r.DueUS = store.Wait{Kind: store.WaitRetry}.JSON(), w.clock.NowUS()+w.rng.Int64N(1000)
		}
	}
	return c, gives
}

// others let a run be wanted, and take those that nobody owns.
func (w *wild) others() {
	w.t.Helper()
	if i := w.rng.IntN(len(w.runs)); w.rng.IntN(4) == 0 && w.leases[i] != nil {
		want := []string{"pause", ""}[w.rng.IntN(2)]
		must(w.t, w.Update(w.t.Context(), func(tx *store.Tx) error { return tx.SetWant(w.runs[i].ID, want, "") }))
		w.runs[i].Want = want
	}
	w.pass([]time.Duration{time.Millisecond, time.Second}[w.rng.IntN(8)/7])
	for i := range w.runs {
		if w.leases[i] != nil {
			continue
		}
		runs := mustClaim(w.t, w.Store, store.Claim{
			Worker: w.worker, Limit: 1, IDs: []int64{w.runs[i].ID}, Statuses: []string{"waiting", "pending", "paused", "suspended"},
		})
		if len(runs) != 1 {
			w.t.Fatalf("run %d is not claimed: %+v", w.runs[i].ID, mustRun(w.t, w.Store, w.runs[i].ID))
		}
		w.runs[i], w.leases[i] = runs[0], runs[0].Lease()
	}
}

// compare compares what is in the file with what was written.
func (w *wild) compare() {
	w.t.Helper()
	for i := range w.runs {
		got := mustRun(w.t, w.Store, w.runs[i].ID)
		if diff := cmp.Diff(w.runs[i], got, cmpopts.IgnoreFields(store.Run{}, "Seq", "HeadHistory", "HeadHash", "UpdatedUS", "Copies", "CopiedUS", "Want")); diff != "" {
			w.t.Errorf("run %d (-written +in the file):\n%s", got.ID, diff)
		}
		w.runs[i] = got
	}
}
