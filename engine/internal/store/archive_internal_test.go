package store

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// endIn lets runs have ended in a month of 2026.
func (f *fixture) endIn(month time.Month, runs ...Run) {
	at := time.Date(2026, month, 5, 0, 0, 0, 0, time.UTC).UnixMicro()
	for _, run := range runs {
		f.exec("UPDATE wf_runs SET ended_us = ? WHERE id = ?", at, run.ID)
		f.exec("UPDATE wf_keys SET ended_us = ? WHERE run_uuid = ?", at, run.UUID)
	}
}

func TestArchiveReadBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	august := f.end(f.advance(f.start("order", "k"), 5), "completed")
	stays := f.start("order", "")
	september := f.end(f.save(f.start("bill", ""), `{"n":1}`), "failed")
	f.endIn(time.August, august)
	f.endIn(time.September, september)
	august, september = f.mustRun(august.ID), f.mustRun(september.ID)
	history := map[int64][]HistoryRow{}
	for _, run := range []Run{august, september} {
		history[run.ID] = f.pages(HistoryFilter{Run: run.ID})
	}
	copies, err := f.Copies(t.Context(), september.ID)
	mustLen(t, "copies", copies, err, 1)

	got, err := f.Archive(t.Context(), Retention{EndedBeforeUS: forever}, Shelf{})
	if want := (PruneResult{Runs: 2, History: 7 + 3, Checkpoints: 1}); err != nil || got != want {
		t.Fatalf("archive: %+v, %v, want %+v", got, err, want)
	}
	f.wantClean()
	runs, err := f.Runs(t.Context(), RunFilter{})
	mustLen(t, "runs left", runs, err, 1)
	if runs[0].ID != stays.ID {
		t.Errorf("run %d is left, want %d", runs[0].ID, stays.ID)
	}
	for name, run := range map[string]Run{"2026-08.db": august, "2026-09.db": september} {
		a := openReadOnly(t, filepath.Join(f.path+"-archive", name))
		a.wantClean()
		if diff := cmp.Diff(run, a.mustRun(run.ID)); diff != "" {
			t.Errorf("%s: run differs:\n%s", name, diff)
		}
		want, have := history[run.ID], a.pages(HistoryFilter{Run: run.ID})
		for i := range have { // workers are numbered anew, by their UUIDs
			want[i].Worker, have[i].Worker = 0, 0
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s: history differs:\n%s", name, diff)
		}
		if left, err := f.Pruned(t.Context(), run.UUID); err != nil || left.Archive != name {
			t.Errorf("left of run %d: %+v, %v, want archive %s", run.ID, left, err, name)
		}
		info, err := os.Stat(a.path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v, want mode 0600", name, info.Mode(), err)
		}
	}
	a := openReadOnly(t, filepath.Join(f.path+"-archive", "2026-08.db"))
	if run, err := a.RunByKey(t.Context(), "order", "k"); err != nil || run.ID != august.ID {
		t.Errorf("archived run by key: %d, %v", run.ID, err)
	}
	a = openReadOnly(t, filepath.Join(f.path+"-archive", "2026-09.db"))
	archived, err := a.Copies(t.Context(), september.ID)
	if diff := cmp.Diff(copies, archived); err != nil || diff != "" {
		t.Errorf("copies differ, %v:\n%s", err, diff)
	}
}

// TestArchiveTakesNoRuns opens an archive for everything but reading, and archives to it again.
func TestArchiveTakesNoRuns(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for range 2 {
		f.endIn(time.August, f.end(f.start("order", ""), "completed"))
		if got, err := f.Archive(t.Context(), Retention{EndedBeforeUS: forever}, Shelf{}); err != nil || got.Runs != 1 {
			t.Fatalf("archive: %+v, %v, want 1 run", got, err)
		}
	}
	path := filepath.Join(f.path+"-archive", "2026-08.db")
	for _, o := range []Options{{}, {Create: true}, {Create: true, Adopt: true}} {
		o.Path = path
		s, err := Open(t.Context(), o)
		if !errors.Is(err, ErrArchive) {
			t.Errorf("Open(%+v): %v, want ErrArchive", o, err)
		}
		if err == nil {
			_ = s.Close() // it is told already
		}
	}
	have, want, err := Schema(t.Context(), path)
	if err == nil {
		err = Migrate(t.Context(), path, want)
	}
	if err != nil || have != want {
		t.Errorf("schema %d of %d, %v", have, want, err)
	}
	a := openReadOnly(t, path) // the migration has not made it a database again
	a.wantClean()
	if s, err := Open(t.Context(), Options{Path: path}); !errors.Is(err, ErrArchive) {
		t.Errorf("after a migration: %v, %v, want ErrArchive", s, err)
	}
}

