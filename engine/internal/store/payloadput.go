package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	fileWriters = 8 // files of one payload that are written at the same time: each waits for the disk

	// freshAge is how old a file may be that is used again without being made new. It is so much less than
	// collectAge that a row has time to come to name it.
	freshAge = collectAge / 6
)

// put makes sure that data is on disk and returns what the column of its row is to hold. A chunk that is there
// already is used again: it counts as new from then on, so that it is not collected before a row can name it.
func (f payloadFiles) put(data []byte) (text string, err error) {
	chunks, err := divide(data)
	if err != nil {
		return "", err
	}
	list, fresh := make([]part, len(chunks)), make([]bool, len(chunks))
	var failed atomic.Bool // the disk may be full: nobody goes on filling it
	var g errgroup.Group
	g.SetLimit(fileWriters)
	for i, chunk := range chunks {
		g.Go(func() (err error) {
			list[i].size = len(chunk)
			if !failed.Load() {
				list[i].name, fresh[i], err = f.putChunk(chunk)
			}
			if err != nil {
				failed.Store(true)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return "", err
	}
	return column(list), f.syncNames(list, fresh)
}

// putChunk makes sure that a chunk is on disk. It returns its name, and whether that has still to be made durable.
func (f payloadFiles) putChunk(chunk []byte) (name string, fresh bool, err error) {
	f.packing <- struct{}{}
	sum := sha256.Sum256(chunk)
	<-f.packing
	name = hex.EncodeToString(sum[:])
	path, err := f.path(name)
	if err != nil {
		return "", false, err
	}
	named, there := f.has(name, path)
	if there {
		return name, !named, nil
	}
	f.packing <- struct{}{}
	content := packed(chunk)
	<-f.packing
	if err := f.write(path, content); err != nil {
		return "", false, err
	}
	f.known.note(name, path, false)
	return name, true, nil
}

// has reports whether the file called name is there, whole, and will not be collected soon; and whether this
// process knows that its name is durable: somebody else may just be about to make it so. A file that was damaged counts as missing, and is kept.
func (f payloadFiles) has(name, path string) (named, there bool) {
	info, err := os.Lstat(path)
	if err != nil {
		return false, false
	}
	known, named := f.known.as(name, info)
	if !known {
		if err := f.verify(name); err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				f.keepBad(name)
			}
			return false, false
		}
	}
	if now := time.Now(); info.ModTime().Before(now.Add(-freshAge)) && os.Chtimes(path, now, now) != nil {
		return false, false
	}
	f.known.note(name, path, named)
	return named, true
}

// syncNames makes the names of those files durable that are fresh.
func (f payloadFiles) syncNames(list []part, fresh []bool) error {
	synced := map[string]bool{}
	for i, p := range list {
		folder := p.name[:2]
		if !fresh[i] || synced[folder] {
			continue
		}
		if err := syncFolder(filepath.Join(f.dir, folder)); err != nil {
			return err
		}
		synced[folder] = true
	}
	if len(synced) == 0 {
		return nil
	}
	if err := f.syncSelf(); err != nil {
		return err
	}
	for i, p := range list {
		if fresh[i] {
			f.known.name(p.name)
		}
	}
	return nil
}
