package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/durable-wf/wf/engine/internal/codec"
)

const (
	maxInline  = codec.MaxInline // bytes of a payload; a larger one goes to files
	fileSuffix = "+file"         // of a codec: the column lists the files of the payload

	partSuffix = ".part" // a file that is being written
	badSuffix  = ".bad"  // a second name of a file that was damaged: nothing removes that
	goneSuffix = ".gone" // a file that was collected, on its way out

	fileReaders = 4 // files of one payload that are read at the same time
)

// payloadFiles is the folder beside a database that holds its large payloads in chunks, each in a file named
// by the SHA-256 of the chunk: ab/ab12…. A file is complete and durable when it gets its name, and never
// changes. Payloads, also of different runs, share the chunks that are equal. Which files count, the database
// says; see Store.Collect for those that do not.
type payloadFiles struct {
	dir   string
	known *knownFiles

	// packing has a place for each chunk that is hashed or compressed: the rest of the program computes, too.
	packing chan struct{}
}

func filesOf(database string) payloadFiles {
	return payloadFiles{database + "-files", newKnownFiles(), make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
}

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

// add makes sure that the file called name is on disk, with the content given if it must be written.
func (f payloadFiles) add(name string, content io.Reader) error {
	path, err := f.path(name)
	if err != nil {
		return err
	}
	named, there := f.has(name, path)
	if !there {
		if err := f.write(path, content); err != nil {
			return err
		}
	}
	if named {
		return nil
	}
	return f.sync(path) // whoever made it may not be that far yet
}

// write gives a new file its name when its content is durable. The name is not yet.
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
	return nil
}

// sync makes the name of a file durable, and the names of the folders that it is in: another process
// may have made those and be about to do the same. What is durable already costs next to nothing.
func (f payloadFiles) sync(path string) error {
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return err
	}
	return f.syncSelf()
}

func (f payloadFiles) syncSelf() error {
	if err := syncFolder(f.dir); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(f.dir))
}

// read returns the payload whose files a column lists. It compares each with its name.
func (f payloadFiles) read(text string) ([]byte, error) {
	list, err := parts(text)
	if err != nil {
		return nil, err
	}
	if len(list) == 1 {
		return f.chunk(list[0])
	}
	total := 0
	for _, p := range list {
		total += p.size
	}
	data := make([]byte, total)
	var g errgroup.Group
	g.SetLimit(fileReaders)
	for rest := data; len(list) > 0; list = list[1:] {
		p, into := list[0], rest[:list[0].size]
		rest = rest[p.size:]
		g.Go(func() error {
			chunk, err := f.chunk(p)
			copy(into, chunk)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return data, nil
}

// chunk returns the chunk in a file. Its error is a *fileError, but for a name that is none.
func (f payloadFiles) chunk(p part) ([]byte, error) {
	path, err := f.path(p.name)
	if err != nil {
		return nil, err
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, unreadable(p.name, err)
	}
	chunk, err := unpacked(file)
	sum := sha256.Sum256(chunk)
	if err == nil && (hex.EncodeToString(sum[:]) != p.name || p.size >= 0 && p.size != len(chunk)) {
		err = fmt.Errorf("its %d bytes do not match its name", len(file))
	}
	if err != nil {
		f.known.forget(p.name)
		return nil, &fileError{p.name, "is damaged: " + err.Error(), err}
	}
	return chunk, nil
}

// verify reports what is wrong with the file called name.
func (f payloadFiles) verify(name string) error {
	_, err := f.chunk(part{name, -1})
	return err
}

// fileError is why a payload cannot be read from the file called name.
type fileError struct {
	name string
	why  string
	err  error
}

func (e *fileError) Error() string { return fmt.Sprintf("its file %.12s… %s", e.name, e.why) }

func (e *fileError) Unwrap() error { return e.err }

func missingFile(name string) error { return &fileError{name, "is missing", fs.ErrNotExist} }

func unreadable(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return missingFile(name)
	}
	return &fileError{name, "cannot be read: " + err.Error(), err}
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
