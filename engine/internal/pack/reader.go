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
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Reader reads a pack that was compared with its hash. Close must be called.
type Reader struct {
	About []byte // the document about it

	file *os.File
	size int64 // of heading and archive
}

// Open opens a pack and reads it once, to compare it with its hash.
func Open(path string) (*Reader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r := &Reader{file: file}
	if err := r.verify(); err != nil {
		return nil, fmt.Errorf("%s %w", path, errors.Join(err, file.Close()))
	}
	err = r.each(func(_ string, _ *tar.Header, content io.Reader) (err error) {
		if r.About, err = io.ReadAll(content); err == nil {
			err = fs.SkipAll
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, errors.Join(err, file.Close()))
	}
	return r, nil
}

// Close closes the file.
func (r *Reader) Close() error { return r.file.Close() }

// verify compares the file with the hash at its end.
func (r *Reader) verify() error {
	info, err := r.file.Stat()
	if err != nil {
		return err
	}
	start := make([]byte, len(heading))
	n, err := io.ReadFull(r.file, start)
	switch begun := string(start[:n]); {
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF):
		return err
	case n > 0 && strings.HasPrefix(heading, begun) && n < len(heading):
		return ErrDamaged
	case !strings.HasPrefix(begun, family):
		return ErrNotPack
	case begun != heading:
		return ErrNewer
	}
	if r.size = info.Size() - sha256.Size; r.size < int64(len(heading)) {
		return ErrDamaged
	}
	sum, last := sha256.New(), make([]byte, sha256.Size)
	if _, err := io.Copy(sum, io.NewSectionReader(r.file, 0, r.size)); err != nil {
		return err
	}
	if _, err := r.file.ReadAt(last, r.size); err != nil {
		return err
	}
	if !bytes.Equal(sum.Sum(nil), last) {
		return ErrDamaged
	}
	return nil
}

// Extract writes what was packed into a folder that is there and empty, for its owner alone.
func (r *Reader) Extract(dir string) error {
	root, err := os.OpenRoot(dir) // which no name in the pack leads out of
	if err != nil {
		return err
	}
	err = r.each(func(name string, h *tar.Header, content io.Reader) error {
		switch {
		case name == about:
			return nil
		case h.Typeflag == tar.TypeDir:
			return root.MkdirAll(name, 0o700)
		case h.Typeflag != tar.TypeReg:
			return fmt.Errorf("%q in the pack is neither a file nor a folder", h.Name)
		}
		if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(file, content)
		return errors.Join(err, file.Close())
	})
	return errors.Join(err, root.Close())
}

// each calls fn for the entries in their order, until it returns fs.SkipAll.
func (r *Reader) each(fn func(name string, h *tar.Header, content io.Reader) error) error {
	unpacked, err := zstd.NewReader(io.NewSectionReader(r.file, int64(len(heading)), r.size-int64(len(heading))))
	if err != nil {
		return err
	}
	defer unpacked.Close()
	for list := tar.NewReader(unpacked); ; {
		h, err := list.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = fn(filepath.FromSlash(strings.TrimSuffix(h.Name, "/")), h, list)
		if errors.Is(err, fs.SkipAll) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
