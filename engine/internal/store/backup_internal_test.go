package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestBackupWhileOthersWrite(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	furnish(f)
	run := f.start("busy", "") // belongs to the goroutine until it has ended
	id := run.ID
	ctx, stop := context.WithCancel(t.Context())
	var hammer sync.WaitGroup
	var written int64
	hammer.Go(func() {
		for ctx.Err() == nil {
			run = f.advance(run, 20)
			written++
		}
	})
	folder := t.TempDir()
	var seqs []int64
	for _, name := range []string{"one.db", "two.db", "three.db"} {
		dst := filepath.Join(folder, name)
		if err := f.Backup(t.Context(), dst); err != nil {
			t.Fatalf("backup: %v", err)
		}
		if info, err := os.Stat(dst); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("backup's mode is %v, %v, want 0600", info.Mode(), err)
		}
		copied := openFixture(t, dst) // it can be gone on with
		copied.wantClean()
		seqs = append(seqs, copied.mustRun(id).Seq)
		next := copied.start("order", "new")
		if next.ID <= id {
			t.Errorf("the copy uses number %d again", next.ID)
		}
	}
	stop()
	hammer.Wait()
	if written == 0 || seqs[0] > seqs[2] || seqs[2] > run.Seq {
		t.Errorf("%d writes; backups have %v of %d rows", written, seqs, run.Seq)
	}
	left, err := filepath.Glob(filepath.Join(folder, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestBackupRefuses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	folder := t.TempDir()
	taken := filepath.Join(folder, "taken.db")
	if err := os.WriteFile(taken, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Backup(t.Context(), taken); !errors.Is(err, ErrExists) {
		t.Errorf("backup over a file: %v, want ErrExists", err)
	}
	if text, err := os.ReadFile(taken); err != nil || string(text) != "mine" {
		t.Errorf("the file holds %q, %v", text, err)
	}
	if err := f.Backup(t.Context(), filepath.Join(folder, "none", "a.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("backup to no folder: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Backup(ctx, filepath.Join(folder, "a.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled backup: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(folder, "*"))
	hidden, _ := filepath.Glob(filepath.Join(folder, ".*"))
	if err != nil || len(left)+len(hidden) != 1 {
		t.Errorf("folder holds %v and %v, want the file alone", left, hidden)
	}
}
