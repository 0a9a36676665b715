package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	maxInline  = 1 << 20 // bytes of a payload; a larger one goes to a file
	fileSuffix = "+file" // of a codec: the column holds the name of the payload's file

	partSuffix = ".part" // a file that is being written
	badSuffix  = ".bad"  // a second name of a file that was damaged: nothing removes that
	goneSuffix = ".gone" // a file that was collected, on its way out
)

// payloadFiles is the folder beside a database that holds its large payloads, each in a file named
// by the SHA-256 of its bytes: ab/ab12…. A file is complete and durable when it gets its name, and never
// changes. Which files count, the database says; see Store.Collect for those that do not.
type payloadFiles struct{ dir string }

func filesOf(database string) payloadFiles { return payloadFiles{database + "-files"} }

// path returns where the file called name is. A name may come from a damaged row or from a query.
func (f payloadFiles) path(name string) (string, error) {
	if !isFileName(name) {
		return "", fmt.Errorf("%.80q is not the name of a payload's file", name)
	}
	return filepath.Join(f.dir, name[:2], name), nil
}

func isFileName(name string) bool {
	sum, err := hex.DecodeString(name)
	return err == nil && len(sum) == sha256.Size && strings.ToLower(name) == name
}

// put makes sure that data is on disk and returns its name. A file that is there already is used again:
// it counts as new from then on, so that it is not collected before a row can name it.
func (f payloadFiles) put(data []byte) (name string, err error) {
	sum := sha256.Sum256(data)
	name = hex.EncodeToString(sum[:])
	return name, f.add(name, bytes.NewReader(data))
}

// add makes sure that the file called name is on disk, with the content given if it must be written.
func (f payloadFiles) add(name string, content io.Reader) error {
	path, err := f.path(name)
	if err != nil {
		return err
	}
	switch err := f.verify(name); {
	case err == nil:
		if now := time.Now(); os.Chtimes(path, now, now) == nil {
			return f.sync(path) // whoever made it may not be that far yet
		}
	case !errors.Is(err, fs.ErrNotExist):
		f.keepBad(name)
	}
	return f.write(path, content)
}

// write gives a new file its name when its content is durable.
func (f payloadFiles) write(path string, content io.Reader) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	part, err := os.CreateTemp(folder, "*"+partSuffix)
	if err != nil {
		return err
	}
	_, err = io.Copy(part, content)
	if err == nil {
		err = part.Sync()
	}
	if err = errors.Join(err, part.Close()); err == nil {
		err = os.Rename(part.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part.Name()))
	}
	return f.sync(path)
}

// sync makes the name of a file durable, and the names of the folders that it is in: another process
// may have made those and be about to do the same. What is durable already costs next to nothing.
func (f payloadFiles) sync(path string) error {
	for _, folder := range []string{filepath.Dir(path), f.dir, filepath.Dir(f.dir)} {
		if err := syncFolder(folder); err != nil {
			return err
		}
	}
	return nil
}

// read returns the content of the file called name, which it compares with the name.
func (f payloadFiles) read(name string) ([]byte, error) {
	path, err := f.path(name)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, unreadable(name, err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != name {
		return nil, damaged(name, int64(len(data)))
	}
	return data, nil
}

// verify is read for content that nobody wants to have in memory.
func (f payloadFiles) verify(name string) error {
	path, err := f.path(name)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return unreadable(name, err)
	}
	defer file.Close() //nolint:errcheck // it has only read
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	if err != nil {
		return unreadable(name, err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != name {
		return damaged(name, size)
	}
	return nil
}

// missingFile is the name of a file that is not there. It is fs.ErrNotExist.
type missingFile string

func (m missingFile) Error() string { return fmt.Sprintf("its file %.12s… is missing", string(m)) }

func (missingFile) Unwrap() error { return fs.ErrNotExist }

// The reasons why a payload cannot be read from its file, with so much of the name as people need.
func unreadable(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return missingFile(name)
	}
	return fmt.Errorf("its file %.12s…: %w", name, err)
}

func damaged(name string, size int64) error {
	return fmt.Errorf("its file %.12s… is damaged: its %d bytes do not match its name", name, size)
}

// exists reports whether there is a file called name.
func (f payloadFiles) exists(name string) bool {
	path, err := f.path(name)
	if err != nil {
		return false
	}
	_, err = os.Lstat(path)
	return err == nil
}

// refresh lets those of the files called names that are there count as new, and returns the others.
func (f payloadFiles) refresh(names []string) (missing []string) {
	now := time.Now()
	for _, name := range names {
		if path, err := f.path(name); err != nil || errors.Is(os.Chtimes(path, now, now), fs.ErrNotExist) {
			missing = append(missing, name)
		}
	}
	return missing
}

// keepBad keeps a damaged file for inspection under a second name, whatever becomes of the first.
// Without it the file would be gone when it is written again or collected; nothing else depends on it.
func (f payloadFiles) keepBad(name string) {
	if path, err := f.path(name); err == nil {
		_ = os.Link(path, path+badSuffix) // it may be there already, or the file system knows no links
	}
}
