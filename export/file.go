package export

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// WriteFile writes doc to the file path, whole or not at all: to a temporary file in the same folder, which
// is synced and then takes the name. A file that is there is replaced if replace is set, with its permissions
// kept; otherwise the error is fs.ErrExist and nothing is written. A crash leaves at most a hidden temporary
// file.
func WriteFile(ctx context.Context, path string, f Format, doc *Document, replace Replace) error {
	if err := doc.Check(); err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	var mode os.FileMode // of the file that is replaced
	switch info, err := os.Stat(path); {
	case err == nil && !replace.yes():
		return &os.PathError{Op: "export to", Path: path, Err: os.ErrExist}
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s is no file that could be replaced", path)
	case err == nil:
		mode = info.Mode().Perm()
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	part := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%016x.part", filepath.Base(path), rand.Uint64()))
	tmp, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666) // unlike CreateTemp's it obeys the umask
	if err != nil {
		return err
	}
	defer os.Remove(part) //nolint:errcheck // it is gone after a rename
	if err = f.write(ctx, tmp, doc); err == nil && mode != 0 {
		err = tmp.Chmod(mode)
	}
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return publish(part, path, replace)
}

// Replace says what becomes of a file that is there.
type Replace string

// What becomes of a file that is there.
const (
	Never  Replace = ""       // it stays, and nothing is written
	Always Replace = "always" // the new one takes its place
)

func (r Replace) yes() bool { return r == Always }

func (f *Format) write(ctx context.Context, file *os.File, doc *Document) error {
	switch {
	case f.Stream != nil:
		return f.Stream(ctx, file, doc)
	case f.File != nil:
		return f.File(ctx, file, doc)
	}
	return fmt.Errorf("%s is read, not written", f.Name)
}

// publish gives a finished file its name and makes that durable.
func publish(part, path string, replace Replace) error {
	err := os.ErrInvalid
	if !replace.yes() {
		err = os.Link(part, path) // unlike a rename it never replaces a file
	}
	if err != nil && !errors.Is(err, os.ErrExist) { // some file systems know no links
		err = os.Rename(part, path)
	}
	if err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
