package statefile_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/steps/internal/statefile"
)

func newSet(t *testing.T, dir string, patterns ...string) *statefile.Set {
	t.Helper()
	s, err := statefile.NewSet(dir, patterns, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// put writes a file that was last changed so long after a fixed time.
func put(t *testing.T, dir, name, text string, after time.Duration) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).Add(after)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return "(none)"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func texts(files []statefile.File) map[string]string {
	all := map[string]string{}
	for _, f := range files {
		all[f.Name] = string(f.Data)
	}
	return all
}

func mustLook(t *testing.T, s *statefile.Set, before []statefile.File, trust bool) statefile.Found {
	t.Helper()
	found, err := s.Look(before, trust)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestLookTakesWholeVersionsOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newSet(t, dir, "a.json", "b.txt")
	put(t, dir, "a.json", `{"i":1}`, 1)
	put(t, dir, "b.txt", "one", 1)
	first := mustLook(t, s, nil, true)
	if diff := cmp.Diff(map[string]string{"a.json": `{"i":1}`, "b.txt": "one"}, texts(first.Files)); diff != "" || !first.Changed {
		t.Fatalf("first look (- want, + got):\n%s", diff)
	}
	if again := mustLook(t, s, first.Files, true); again.Changed {
		t.Error("nothing has changed, but Look says so")
	}
	put(t, dir, "a.json", `{"i":`, 2)
	put(t, dir, "b.txt", "two", 2)
	doubtful := mustLook(t, s, first.Files, false)
	if doubtful.Changed || len(doubtful.Torn) != 1 || len(doubtful.Doubted) != 1 {
		t.Errorf("after an unclean end: %v; want one torn and one doubted", doubtful)
	}
	if got := mustLook(t, s, first.Files, true); texts(got.Files)["b.txt"] != "two" || texts(got.Files)["a.json"] != `{"i":1}` {
		t.Errorf("while the program lives: %v", texts(got.Files))
	}
}

func TestFileThatIsBeingWrittenWaits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newSet(t, dir, "b.txt")
	f, err := os.Create(filepath.Join(dir, "b.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("half of"); err != nil {
		t.Fatal(err)
	}
	if found := mustLook(t, s, nil, true); len(found.Files) != 0 || len(found.Busy) != 1 {
		t.Errorf("a file that is open for writing is taken: %v", texts(found.Files))
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if found := mustLook(t, s, nil, true); len(found.Files) == 1 {
			break
		}
		if time.Since(begun) > 10*time.Second {
			t.Fatal("a file that was closed is never taken")
		}
	}
}

func TestGoneFileIsKeptUnlessAnotherTakesItsPlace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newSet(t, dir, "ckpt_*", "only")
	put(t, dir, "ckpt_1", "1", 1)
	put(t, dir, "only", "x", 1)
	first := mustLook(t, s, nil, true)
	for _, name := range []string{"ckpt_1", "only"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	gone := mustLook(t, s, first.Files, true)
	if diff := cmp.Diff(map[string]string{"ckpt_1": "1", "only": "x"}, texts(gone.Files)); diff != "" || gone.Changed {
		t.Errorf("all are gone (- want, + got):\n%s", diff)
	}
	put(t, dir, "ckpt_2", "2", 2)
	next := mustLook(t, s, gone.Files, true)
	if diff := cmp.Diff(map[string]string{"ckpt_2": "2", "only": "x"}, texts(next.Files)); diff != "" || !next.Changed {
		t.Errorf("another one is there (- want, + got):\n%s", diff)
	}
}

func TestRestore(t *testing.T) {
	t.Parallel()
	whole := func(i string) string { return `{"i":` + i + `}` }
	tests := []struct {
		name     string
		recorded string // "" for nothing
		disk     string // "" for nothing
		age      time.Duration
		fresh    bool
		elsewhere,
		before bool // the content on disk was recorded before
		want string
	}{
		{"fresh and nothing there", "", "", 0, true, false, false, "(none)"},
		{"fresh and a file there", "", whole("1"), 0, true, false, false, whole("1")},
		{"fresh and an unknown file there", "", "one", 0, true, false, false, "one"},
		{"deleted", whole("1"), "", 0, false, false, false, whole("1")},
		{"torn", whole("1"), `{"i":`, 2, false, false, false, whole("1")},
		{"newer", whole("1"), whole("2"), 2, false, false, false, whole("2")},
		{"older", whole("2"), whole("1"), -2, false, false, false, whole("2")},
		{"unknown and newer", "one", "two", 2, false, false, false, "one"},
		{"newer, of another run", whole("1"), whole("2"), 2, false, true, false, whole("1")},
		{"sent back behind it", whole("1"), whole("2"), 2, false, false, true, whole("1")},
		{"nothing recorded, torn", "", `{"i":`, 2, false, false, false, "(none)"},
		{"nothing recorded, whole", "", whole("1"), 2, false, false, false, whole("1")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var recorded []statefile.File
			if tt.recorded != "" {
				put(t, dir, "state", tt.recorded, 0)
				recorded = mustLook(t, newSet(t, dir, "state"), nil, true).Files
				if err := os.Remove(filepath.Join(dir, "state")); err != nil {
					t.Fatal(err)
				}
			}
			if tt.disk != "" {
				put(t, dir, "state", tt.disk, tt.age*time.Second)
			}
			done, err := newSet(t, dir, "state").Restore(recorded, statefile.Origin{
				Fresh: tt.fresh, Here: !tt.elsewhere, Aside: filepath.Join(dir, "aside"),
				Known: func([32]byte) bool { return tt.before },
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := content(t, filepath.Join(dir, "state")); got != tt.want {
				t.Errorf("the program finds %q, want %q; done: %+v", got, tt.want, done)
			}
			if got := texts(done.Files)["state"]; got != tt.want && tt.want != "(none)" {
				t.Errorf("Restore says that it finds %q, want %q", got, tt.want)
			}
		})
	}
}

// Rule 4: what has lost its content on the way to us is not handed out.
func TestRestoreVerifiesWhatItPutsBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "state", "one", 0)
	recorded := mustLook(t, newSet(t, dir, "state"), nil, true).Files
	recorded[0].Data[0] = 'X'
	if err := os.Remove(filepath.Join(dir, "state")); err != nil {
		t.Fatal(err)
	}
	_, err := newSet(t, dir, "state").Restore(recorded, statefile.Origin{Here: true, Aside: dir})
	if got := content(t, filepath.Join(dir, "state")); err == nil || got != "(none)" {
		t.Errorf("err %v, and the program finds %q", err, got)
	}
}

func TestWatcherTellsOfRenames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newSet(t, dir, "state")
	w := s.Watch()
	defer w.Close()
	put(t, dir, "state.tmp", "one", 0)
	if err := os.Rename(filepath.Join(dir, "state.tmp"), filepath.Join(dir, "state")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-w.C:
	case <-time.After(10 * time.Second):
		t.Error("no word of a file that was renamed into its place")
	}
}
