package runlog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// Writer writes the log of one start. It is safe for concurrent use.
type Writer struct {
	limit int64 // bytes of a file

	mu     sync.Mutex // guards what follows
	file   *os.File
	size   int64
	buffer []byte
	err    error // the first failure; nothing is written after it
}

// Create begins the log of start n of a program, in the folder of its run, and removes those of the oldest
// starts. It keeps the newest bytes: at least half of limit, at most limit.
func Create(run string, n int, limit int64) (*Writer, error) {
	if err := os.MkdirAll(filepath.Join(run, folder), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path(run, n), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	starts := Starts(run)
	for _, old := range starts[:max(0, len(starts)-Kept)] {
		for _, name := range []string{path(run, old), path(run, old) + older} {
			if e := os.Remove(name); e != nil && !errors.Is(e, os.ErrNotExist) {
				err = errors.Join(err, e)
			}
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Writer{file: f, limit: max(limit/2, 1<<10)}, nil
}

// Stream returns the writer of one stream. It never fails: a program does not stop because its log cannot be
// written, and Close tells.
func (w *Writer) Stream(s Stream) io.Writer { return stream{w, s} }

type stream struct {
	to *Writer
	s  Stream
}

func (s stream) Write(p []byte) (int, error) {
	s.to.write(s.s, p)
	return len(p), nil
}

// longRecord is the longest text of a record: a longer line goes on in the next one.
const longRecord = 32 << 10

func (w *Writer) write(s Stream, p []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now().UnixMicro()
	w.buffer = w.buffer[:0]
	for len(p) > 0 {
		n, ended := bytes.IndexByte(p, '\n'), byte(' ')
		text := p[:max(n, 0)]
		if n < 0 || n > longRecord {
			n, ended = min(len(p), longRecord)-1, '+'
			text = p[:n+1]
		}
		w.buffer = strconv.AppendInt(w.buffer, now, 10)
		w.buffer = append(w.buffer, ' ', byte(s), ended)
		w.buffer = append(append(w.buffer, text...), '\n')
		p = p[n+1:]
	}
	w.flush()
}

// flush writes the buffer, to a new file if this one is full. The caller holds mu.
func (w *Writer) flush() {
	if w.err != nil || w.file == nil {
		return
	}
	if w.size > 0 && w.size+int64(len(w.buffer)) > w.limit {
		if w.err = w.rotate(); w.err != nil {
			return
		}
	}
	n, err := w.file.Write(w.buffer)
	w.size += int64(n)
	w.err = err
}

func (w *Writer) rotate() error {
	name := w.file.Name()
	if err := w.file.Close(); err != nil {
		return err
	}
	if err := os.Rename(name, name+older); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	w.file, w.size = f, 0
	return nil
}

// Close ends the log, and tells if something of it could not be written.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file == nil {
		return nil
	}
	err := w.file.Close()
	w.file = nil
	if w.err != nil {
		return fmt.Errorf("log: %w", w.err)
	}
	return err
}
