package store

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/engine/internal/codec"
)

func TestBackupTakesFilesAlong(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.saveLarge(f.saveLarge(f.start("order", ""), 1), 2)
	copies, err := f.Copies(t.Context(), run.ID)
	mustLen(t, "copies", copies, err, 2)
	f.end(f.saveLarge(f.start("order", ""), 3), "completed") // its file is garbage
	f.age("")
	dst := filepath.Join(t.TempDir(), "copy.db")
	if err := f.Backup(t.Context(), dst); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{f.files.dir, f.path} { // the copy must not depend on the original
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
	}
	restored := openFixture(t, dst)
	restored.wantClean()
	if !reflect.DeepEqual(run.Checkpoint, restored.mustRun(run.ID).Checkpoint) {
		t.Error("the copy has another state")
	}
	again, err := restored.Copies(t.Context(), run.ID)
	if err != nil || !reflect.DeepEqual(copies, again) {
		t.Errorf("the copy has other copies, %v", err)
	}
	if n := len(restored.names()); n != 2 {
		t.Errorf("%d files were copied, want 2", n)
	}
	restored.saveLarge(restored.mustRun(run.ID), 4) // it can be gone on with
	restored.wantClean()
}

// While a backup copies files, nobody may collect those of rows that have changed meanwhile.
func TestBackupHoldsFiles(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.saveLarge(f.start("order", ""), 1)
	f.age("")
	missing, err := f.holdFiles(t.Context())
	mustLen(t, "missing files", missing, err, 0)
	f.end(run, "completed")
	if n := f.collect(); n != 1 {
		t.Errorf("%d files are left, want the one that a backup holds", n)
	}
}

// Damage is copied as it is: it keeps nobody from having a backup, and a check of that finds it.
func TestBackupOfDamage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.saveLarge(f.start("order", ""), 1)
	other := f.saveLarge(f.start("order", ""), 2)
	f.damage(run.Checkpoint, os.Remove)
	f.damage(other.Checkpoint, func(path string) error { return flip(path, 7) })
	want := findings(t, f.Store)
	dst := filepath.Join(t.TempDir(), "copy.db")
	if err := f.Backup(t.Context(), dst); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, findings(t, openReadOnly(t, dst).Store)); diff != "" || len(want) != 4 {
		t.Errorf("check of the copy finds something else:\n%s", diff)
	}
}

// damage does something to the file of a checkpoint.
func (f *fixture) damage(c Checkpoint, how func(path string) error) {
	f.tb.Helper()
	name, err := f.files.put(c.State.Data)
	if err != nil {
		f.tb.Fatal(err)
	}
	if err := how(filepath.Join(f.files.dir, name[:2], name)); err != nil {
		f.tb.Fatal(err)
	}
}

