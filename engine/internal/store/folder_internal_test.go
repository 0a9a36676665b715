package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/jmoiron/sqlx"
)

// put makes a file in the folder of a run.
func (f *fixture) put(run int64, name, content string) {
	f.tb.Helper()
	path := filepath.Join(f.Folder(run), name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
		f.tb.Fatal(err)
	}
}

// has reads a file in the folder of a run; "" if there is none.
func (f *fixture) has(run int64, name string) string {
	content, err := os.ReadFile(filepath.Join(f.Folder(run), name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		f.tb.Fatal(err)
	}
	return string(content)
}

// packed writes a run into a folder and opens the database there.
func (f *fixture) packed(run int64) *Store {
	f.tb.Helper()
	dir := f.tb.TempDir()
	r := f.mustRun(run)
	if err := f.WritePack(context.Background(), run, dir, map[string]int64{r.UUID: r.Seq}); err != nil {
		f.tb.Fatal(err)
	}
	return openPacked(f.tb, dir)
}

func openPacked(tb testing.TB, dir string) *Store {
	tb.Helper()
	pack, err := OpenPack(context.Background(), dir, Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := pack.Close(); err != nil {
			tb.Error(err)
		}
	})
	return pack
}

// A copy has what is there from its beginning to its end, whatever else vanishes meanwhile.
func TestCopyOfFoldersWhileOthersVanish(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const folders = 300
	for i := range int64(folders) {
		f.put(1000+i, "deep/log", "short-lived")
	}
	f.put(9999, "deep/log", "long-lived")
	dst := filepath.Join(t.TempDir(), "copy.db")
	gone := make(chan struct{})
	go func() { // ends once all are gone
		defer close(gone)
		await(t, "the copy's beginning", func() bool {
			_, err := os.Stat(filepath.Join(foldersOf(dst), "1000"))
			return err == nil
		})
		for i := range int64(folders) {
			if err := os.RemoveAll(f.Folder(1000 + folders - 1 - i)); err != nil {
				t.Error(err)
			}
		}
	}()
	if err := f.Backup(t.Context(), dst); err != nil {
		t.Error(err)
	}
	<-gone
	got, err := os.ReadFile(filepath.Join(foldersOf(dst), "9999", "deep", "log"))
	if err != nil || string(got) != "long-lived" {
		t.Errorf("the copy of a folder that was always there has %q, %v", got, err)
	}
}

// The folder of a run that has come since it was looked for stays, and what was half removed goes.
func TestFoldersOfRunsStay(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.start("order", "")
	f.put(run.ID, "log", "mine")
	f.put(77, "log", "nobody's")
	if err := f.condemnFolders(t.Context(), []int64{run.ID, 77}); err != nil {
		t.Fatal(err)
	}
	if f.has(run.ID, "log") != "mine" || f.has(77, "log") != "" {
		t.Errorf("the run's folder has %q, that without one %q", f.has(run.ID, "log"), f.has(77, "log"))
	}
	if _, err := f.Prune(t.Context(), Retention{}); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(foldersOf(f.path))
	if err != nil || len(left) != 1 || f.has(run.ID, "log") != "mine" {
		t.Errorf("then there are %v, %v", left, err)
	}
}

const unpackChild = "WF_TEST_UNPACK_CHILD"

// P4, P8: a process that is killed after it has moved the folders of what it unpacks, and before it commits, leaves
// nothing that any other run could take for its own. The pack can be unpacked after it, and what is left is pruned.
func TestKilledWhileUnpacking(t *testing.T) {
	t.Parallel()
	if path := os.Getenv(unpackChild); path != "" {
		unpackAndDie(path)
	}
	there := newFixture(t)
	for range 3 {
		there.start("order", "")
	}
	traveller := there.end(there.saveLarge(there.start("order", ""), 7), "paused")
	there.put(traveller.ID, "state", "a stranger's")
	pack := there.packed(traveller.ID)

	home := newFixture(t)
	if err := os.Symlink(filepath.Dir(pack.path), home.path+"-pack"); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestKilledWhileUnpacking$", "-test.v")
	child.Env = append(os.Environ(), unpackChild+"="+home.path)
	out, err := child.CombinedOutput()
	if status, ok := child.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("child ended with %v, want a kill:\n%s", err, out)
	}
	home.wantClean()
	mine, release, err := home.Workspace()
	if err != nil {
		t.Fatal(err)
	}
	if spaces, err := filepath.Glob(workspaces(home.path) + "*"); err != nil || len(spaces) != 1 || spaces[0] != mine {
		t.Errorf("workspaces: %q, %v; want %s alone, the other one's maker is dead", spaces, err, mine)
	}
	if err := errors.Join(home.removeWorkspaces(), os.Remove(mine), release()); err != nil {
		t.Errorf("a workspace in use: %v", err)
	}
	run := home.start("order", "")
	if got := home.has(run.ID, "state"); got != "" {
		t.Errorf("new run %d finds %q in its folder", run.ID, got)
	}
	if err := home.Unpack(t.Context(), there.packed(traveller.ID), traveller.ID, nil); err != nil {
		t.Fatalf("unpack after the kill: %v", err)
	}
	came, err := home.RunByUUID(t.Context(), traveller.UUID)
	if err != nil || came.Checkpoint.Fault != "" || home.has(came.ID, "state") != "a stranger's" {
		t.Errorf("then it is run %d, %v, fault %q, with %q in its folder", came.ID, err, came.Checkpoint.Fault, home.has(came.ID, "state"))
	}
	if _, err := home.Prune(t.Context(), Retention{}); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(foldersOf(home.path))
	if err != nil || len(left) != 1 || left[0].Name() != fmt.Sprint(came.ID) {
		t.Errorf("after pruning there are folders %v, %v; want that of run %d", left, err, came.ID)
	}
	home.wantClean()
}

// unpackAndDie is the child.
func unpackAndDie(path string) {
	ctx := context.Background()
	home, err := Open(ctx, Options{Path: path})
	if err != nil {
		panic(err)
	}
	pack, err := OpenPack(ctx, path+"-pack", Options{})
	if err != nil {
		panic(err)
	}
	id, err := pack.LastID(ctx)
	if err != nil {
		panic(err)
	}
	if _, _, err := home.Workspace(); err != nil { // as the caller does
		panic(err)
	}
	u, err := home.unpacking(ctx, pack, id, nil)
	if err != nil {
		panic(err)
	}
	panic(u.run(ctx, u.reserve, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := u.take(ctx, tx); err != nil {
			return err
		}
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			return err
		}
		select {} // until the signal comes
	}))
}
