package store

import (
	"context"
	"path/filepath"
	"testing"
	"time"
)

// retry lets a run that has failed go on.
func (f *fixture) retry(id int64) Run {
	f.tb.Helper()
	run := f.mustRun(id)
	next := run
	next.Status = "pending"
	f.apply(&Change{Lease: run.Lease(), Row: next, History: []History{{Kind: "retried", DurationUS: -1}}})
	return f.mustRun(id)
}

// P8: a run that is retried after it was found, and before it is deleted, is not deleted; nor is any of its rows.
func TestPruneLeavesWhatWasRetried(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	stays := f.end(f.save(f.start("order", "k"), `{"n":1}`), "failed")
	again := f.end(f.save(f.start("order", ""), `{"n":2}`), "failed")
	goes := f.end(f.save(f.start("order", ""), `{"n":3}`), "failed")
	got, err := f.retire(t.Context(), &Retention{EndedBeforeUS: forever}, func(ctx context.Context, runs []doomed) (PruneResult, error) {
		f.retry(stays.ID)
		next := f.retry(again.ID) // and ends once more: its newest event is not among those that were found
		f.end(next, "cancelled")
		return (&deletion{sweeper: sweeper{store: f.Store}}).delete(ctx, runs)
	})
	if err != nil || got.Runs != 1 {
		t.Fatalf("pruned %+v, %v; want one run", got, err)
	}
	f.wantClean()
	for _, id := range []int64{stays.ID, again.ID} {
		if run := f.mustRun(id); int(run.Seq) != len(f.pages(HistoryFilter{Run: id})) {
			t.Errorf("run %d has lost events", id)
		}
	}
	if _, err := f.Run(t.Context(), goes.ID); err == nil {
		t.Error("the other run is still there")
	}
}

// Children are kept with their root: while one of a family goes on again, none of it is deleted.
func TestPruneLeavesTheFamilyOfWhatWasRetried(t *testing.T) {
	t.Parallel()
	for retried, name := range []string{"root", "child", "last child"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			var family [3]Run
			for i := range family {
				family[i] = f.start("order", "")
				if i > 0 {
					f.exec("UPDATE wf_runs SET parent = ?1, parent_visit = 1, place = ?2, root = ?1 WHERE id = ?3", family[0].ID, i, family[i].ID)
				}
			}
			for i := range family {
				f.end(f.mustRun(family[i].ID), "failed")
			}
			goes := f.end(f.start("order", ""), "failed")
			var again Run
			got, err := f.retire(t.Context(), &Retention{EndedBeforeUS: forever}, func(ctx context.Context, runs []doomed) (PruneResult, error) {
				again = f.retry(family[retried].ID)
				return (&deletion{sweeper: sweeper{store: f.Store}}).delete(ctx, runs)
			})
			if err != nil || got.Runs != 1 {
				t.Errorf("pruned %+v, %v; want run %d alone", got, err, goes.ID)
			}
			if n := f.rows()["wf_runs"]; n != len(family) {
				t.Errorf("%d runs are left, want the family of %d", n, len(family))
			}
			f.end(again, "cancelled")
			f.wantClean()
		})
	}
}

// A run that was copied to an archive, and then retried before it was deleted, is archived as it ended at last.
func TestArchiveOfWhatWasRetried(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.end(f.save(f.start("order", ""), `{"n":1}`), "failed")
	f.endIn(time.June, run)
	a := &archiver{source: f.Store, shelf: Shelf{Dir: f.path + "-archive"}}
	got, err := f.retire(t.Context(), &Retention{EndedBeforeUS: forever}, func(ctx context.Context, runs []doomed) (PruneResult, error) {
		if err := a.copy(ctx, runs); err != nil {
			return PruneResult{}, err
		}
		f.retry(run.ID)
		return (&deletion{sweeper: sweeper{store: f.Store}, archive: a.name}).delete(ctx, runs)
	})
	if err != nil || got.Runs != 0 {
		t.Fatalf("archived %+v, %v; want nothing", got, err)
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	ended := f.end(f.mustRun(run.ID), "cancelled")
	f.endIn(time.June, ended)
	if got, err := f.Archive(t.Context(), Retention{EndedBeforeUS: forever}, Shelf{}); err != nil || got.Runs != 1 {
		t.Fatalf("Archive = %+v, %v; want one run", got, err)
	}
	f.wantClean()
	archive := openReadOnly(t, filepath.Join(f.path+"-archive", "2026-06.db"))
	archive.wantClean()
	if kept := archive.mustRun(run.ID); kept.Status != "cancelled" || int(kept.Seq) != len(archive.pages(HistoryFilter{Run: run.ID})) {
		t.Errorf("the archive has it %s with %d of %d events; want it as it ended", kept.Status, len(archive.pages(HistoryFilter{Run: run.ID})), kept.Seq)
	}
}