// A backup that fails leaves nothing, not even files.
func TestFailedBackupLeavesNoFiles(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.saveLarge(f.start("order", ""), 1)
	folder := t.TempDir()
	dst := filepath.Join(folder, "copy.db")
	part := filepath.Join(folder, "part")
	if err := os.WriteFile(part, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.vacuumInto(t.Context(), part); err != nil {
		t.Fatal(err)
	}
	f.damage(run.Checkpoint, os.Remove) // while it runs: that is no damage which was known
	if err := f.backupFiles(t.Context(), part, dst, nil); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("backup without a file that was there: %v", err)
	}
	if left, err := filepath.Glob(dst + "*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

func TestArchiveTakesFilesAlong(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	failed := f.end(f.saveLarge(f.saveLarge(f.start("order", ""), 1), 2), "failed")
	run := f.start("order", "")
	row := run
	row.Status, row.Owner, row.Result = "completed", 0, largeCheckpoint(3).State
	f.apply(&Change{Lease: run.Lease(), Row: row, State: true, History: []History{{Kind: "completed", DurationUS: -1, Worker: f.worker.ID}}})
	stays := f.saveLarge(f.start("order", ""), 4)
	f.endIn(time.May, failed, run)
	failed, run = f.mustRun(failed.ID), f.mustRun(run.ID)
	copies, err := f.Copies(t.Context(), failed.ID)
	mustLen(t, "copies", copies, err, 2)
	f.age("")
	if got, err := f.Archive(t.Context(), Retention{EndedBeforeUS: forever}, Shelf{}); err != nil || got.Runs != 2 {
		t.Fatalf("archive: %+v, %v", got, err)
	}
	f.wantClean()
	if n := len(f.names()); n != 1 || f.mustRun(stays.ID).Checkpoint.Fault != "" {
		t.Errorf("%d files are left, want that of the run which stays", n)
	}
	a := openReadOnly(t, filepath.Join(f.path+"-archive", "2026-05.db"))
	a.wantClean()
	for _, want := range []Run{failed, run} {
		if !reflect.DeepEqual(want, a.mustRun(want.ID)) {
			t.Errorf("run %d differs in the archive", want.ID)
		}
	}
	archived, err := a.Copies(t.Context(), failed.ID)
	if err != nil || !reflect.DeepEqual(copies, archived) {
		t.Errorf("copies differ, %v", err)
	}
	if n := len(a.names()); n != 3 {
		t.Errorf("%d files were archived, want 3", n)
	}
}

func TestQueryReadsFiles(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	text := `{"total":42,"pad":"` + strings.Repeat("x", maxInline) + `"}`
	doc, err := codec.Encode(codec.CBOR, map[string]any{"total": 43, "pad": noise(1, 2*maxInline)})
	if err != nil {
		t.Fatal(err)
	}
	for _, cp := range []Checkpoint{checkpointOf("json", text), {State: Payload(doc), Checksum: doc.Checksum()}} {
		run := f.start("order", "")
		row := run
		row.Checkpoint = cp
		f.apply(&Change{Lease: run.Lease(), Row: row, State: true, History: []History{{Kind: "checkpoint", DurationUS: -1}}})
	}
	if n := len(f.names()); n != 2 {
		t.Fatalf("%d files, want 2", n)
	}
	for _, query := range []string{"SELECT wf_json(state, codec) ->> 'total' FROM wf_runs ORDER BY id", "SELECT state ->> 'total' FROM wf_view ORDER BY id"} {
		got, err := f.Query(t.Context(), query, 0)
		if err != nil || !slices.Equal([]any{got.Rows[0][0], got.Rows[1][0]}, []any{int64(42), int64(43)}) {
			t.Errorf("%s: %+v, %v", query, got, err)
		}
	}
	if _, err := f.Query(t.Context(), "SELECT wf_json('../../../etc/passwd', 'json+file')", 0); err == nil {
		t.Error("wf_json reads any file")
	}
	if err := os.RemoveAll(f.files.dir); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Query(t.Context(), "SELECT state FROM wf_view", 0); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("query without the file: %v", err)
	}
	if got, err := f.Query(t.Context(), "SELECT status FROM wf_view", 0); err != nil || len(got.Rows) != 2 {
		t.Errorf("what is not asked for is not read: %+v, %v", got, err)
	}
}

func TestCheckFindsDamagedResult(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.start("order", "")
	row := run
	row.Status, row.Owner, row.Result = "completed", 0, largeCheckpoint(3).State
	f.apply(&Change{Lease: run.Lease(), Row: row, State: true, History: []History{{Kind: "completed", DurationUS: -1, Worker: f.worker.ID}}})
	f.wantClean()
	f.damage(largeCheckpoint(3), func(path string) error { return os.Truncate(path, 9) })
	if got := findings(t, f.Store); len(got) != 1 || !strings.Contains(got[0], "run 1: result cannot be read: its file ") {
		t.Errorf("found %q", got)
	}
	if bad := f.mustRun(run.ID); bad.ResultFault == "" {
		t.Error("the result has no fault")
	}
}
