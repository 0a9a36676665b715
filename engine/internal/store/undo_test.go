package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine/internal/store"
)

// newSaga creates a run whose first step can be undone, and moves it on: the n visits after the first can
// be undone, too.
func newSaga(t testing.TB, s *store.Store, n int) (store.Run, *store.Lease) {
	t.Helper()
	c := newCreate(newWorker(t, s))
	c.Undo = true
	run, err := s.Create(t.Context(), c)
	must(t, err)
	l := run.Lease()
	l.Undos = true // as an owner says that knows the workflow
	for range n {
		c := step(l, &run)
		c.Undo = []store.Undo{{Visit: run.Visit, Step: run.Step, State: "open"}}
		mustApply(t, s, c)
	}
	return run, l
}

// undoStates lists the visits of a run that can be undone, newest first.
func undoStates(t testing.TB, s *store.Store, run int64) (list []string) {
	t.Helper()
	undos, err := s.Undos(t.Context(), run, store.UndoFilter{})
	must(t, err)
	for _, u := range undos {
		list = append(list, fmt.Sprintf("%d %s", u.Visit, u.State))
	}
	return list
}

// lastEvent is the newest row of a run's history.
func lastEvent(t testing.TB, s *store.Store, run int64) store.HistoryRow {
	t.Helper()
	rows, err := s.History(t.Context(), store.HistoryFilter{Run: run})
	must(t, err)
	return rows[len(rows)-1]
}

// No run ends as failed or cancelled while there is anything to undo, whoever ends it.
func TestNothingEndsBadlyBeforeItIsUndone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, status string
		owned        bool
	}{{"by its owner", "failed", true}, {"by a person", "cancelled", false}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			run, l := newSaga(t, s, 2)
			run.Reason, run.Error, run.Wait, run.DueUS, run.Deaths = "a reason", "an error", "", 0, 2
			c := end(l, &run, test.status)
			c.History[0].Detail = `{"by":"me"}`
			if test.owned {
				mustApply(t, s, c)
			} else {
				must(t, s.Update(t.Context(), func(tx *store.Tx) error { return tx.Apply(c) }))
			}
			got := mustRun(t, s, run.ID)
			cause := map[string]string{"failed": "an error", "cancelled": "a reason"}[test.status]
			if got.Status != "compensating" || got.Ending != test.status || got.Owner != 0 || got.EndedUS != 0 || got.Deaths != 0 ||
				got.Error != cause || got.Reason != "" {
				t.Errorf("row: %+v, want it on the way to %s because of %q", got, test.status, cause)
			}
			if c.Row.Status != "compensating" {
				t.Errorf("the change says %s, want it to tell what was written", c.Row.Status)
			}
			if h := lastEvent(t, s, run.ID); h.Kind != "compensating" || h.Detail != `{"by":"me","ending":"`+test.status+`","visits":[3,2,1]}` {
				t.Errorf("history: %s %s", h.Kind, h.Detail)
			}
			checkChain(t, s, run.ID)

			l = got.Lease()
			got.Status, got.Ending = test.status, ""
			mustApply(t, s, &store.Change{Lease: l, Row: got, History: []store.History{{Kind: test.status, DurationUS: -1}}})
			if got = mustRun(t, s, run.ID); got.Status != test.status || got.EndedUS == 0 {
				t.Errorf("row: %+v, want it to end now", got)
			}
		})
	}
}

// A visit of which no attempt has begun is not undone, and not kept as if it had been.
func TestUndoOfAVisitThatHasNotBegun(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	run, l := newSaga(t, s, 1)
	run.Attempt = 0
	mustApply(t, s, end(l, &run, "cancelled"))
	if got := mustRun(t, s, run.ID); got.Status != "compensating" {
		t.Errorf("status %s, want the first visit to be undone", got.Status)
	}
	if h := lastEvent(t, s, run.ID); h.Detail != `{"ending":"cancelled","visits":[1]}` {
		t.Errorf("history: %s", h.Detail)
	}
	if got := undoStates(t, s, run.ID); !slices.Equal(got, []string{"1 open"}) {
		t.Errorf("undos %v, want that of the first visit alone", got)
	}
	c := newCreate(0)
	c.Undo = true
	run, err := s.Create(t.Context(), c)
	must(t, err)
	mustApply(t, s, end(run.Lease(), &run, "cancelled"))
	if got := mustRun(t, s, run.ID); got.Status != "cancelled" || undoStates(t, s, run.ID) != nil {
		t.Errorf("status %s with undos %v, want it cancelled at once", got.Status, undoStates(t, s, run.ID))
	}
}

// Of very many visits the history names some.
func TestHistoryNamesSomeOfManyVisits(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	run, l := newSaga(t, s, 150)
	mustApply(t, s, end(l, &run, "failed"))
	var said struct {
		Visits []int64
		More   bool
	}
	must(t, json.Unmarshal([]byte(lastEvent(t, s, run.ID).Detail), &said))
	if len(said.Visits) != 100 || said.Visits[0] != 151 || !said.More {
		t.Errorf("names %d visits, more: %v; want the newest 100", len(said.Visits), said.More)
	}
	left, err := s.UndosLeft(t.Context(), run.ID)
	if err != nil || left != (store.UndoCount{Open: 151, Total: 151}) {
		t.Errorf("UndosLeft = %+v, %v", left, err)
	}
	page, err := s.Undos(t.Context(), run.ID, store.UndoFilter{Open: true, Before: 151, Limit: 2})
	if err != nil || len(page) != 2 || page[0].Visit != 150 || page[1].Visit != 149 {
		t.Errorf("Undos = %+v, %v; want visits 150 and 149", page, err)
	}
}

