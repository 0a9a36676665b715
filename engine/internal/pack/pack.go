// Package pack makes one file of a folder, and a folder of such a file. It does not know what is in them.
//
// A pack is the line "wf-pack 1", a tar archive compressed with zstd, and the SHA-256 of all that was before, as
// its last 32 bytes. The archive begins with a document about the rest, pack.json. Nothing of a pack is
// believed before all of it was compared with its hash.
package pack

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/zstd"
)

const (
	family  = "wf-pack "
	heading = family + "1\n"
	about   = "pack.json"
)

// What is wrong with a file. Errors name the file first.
var (
	ErrNotPack = errors.New("is no pack")
	ErrNewer   = errors.New("was packed by a newer program than this one")
	ErrDamaged = errors.New("is damaged: it was cut off or changed after it was packed")
	ErrExists  = errors.New("exists already; a pack overwrites nothing")
)

// Write packs what is in dir, with a document about it, into a new file, which only its owner may read, and
// returns its size in bytes. Names for which skip is true are left out, with what is under them. The file is
// complete and durable when it has its name, or it does not get it.
func Write(path string, document []byte, dir string, skip func(name string) bool) (size int64, err error) {
	if _, err := os.Lstat(path); err == nil {
		return 0, fmt.Errorf("%s %w", path, ErrExists)
	}
	part, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return 0, err
	}
	defer os.Remove(part.Name()) //nolint:errcheck // gone already if all went well
	size, err = write(part, document, dir, skip)
	if err == nil {
		err = part.Sync()
	}
	if err := errors.Join(err, part.Close()); err != nil {
		return 0, err
	}
	if err := os.Link(part.Name(), path); err != nil { // unlike a rename it never replaces a file
		if errors.Is(err, fs.ErrExist) {
			return 0, fmt.Errorf("%s %w", path, ErrExists)
		}
		if err := os.Rename(part.Name(), path); err != nil { // a file system without links
			return 0, err
		}
	}
	return size, syncFolder(filepath.Dir(path))
}

func write(file io.Writer, document []byte, dir string, skip func(string) bool) (size int64, err error) {
	sum := sha256.New()
	out := &counter{to: io.MultiWriter(file, sum)}
	if _, err := io.WriteString(out, heading); err != nil {
		return 0, err
	}
	packed, err := zstd.NewWriter(out)
	if err != nil {
		return 0, err
	}
	list := tar.NewWriter(packed)
	err = addFile(list, about, int64(len(document)), bytes.NewReader(document))
	if err == nil {
		err = addFolder(list, dir, skip)
	}
	if err := errors.Join(err, list.Close(), packed.Close()); err != nil {
		return 0, err
	}
	_, err = file.Write(sum.Sum(nil))
	return out.n + sha256.Size, err
}

func addFolder(list *tar.Writer, dir string, skip func(string) bool) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		switch name = filepath.ToSlash(name); {
		case skip(name) && entry.IsDir():
			return fs.SkipDir
		case skip(name):
			return nil
		case entry.IsDir():
			return list.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o700})
		case !entry.Type().IsRegular():
			return nil
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close() //nolint:errcheck // it has only read
		info, err := file.Stat()
		if err != nil {
			return err
		}
		return addFile(list, name, info.Size(), file)
	})
}

func addFile(list *tar.Writer, name string, size int64, content io.Reader) error {
	if err := list.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: time.Time{}}); err != nil {
		return err
	}
	_, err := io.Copy(list, content)
	return err
}

// counter counts the bytes that are written to something.
type counter struct {
	to io.Writer
	n  int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	return n, err
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
