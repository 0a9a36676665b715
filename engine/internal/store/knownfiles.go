package store

import (
	"io/fs"
	"os"
	"sync"
	"time"
)

const (
	maxKnown  = 1 << 14   // files; more are forgotten, and looked at again when they are used
	knowledge = time.Hour // after which a file is read again when it is used: disks rot
)

// knownFiles are the files that this process has written or verified. A save that changes little names many of
// them again, and does not read them for that.
type knownFiles struct {
	mu    sync.Mutex // guards what follows
	files map[string]knownFile
}

type knownFile struct {
	size     int64
	modified time.Time
	since    time.Time
	named    bool // its name is durable, too
}

func newKnownFiles() *knownFiles { return &knownFiles{files: map[string]knownFile{}} }

// as reports whether the file called name is known, and nothing has changed it since; and whether its name is durable.
func (k *knownFiles) as(name string, info fs.FileInfo) (known, named bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	file, ok := k.files[name]
	known = ok && file.size == info.Size() && file.modified.Equal(info.ModTime()) && time.Since(file.since) < knowledge
	return known, known && file.named
}

// note takes the file called name to be good as it is now.
func (k *knownFiles) note(name, path string, named bool) {
	info, err := os.Lstat(path)
	if err != nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	since := time.Now()
	if file, ok := k.files[name]; ok && time.Since(file.since) < knowledge {
		since = file.since
	}
	if len(k.files) >= maxKnown {
		clear(k.files)
	}
	k.files[name] = knownFile{info.Size(), info.ModTime(), since, named}
}

// name takes note that the name of a file has become durable.
func (k *knownFiles) name(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if file, ok := k.files[name]; ok {
		file.named = true
		k.files[name] = file
	}
}

// forget takes note that a file is bad.
func (k *knownFiles) forget(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.files, name)
}
