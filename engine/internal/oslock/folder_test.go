package oslock_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/durable-wf/wf/engine/internal/oslock"
)

func TestFolderIsTheSameByEveryPath(t *testing.T) {
	t.Parallel()
	root, err := filepath.EvalSymlinks(t.TempDir()) // macOS has its temporary folder behind a link
	if err != nil {
		t.Fatal(err)
	}
	real, link := filepath.Join(root, "real"), filepath.Join(root, "link")
	if err := os.Mkdir(real, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(real, "wf.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{link: real, filepath.Join(root, "alias.db"): filepath.Join(link, "wf.db")} {
		if err := os.Symlink(to, from); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ name, db, want string }{
		{"plain", "real/wf.db", "real/wf.db-locks"},
		{"not clean", "real/../real/./wf.db", "real/wf.db-locks"},
		{"through a linked folder", "link/wf.db", "real/wf.db-locks"},
		{"a link to the file", "alias.db", "real/wf.db-locks"},
		{"file still missing", "link/new.db", "real/new.db-locks"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := oslock.Folder(root + "/" + tt.db)
			if want := filepath.Join(root, tt.want); err != nil || got != want {
				t.Errorf("Folder(%s) = %s, %v, want %s", tt.db, got, err, want)
			}
		})
	}
	if _, err := oslock.Folder(filepath.Join(root, "missing", "wf.db")); err == nil {
		t.Error("Folder() in a missing folder = nil error, want one")
	}
}

func checkMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("mode of %s = %o, want %o", path, got, want)
	}
}

// checkEntries reports an error unless dir holds exactly the files names, in alphabetical order.
func checkEntries(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, names) {
		t.Errorf("folder holds %v, want %v", got, names)
	}
}
