package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		make  func(t *testing.T, path string)
		opt   store.Options
		want  error
		wants string // in the text
	}{
		{"missing", nil, store.Options{}, store.ErrNoFile, ""},
		{"missing, read-only", nil, store.Options{Create: true, ReadOnly: true}, store.ErrNoFile, ""},
		{"folder", makeFolder, store.Options{Create: true}, store.ErrIsFolder, ""},
		{"text file", makeText, store.Options{Create: true, Adopt: true}, store.ErrNotDatabase, ""},
		{"user's tables", makeSQL("CREATE TABLE mine (a)"), store.Options{Create: true}, store.ErrForeign, "none of them ours"},
		{"user's tables, adopted but read-only", makeSQL("CREATE TABLE mine (a)"), store.Options{Adopt: true, ReadOnly: true}, store.ErrForeign, ""},
		{"another program's", makeSQL("PRAGMA application_id = 42; CREATE TABLE a (a)"), store.Options{Create: true, Adopt: true}, store.ErrForeign, "application_id"},
		{"empty file", makeSQL("PRAGMA user_version = 0"), store.Options{}, store.ErrSchemaTooOld, "this program has 2"},
		{"newer", makeNewer, store.Options{Create: true}, store.ErrSchemaTooNew, "its schema is 9999, this program has 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.opt.Path = filepath.Join(t.TempDir(), "wf.db")
			if test.make != nil {
				test.make(t, test.opt.Path)
			}
			before, _ := os.ReadFile(test.opt.Path)
			s, err := store.Open(t.Context(), test.opt)
			if err == nil {
				s.Close()
			}
			if !errors.Is(err, test.want) {
				t.Fatalf("Open: %v, want %v", err, test.want)
			}
			if text := err.Error(); !strings.Contains(text, test.opt.Path) || strings.Contains(text, "\n") || !strings.Contains(text, test.wants) {
				t.Errorf("error text is %q; want one line with the path and %q", text, test.wants)
			}
			if after, _ := os.ReadFile(test.opt.Path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
			if _, err := os.Stat(test.opt.Path + "-locks"); err == nil && !errors.Is(test.want, store.ErrSchemaTooOld) {
				t.Error("lock files were left beside the file")
			}
		})
	}
}

func makeFolder(t *testing.T, path string) { must(t, os.Mkdir(path, 0o700)) }

func makeText(t *testing.T, path string) {
	must(t, os.WriteFile(path, bytes.Repeat([]byte("not a database\n"), 100), 0o600))
}

func makeSQL(text string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		db, err := sql.Open("sqlite", path)
		must(t, err)
		_, err = db.Exec(text)
		must(t, errors.Join(err, db.Close()))
	}
}

func makeNewer(t *testing.T, path string) {
	s, err := store.Open(t.Context(), store.Options{Path: path, Create: true})
	must(t, err)
	must(t, errors.Join(s.Close(), os.RemoveAll(s.LockDir())))
	makeSQL("INSERT INTO wf_goose_version (version_id, is_applied) VALUES (9999, 1)")(t, path)
}

func TestOpenCreates(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	info, err := os.Stat(s.Path())
	must(t, err)
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode is %o, want 600", got)
	}
	var id int64
	must(t, s.Scalar(t.Context(), &id, "PRAGMA application_id"))
	if id != store.ApplicationID {
		t.Errorf("application_id is %#x, want %#x", id, store.ApplicationID)
	}
	run := mustCreate(t, s, 0)
	for _, o := range []store.Options{{}, {ReadOnly: true}, {Create: true}} {
		o.Path = s.Path()
		again := mustOpen(t, o)
		if got := mustRun(t, again, run.ID); got.UUID != run.UUID {
			t.Errorf("Open(%+v) reads run %s, want %s", o, got.UUID, run.UUID)
		}
	}
}

// TestOpenWaitsForTheCreator opens a file of which there is no more than the name yet.
func TestOpenWaitsForTheCreator(t *testing.T) {
	t.Parallel()
	for _, o := range []store.Options{{}, {ReadOnly: true}} {
		o.Path = filepath.Join(t.TempDir(), "wf.db")
		must(t, os.WriteFile(o.Path, nil, 0o600))
		opened := make(chan error, 1)
		go func() {
			s, err := store.Open(t.Context(), o)
			if err == nil {
				err = s.Close()
			}
			opened <- err
		}()
		time.Sleep(30 * time.Millisecond) // so that it has looked
		mustOpen(t, store.Options{Path: o.Path, Create: true})
		if err := <-opened; err != nil {
			t.Errorf("Open(%+v) while the file is created: %v", o, err)
		}
	}
}

