package store_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/durable-wf/wf/engine/internal/store"
)

// changesOf makes the changes of a run.
type changesOf func(*store.Lease, *store.Run) []*store.Change

// birth creates a run and changes it, in one transaction or in several, and returns it as it is then.
func birth(t *testing.T, s *store.Store, together bool, c *store.Create, changes changesOf) (store.Run, error) {
	t.Helper()
	var errs []error
	if !together {
		run, err := s.Create(t.Context(), c)
		must(t, err)
		for _, change := range changes(run.Lease(), &run) {
			errs = append(errs, s.Apply(t.Context(), change))
		}
		return mustRun(t, s, run.ID), errors.Join(errs...)
	}
	row := c.Run
	row.Status, row.Attempt, row.Epoch, row.Seq, row.Visit, row.Done, row.Total = "running", 1, 1, 1, 1, -1, -1
	c.Lease = c.Run.Lease()
	var g store.Group
	var made store.Run
	outcome := make(chan error, 9)
	g.Create(c, func(run store.Run, err error) { made = run; outcome <- err })
	list := changes(c.Lease, &row)
	for _, change := range list {
		g.Change(change, func(err error) { outcome <- err })
	}
	if s.Put(&g) {
		s.Lead()
	}
	must(t, <-outcome)
	for range list {
		errs = append(errs, <-outcome)
	}
	return mustRun(t, s, made.ID), errors.Join(errs...)
}

// A run that begins and ends in one transaction is what it would be after several, whatever it is, and has its chain.
func TestNewbornsAreAsOthers(t *testing.T) {
	t.Parallel()
	completed := func(l *store.Lease, run *store.Run) []*store.Change {
		c := end(l, run, "completed")
		c.Row.Result, c.Row.Done, c.Row.Total, c.Row.ActiveUS, c.Row.Learned = store.Payload{Codec: "json", Data: []byte("7")}, 3, 4, 5, `{"l":1}`
		return []*store.Change{c}
	}
	failed := func(l *store.Lease, run *store.Run) []*store.Change { return []*store.Change{end(l, run, "failed")} }
	steps := func(l *store.Lease, run *store.Run) []*store.Change {
		return []*store.Change{step(l, run), step(l, run)}
	}
	then := func(before, after changesOf) changesOf {
		return func(l *store.Lease, run *store.Run) []*store.Change { return append(before(l, run), after(l, run)...) }
	}
	for _, tc := range []struct {
		name    string
		create  func(*store.Create)
		changes changesOf
		status  string
		fails   bool
	}{
		{"completed at once", func(*store.Create) {}, completed, "completed", false},
		{"completed after steps", func(*store.Create) {}, then(steps, completed), "completed", false},
		{"all is kept", func(c *store.Create) { c.Run.Keep = "all" }, then(steps, completed), "completed", false},
		{"nothing is kept", func(c *store.Create) { c.Run.Keep = "none" }, completed, "completed", false},
		{"only steps", func(*store.Create) {}, steps, "running", false},
		{"failed", func(*store.Create) {}, failed, "failed", false},
		{"a change after the end", func(*store.Create) {}, then(completed, failed), "completed", true},
		{"with what a start says", func(c *store.Create) {
			c.Run.DeadlineUS, c.Run.Queue, c.Run.Priority, c.Run.FairKey, c.Run.Policy = 1<<60, "mail", 3, "k", `{"every":1}`
			c.Attributes = []store.Attribute{{Name: "a", Value: "b"}}
		}, completed, "completed", false},
		{"with a key", func(c *store.Create) { c.Run.Key = c.Run.UUID }, completed, "completed", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			worker := newWorker(t, s)
			var runs [2]store.Run
			for i := range runs {
				c := newCreate(worker)
				tc.create(c)
				var err error
				if runs[i], err = birth(t, s, i == 1, c, tc.changes); (err != nil) != tc.fails {
					t.Fatalf("changes: %v, want an error: %v", err, tc.fails)
				}
				if runs[i].Status != tc.status || (runs[i].EndedUS == 0) != (tc.status == "running") {
					t.Errorf("it is %s, ended at %d, want %s", runs[i].Status, runs[i].EndedUS, tc.status)
				}
				if runs[i].HeadHistory != 0 {
					checkChain(t, s, runs[i].ID)
				}
			}
			own := cmpopts.IgnoreFields(store.Run{}, "ID", "UUID", "Key", "CreatedUS", "StartedUS", "UpdatedUS", "EndedUS", "CopiedUS",
				"FirstHistory", "HeadHistory", "HeadHash", "Copies")
			if diff := cmp.Diff(runs[0], runs[1], own); diff != "" {
				t.Errorf("in several transactions (-) and in one (+):\n%s", diff)
			}
			if (runs[0].Copies == "[]") != (runs[1].Copies == "[]") {
				t.Errorf("copies: %s, %s", runs[0].Copies, runs[1].Copies)
			}
		})
	}
}
