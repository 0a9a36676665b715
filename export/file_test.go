package export_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/durable-wf/wf/export"
)

// said is a format that writes a text, or fails halfway.
func said(text string, err error) export.Format {
	return export.Format{Name: "said", Suffixes: []string{".said"}, Stream: func(_ context.Context, w io.Writer, _ *export.Document) error {
		_, writeErr := io.WriteString(w, text)
		return errors.Join(writeErr, err)
	}}
}

func TestWriteFileIsAllOrNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "x.said")
	write := func(f export.Format, replace export.Replace) error {
		return export.WriteFile(t.Context(), path, f, &export.Document{}, replace)
	}
	holds := func(want string) {
		t.Helper()
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("the file holds %q (%v), want %q", got, err, want)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("the folder holds %v (%v), want the file alone", entries, err)
		}
	}
	if err := write(said("one", nil), export.Never); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := write(said("two", nil), export.Never); !errors.Is(err, os.ErrExist) {
		t.Errorf("a file that is there: %v, want ErrExist", err)
	}
	holds("one")
	late := export.Format{Name: "late", Stream: func(context.Context, io.Writer, *export.Document) error {
		return os.WriteFile(filepath.Join(dir, "late"), []byte("theirs"), 0o600)
	}}
	if err := export.WriteFile(t.Context(), filepath.Join(dir, "late"), late, &export.Document{}, export.Never); !errors.Is(err, os.ErrExist) {
		t.Errorf("a file that has come meanwhile: %v, want ErrExist", err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "late")); string(got) != "theirs" {
		t.Errorf("a file that has come meanwhile holds %q (%v)", got, err)
	}
	if err := errors.Join(os.Remove(filepath.Join(dir, "late")), write(late, export.Never)); !errors.Is(err, os.ErrExist) {
		t.Errorf("a file that is there: %v, want ErrExist", err)
	}
	holds("one") // and the format was not asked
	broken := errors.New("broken")
	if err := write(said("tw", broken), export.Always); !errors.Is(err, broken) {
		t.Errorf("a format that fails: %v", err)
	}
	holds("one")
	if err := write(said("two", nil), export.Always); err != nil {
		t.Error(err)
	}
	holds("two")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file that was replaced has mode %v (%v), want 0640", info.Mode(), err)
	}
	bad := &export.Document{Tables: []*export.Table{{Name: "a"}, {Name: "a"}}}
	if err := export.WriteFile(t.Context(), path, said("three", nil), bad, export.Always); err == nil {
		t.Error("a document with two tables of one name was written")
	}
}

func TestFindTakesTheLongestSuffix(t *testing.T) {
	t.Parallel()
	formats := []export.Format{{Name: "gz", Suffixes: []string{".gz"}}, {Name: "csvgz", Suffixes: []string{".csv.gz"}}}
	for path, want := range map[string]string{"x.CSV.gz": "csvgz", "x.gz": "gz", "csvgz": "csvgz", "x.txt": "", "gz.txt": ""} {
		got, err := export.Find(formats, path)
		if got.Name != want || (err != nil) != (want == "") {
			t.Errorf("Find(%q) = %q, %v, want %q", path, got.Name, err, want)
		}
	}
}
