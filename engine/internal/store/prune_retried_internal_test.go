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