// The calls of a visit are kept as long as it may have to be undone; those of others go with their
// checkpoint. A run that completes leaves neither calls nor undos.
func TestCallsOfAVisitThatMayBeUndone(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	run, l := newSaga(t, s, 0)
	call := func() {
		c := step(l, &run)
		c.Row.Visit--
		c.Calls = []store.Call{{Visit: c.Row.Visit, Name: "call", Value: store.Payload{Codec: "json", Data: []byte("1")}}}
		run.Visit--
		mustApply(t, s, c)
	}
	left := func() (visits []int64) {
		calls, err := s.Calls(t.Context(), run.ID, 0)
		must(t, err)
		for _, c := range calls {
			visits = append(visits, c.Visit)
		}
		return visits
	}
	for range 3 { // only the first visit can be undone
		call()
		c := step(l, &run)
		c.ForgetCalls = true
		mustApply(t, s, c)
	}
	if got := left(); !slices.Equal(got, []int64{1}) {
		t.Errorf("calls of visits %v are left, want those of the first alone", got)
	}
	call()
	call() // as it is when the run has fallen back, and repeats the visit
	if got := left(); !slices.Equal(got, []int64{1, 4}) {
		t.Errorf("calls of visits %v are left, want 1 and 4", got)
	}
	mustApply(t, s, end(l, &run, "completed"))
	if n := count(t, s, "wf_calls") + count(t, s, "wf_undos"); n != 0 {
		t.Errorf("%d rows are left of a completed run", n)
	}
}

// Only the owner may note that a visit has begun; one that is begun again after it was undone has to be
// undone again.
func TestEnsureUndo(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	run, l := newSaga(t, s, 0)
	ensure := func(epoch, visit int64) error {
		return s.Update(t.Context(), func(tx *store.Tx) error { return tx.EnsureUndo(run.ID, epoch, visit, "two") })
	}
	if err := ensure(run.Epoch+1, 2); !errors.Is(err, store.ErrGuard) {
		t.Errorf("by another owner: %v, want ErrGuard", err)
	}
	must(t, ensure(run.Epoch, 2))
	c := step(l, &run)
	c.Undo = []store.Undo{{Visit: 2, Step: "two", State: "done", Attempts: 3, Failures: 1, Error: "e", Reason: "r"}}
	mustApply(t, s, c)
	if got := undoStates(t, s, run.ID); !slices.Equal(got, []string{"2 done", "1 open"}) {
		t.Errorf("undos %v", got)
	}
	must(t, ensure(run.Epoch, 2))
	undos, err := s.Undos(t.Context(), run.ID, store.UndoFilter{})
	if err != nil || undos[0] != (store.Undo{Visit: 2, Step: "two", State: "open"}) {
		t.Errorf("undos %+v, %v; want the second one open again", undos, err)
	}
}

// What was undone goes into the archive with its run; nothing of it stays behind.
func TestUndosAreArchivedAndPruned(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	findings := func() (list []string) {
		must(t, s.Check(t.Context(), func(f store.Finding) { list = append(list, f.String()) }))
		return list
	}
	run, l := newSaga(t, s, 1)
	mustApply(t, s, end(l, &run, "failed"))
	got := mustRun(t, s, run.ID)
	l = got.Lease()
	got.Status, got.Ending = "failed", ""
	c := &store.Change{Lease: l, Row: got, History: []store.History{{Kind: "failed", DurationUS: -1}}}
	for _, u := range []int64{1, 2} {
		c.Undo = append(c.Undo, store.Undo{Visit: u, Step: "one", State: "done", Attempts: 1})
	}
	mustApply(t, s, c)
	if list := findings(); len(list) != 0 {
		t.Errorf("found %v in a run that was undone", list)
	}
	must(t, s.Exec(t.Context(), "UPDATE wf_undos SET state = 'open' WHERE visit = 1"))
	if list := findings(); len(list) != 1 || !strings.Contains(list[0], "1 visits to be undone of a run that has ended") {
		t.Errorf("found %v, want the visit that was not undone", list)
	}
	must(t, s.Exec(t.Context(), "UPDATE wf_undos SET state = 'done' WHERE visit = 1"))

	dir := filepath.Join(t.TempDir(), "shelf")
	if _, err := s.Archive(t.Context(), store.Retention{EndedBeforeUS: 1 << 60}, store.Shelf{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, "wf_undos"); n != 0 {
		t.Errorf("%d undos are left of an archived run", n)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.db"))
	if err != nil || len(files) != 1 {
		t.Fatalf("archives %v, %v", files, err)
	}
	archive := mustOpen(t, store.Options{Path: files[0], ReadOnly: true})
	if got := undoStates(t, archive, run.ID); !slices.Equal(got, []string{"2 done", "1 done"}) {
		t.Errorf("the archive has undos %v", got)
	}
}
