package pack_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine/internal/pack"
)

// newPack packs a small folder and returns the file and the folder.
func newPack(t *testing.T) (file, dir string) {
	t.Helper()
	dir, file = t.TempDir(), filepath.Join(t.TempDir(), "run.wf")
	for name, content := range map[string]string{"wf.db": strings.Repeat("row ", 3000), "runs/7/log": "a line\n", "runs/8/": "", "locks/turn": "1"} {
		folder, last := filepath.Split(filepath.FromSlash(name))
		path := filepath.Join(dir, folder, last)
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
		if last == "" {
			continue
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	size, err := pack.Write(file, []byte(`{"n":1}`), dir, func(name string) bool { return name == "locks" })
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Size() != size || info.Mode().Perm() != 0o600 {
		t.Fatalf("the file has %v, %v; want %d bytes for its owner alone", info, err, size)
	}
	return file, dir
}

func TestPackHoldsTheFolder(t *testing.T) {
	t.Parallel()
	file, _ := newPack(t)
	r, err := pack.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	to := t.TempDir()
	if err := r.Extract(to); err != nil || string(r.About) != `{"n":1}` {
		t.Fatalf("extract: %v, about %s", err, r.About)
	}
	log, err := os.ReadFile(filepath.Join(to, "runs", "7", "log"))
	if err != nil || string(log) != "a line\n" {
		t.Errorf("the file in the folder is %q, %v", log, err)
	}
	for name, want := range map[string]bool{"wf.db": true, "runs/8": true, "locks": false, "pack.json": false} {
		if _, err := os.Stat(filepath.Join(to, filepath.FromSlash(name))); errors.Is(err, fs.ErrNotExist) == want {
			t.Errorf("%s: %v, want it there: %v", name, err, want)
		}
	}
}

func TestPackOverwritesNothing(t *testing.T) {
	t.Parallel()
	file, dir := newPack(t)
	_, err := pack.Write(file, nil, dir, func(string) bool { return false })
	if !errors.Is(err, pack.ErrExists) {
		t.Errorf("second pack: %v, want ErrExists", err)
	}
	left, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(left) != 1 {
		t.Errorf("%d files are left, %v; want the pack alone", len(left), err)
	}
}

// A pack that is cut off anywhere, or of which any byte is another, is refused, as is what is none.
func TestDamagedPackIsRefused(t *testing.T) {
	t.Parallel()
	file, _ := newPack(t)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, content []byte, want error) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "torn.wf")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if r, err := pack.Open(path); !errors.Is(err, want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, %v; want %v", what, r, err, want)
		}
	}
	for n := 1; n < len(whole); n++ {
		refused("cut off", whole[:n], pack.ErrDamaged)
	}
	for n := len("wf-pack 1\n"); n < len(whole); n++ {
		changed := append([]byte(nil), whole...)
		changed[n] ^= 1
		refused("changed", changed, pack.ErrDamaged)
	}
	refused("longer", append(append([]byte(nil), whole...), 0), pack.ErrDamaged)
	refused("empty", nil, pack.ErrNotPack)
	refused("a database", []byte("SQLite format 3\x00"), pack.ErrNotPack)
	refused("of tomorrow", []byte("wf-pack 2\nmore"), pack.ErrNewer)
}