func TestArchiveRenumbersWhatClashes(t *testing.T) {
	t.Parallel()
	shelf := Shelf{Dir: t.TempDir()}
	uuids := map[string]int64{}
	older, newer := newFixture(t), newFixture(t) // two databases: both number from 1
	for i, f := range []*fixture{older, newer} {
		for range 3 + 2*i {
			run := f.end(f.advance(f.save(f.start("order", ""), `{"n":1}`), 10), "failed")
			uuids[run.UUID] = run.Seq
			f.endIn(time.May, run)
		}
	}
	for _, f := range []*fixture{newer, older} { // so that the higher ids are the older rows
		if got, err := f.Archive(t.Context(), Retention{EndedBeforeUS: forever}, shelf); err != nil || got.Runs < 3 {
			t.Fatalf("archive: %+v, %v", got, err)
		}
	}
	a := openReadOnly(t, filepath.Join(shelf.Dir, "2026-05.db"))
	a.wantClean() // hashes hold, links lead to the right rows
	runs, err := a.Runs(t.Context(), RunFilter{})
	mustLen(t, "archived runs", runs, err, 8)
	for _, run := range runs {
		if uuids[run.UUID] != run.Seq {
			t.Errorf("run %s has %d rows, want %d", run.UUID, run.Seq, uuids[run.UUID])
		}
		wantSeqs(t, a.pages(HistoryFilter{Run: run.ID}), run.ID, 1, run.Seq)
		copies, err := a.Copies(t.Context(), run.ID)
		mustLen(t, "copies", copies, err, 1)
	}
	all := a.pages(HistoryFilter{})
	middle := all[len(all)/2].TimeUS
	var want int
	for _, row := range all {
		if row.TimeUS < middle {
			want++
		}
	}
	if got := a.pages(HistoryFilter{UntilUS: middle}); len(got) != want {
		t.Errorf("%d rows before a time, want %d: ids do not follow time here", len(got), want)
	}
}

func TestArchiveIntoItself(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	f := openFixture(t, filepath.Join(folder, "2026-07.db"))
	f.endIn(time.July, f.end(f.start("order", ""), "completed"))
	before := f.rows()
	if got, err := f.Archive(t.Context(), Retention{EndedBeforeUS: forever}, Shelf{Dir: folder}); err == nil {
		t.Errorf("archived %+v into itself", got)
	}
	if diff := cmp.Diff(before, f.rows()); diff != "" {
		t.Errorf("rows changed:\n%s", diff)
	}
}

const archiveChild = "WF_TEST_ARCHIVE_CHILD"

// TestArchiveKilled kills the process that archives after it has copied and before it deletes.
// P4-like for archives: repeated, each run is in the archive exactly once, and nowhere else.
func TestArchiveKilled(t *testing.T) {
	t.Parallel()
	if path := os.Getenv(archiveChild); path != "" {
		archiveAndDie(path)
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "wf.db")
	f := openFixture(t, path)
	uuids := map[string]bool{}
	for range 4 {
		run := f.end(f.advance(f.start("order", ""), 5), "completed")
		uuids[run.UUID] = true
		f.endIn(time.June, run)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestArchiveKilled$", "-test.v")
	child.Env = append(os.Environ(), archiveChild+"="+path)
	out, err := child.CombinedOutput()
	status, ok := child.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("child ended with %v, want a kill:\n%s", err, out)
	}
	archive := openReadOnly(t, filepath.Join(path+"-archive", "2026-06.db"))
	runs, err := archive.Runs(t.Context(), RunFilter{})
	mustLen(t, "archived runs after the kill", runs, err, 4)
	runs, err = f.Runs(t.Context(), RunFilter{})
	mustLen(t, "runs after the kill", runs, err, 4)

	late := f.end(f.start("order", ""), "completed") // goes into the same file
	uuids[late.UUID] = true
	f.endIn(time.June, late)
	got, err := f.Archive(t.Context(), Retention{EndedBeforeUS: forever}, Shelf{})
	if err != nil || got.Runs != 5 {
		t.Fatalf("archive again: %+v, %v", got, err)
	}
	f.wantClean()
	archive.wantClean()
	runs, err = f.Runs(t.Context(), RunFilter{})
	mustLen(t, "runs left", runs, err, 0)
	runs, err = archive.Runs(t.Context(), RunFilter{})
	mustLen(t, "archived runs", runs, err, 5)
	for _, run := range runs {
		if !uuids[run.UUID] {
			t.Errorf("run %s is there twice or was never made", run.UUID)
		}
		delete(uuids, run.UUID)
	}
}

// archiveAndDie is the child: it copies and is killed.
func archiveAndDie(path string) {
	ctx := context.Background()
	s, err := Open(ctx, Options{Path: path})
	if err != nil {
		panic(err)
	}
	a := &archiver{source: s, shelf: Shelf{Dir: path + "-archive"}}
	_, err = s.retire(ctx, &Retention{EndedBeforeUS: forever}, func(ctx context.Context, runs []doomed) (PruneResult, error) {
		if err := a.copy(ctx, runs); err != nil {
			return PruneResult{}, err
		}
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			return PruneResult{}, err
		}
		select {} // until the signal comes
	})
	panic(err)
}
