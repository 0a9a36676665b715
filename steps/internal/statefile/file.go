package statefile

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// File is one version of a state file.
type File struct {
	Name   string      `json:"name"` // relative to the working folder, or absolute
	Mode   fs.FileMode `json:"mode"`
	Time   time.Time   `json:"time"` // of its last change, by its file system
	SHA256 []byte      `json:"sha256"`
	Data   []byte      `json:"data"`
}

// Same reports whether both have the same content.
func (f File) Same(g File) bool { return string(f.SHA256) == string(g.SHA256) }

// Verify reports whether the content is what was recorded.
func (f File) Verify() error {
	if sum := sha256.Sum256(f.Data); string(sum[:]) != string(f.SHA256) {
		return fmt.Errorf("%s: its recorded content has another SHA-256 than when it was recorded", f.Name)
	}
	return nil
}

// Stamp is what tells cheaply that a file has changed.
type Stamp struct {
	size  int64
	mtime time.Time
	inode uint64
}

// StampOf returns the stamp of the file, the zero Stamp if there is none.
func StampOf(path string) Stamp {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return Stamp{}
	}
	return stampOf(info)
}

func stampOf(info fs.FileInfo) Stamp {
	s := Stamp{size: info.Size(), mtime: info.ModTime()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.inode = sys.Ino
	}
	return s
}

// ErrUnstable means that the file changed while it was read, or that somebody has it open for writing.
var ErrUnstable = errors.New("the file is being written")

// huge is from which size on Reclaim does something: bytes cost the collector next to nothing to go through.
const huge = 16 << 20

// Reclaim has memory freed before so many bytes more are needed, if they are many: what held the version before would
// otherwise stay, and with it grows what the collector leaves by its measure.
func Reclaim(size int64) {
	if size >= huge {
		runtime.GC()
	}
}

// Read reads a file of which nobody is writing just now: its size, time and inode are the same before and
// after, and, where the operating system tells, nobody has it open for writing. Otherwise the error is
// ErrUnstable, or that of the file system.
func Read(path string) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer f.Close() //nolint:errcheck // it has only read
	before, err := f.Stat()
	if err != nil {
		return File{}, err
	}
	if !before.Mode().IsRegular() {
		return File{}, fmt.Errorf("%s is no regular file", path)
	}
	if written(f) {
		return File{}, ErrUnstable
	}
	Reclaim(before.Size())
	data := make([]byte, before.Size())
	n, err := readFull(f, data)
	if err != nil {
		return File{}, err
	}
	after, err := os.Stat(path)
	if err != nil {
		return File{}, err
	}
	if n != len(data) || stampOf(before) != stampOf(after) || written(f) {
		return File{}, ErrUnstable
	}
	sum := sha256.Sum256(data)
	return File{Mode: before.Mode().Perm(), Time: before.ModTime(), SHA256: sum[:], Data: data}, nil
}

// readFull reads until data is full or the file ends.
func readFull(f *os.File, data []byte) (n int, err error) {
	for n < len(data) {
		m, err := f.ReadAt(data[n:], int64(n))
		n += m
		if err != nil || m == 0 {
			break
		}
	}
	return n, nil //nolint:nilerr // a file that became shorter is not whole, as its caller sees
}

// Put writes the file at path: to a temporary one beside it, synced, then renamed, so that nobody ever sees
// half of it. It keeps the recorded mode and time, and makes the folder if there is none.
func (f File) Put(path string) error {
	if err := f.Verify(); err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".wf-*.part")
	if err != nil {
		return err
	}
	err = errors.Join(f.fill(tmp), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return syncDir(dir)
}

func (f File) fill(tmp *os.File) error {
	if _, err := tmp.Write(f.Data); err != nil {
		return err
	}
	if err := tmp.Chmod(f.Mode); err != nil {
		return err
	}
	if err := tmp.Sync(); err != nil {
		return err
	}
	return os.Chtimes(tmp.Name(), f.Time, f.Time)
}

// syncDir makes a rename in the folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