func TestAdoptKeepsTheUsersTables(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mine.db")
	makeSQL("CREATE TABLE mine (a); INSERT INTO mine VALUES (7)")(t, path)
	s := mustOpen(t, store.Options{Path: path, Create: true, Adopt: true})
	var a int64
	must(t, s.Scalar(t.Context(), &a, "SELECT a FROM mine"))
	if mustCreate(t, s, 0); a != 7 {
		t.Errorf("mine.a is %d, want 7", a)
	}
}

func TestReadOnlyWritesNothing(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	r := mustOpen(t, store.Options{Path: s.Path(), ReadOnly: true})
	if _, err := r.Create(t.Context(), newCreate(0)); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("Create on a read-only store: %v, want ErrReadOnly", err)
	}
	conn, err := r.ReadConn(t.Context())
	must(t, err)
	defer conn.Close()
	_, err = conn.ExecContext(t.Context(), "PRAGMA query_only = 0")
	must(t, err)
	if _, err := conn.ExecContext(t.Context(), "DELETE FROM wf_runs"); err == nil {
		t.Error("a reader has written")
	}
}

func TestCreateAtTheSameTime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			s, err := store.Open(context.Background(), store.Options{Path: path, Create: true})
			if err != nil {
				t.Errorf("Open: %v", err)
				return
			}
			defer s.Close()
			if _, err := s.Create(context.Background(), newCreate(0)); err != nil {
				t.Errorf("Create: %v", err)
			}
		})
	}
	all.Wait()
}

func TestPathsAreCanonical(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	link := filepath.Join(t.TempDir(), "link.db")
	must(t, os.Symlink(s.Path(), link))
	other := mustOpen(t, store.Options{Path: link})
	if other.Path() != s.Path() || other.LockDir() != s.LockDir() {
		t.Errorf("through a link: %s, %s; want %s, %s", other.Path(), other.LockDir(), s.Path(), s.LockDir())
	}
}

// A file that is deleted or replaced takes no more writes: they would be lost with the last process
// that has it open.
func TestGone(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(path string) error{
		"deleted": os.Remove,
		"replaced": func(path string) error {
			return errors.Join(os.Rename(path, path+".old"), os.WriteFile(path, nil, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			must(t, remove(s.Path()))
			var err error
			for begun := time.Now(); err == nil && time.Since(begun) < 5*time.Second; time.Sleep(10 * time.Millisecond) {
				_, err = s.Create(t.Context(), newCreate(0))
			}
			if !errors.Is(err, store.ErrGone) || !errors.Is(err, store.ErrStorage) {
				t.Errorf("Create: %v, want ErrGone", err)
			}
		})
	}
}

func TestWatchSeesOtherStores(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	other := mustOpen(t, store.Options{Path: s.Path()})
	mustCreate(t, other, 0)
	select {
	case <-s.Watch():
	case <-time.After(10 * time.Second):
		t.Error("no notification of another store's commit")
	}
}

func TestLocalDiskIsNoNetwork(t *testing.T) {
	t.Parallel()
	if name, err := store.NetworkFS(t.TempDir()); err != nil || name != "" {
		t.Errorf("NetworkFS(temporary folder) = %q, %v", name, err)
	}
}

// A plain open and close of the file drops POSIX locks. Another process may then take itself for the
// only one, do away with the log, and what is acknowledged afterwards is lost with it.
func TestPlainCloseDropsNoLocks(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("locks of open files are Linux's")
	}
	t.Parallel()
	s := newStore(t)
	mustCreate(t, s, 0)
	f, err := os.Open(s.Path())
	must(t, err)
	must(t, f.Close())
	must(t, newChild(t, "usurp", s.Path()).Run())
	last := mustCreate(t, s, 0)
	must(t, newChild(t, "find", s.Path(), fmt.Sprint(last.ID)).Run())
}

// A store that is closed leaves nothing open: the last one to close removes the log.
func TestCloseLeavesNothingOpen(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "wf.db"), Create: true})
	must(t, err)
	mustCreate(t, s, newWorker(t, s))
	must(t, s.Close())
	if _, err := os.Stat(s.Path() + "-wal"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the log is still there: %v", err)
	}
	if _, err := s.Create(t.Context(), newCreate(0)); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Create after Close: %v, want ErrClosed", err)
	}
}

// Opening a current file writes nothing to it, so that whoever opens it waits neither for the disk nor for those who write.
func TestOpenWritesNothing(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	newWorker(t, s)
	before := map[string]os.FileInfo{}
	for _, again := range []bool{false, true} {
		for _, path := range []string{s.Path(), s.Path() + "-wal"} {
			now, err := os.Stat(path)
			must(t, err)
			if was := before[path]; again && (now.Size() != was.Size() || !now.ModTime().Equal(was.ModTime())) {
				t.Errorf("%s was written to: %d bytes, then %d", filepath.Base(path), was.Size(), now.Size())
			}
			before[path] = now
		}
		other, err := store.Open(t.Context(), store.Options{Path: s.Path()})
		must(t, err)
		must(t, other.Close())
	}
}
