package runlog

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"time"
)

// Record is a line that a program has printed, or a part of one.
type Record struct {
	Time   time.Time
	Stream Stream
	Text   string
	Open   bool // the line goes on in the next record of the stream
}

// Reader reads the log of one start, also while it is written. It is not safe for concurrent use.
type Reader struct {
	path  string
	file  *os.File
	lines *bufio.Reader
	part  []byte // of a record that was half written when it was read
}

// Open opens the log of start n for reading from its beginning. The caller closes it.
func Open(run string, n int) (*Reader, error) {
	name := path(run, n)
	f, err := os.Open(name + older)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = os.Open(name)
	}
	if err != nil {
		return nil, err
	}
	return &Reader{path: name, file: f, lines: bufio.NewReaderSize(f, 64<<10)}, nil
}

// Next returns the next record. io.EOF means that there is none so far; later there may be.
func (r *Reader) Next() (Record, error) {
	for {
		line, err := r.lines.ReadBytes('\n')
		r.part = append(r.part, line...)
		if err == nil {
			record, ok := parse(r.part[:len(r.part)-1])
			r.part = r.part[:0]
			if ok {
				return record, nil
			}
			continue // not ours
		}
		if err != io.EOF || !r.turn() {
			return Record{}, err
		}
	}
}

// turn goes on with the file that has come in the place of this one, and reports whether there is one.
func (r *Reader) turn() bool {
	next, err := os.Open(r.path)
	if err != nil {
		return false
	}
	now, errNow := r.file.Stat()
	then, errThen := next.Stat()
	if errors.Join(errNow, errThen) != nil || os.SameFile(now, then) {
		_ = next.Close() // it was only looked at
		return false
	}
	if more, _ := r.lines.Peek(1); len(more) > 0 { // written between our look and the change
		_ = next.Close()
		return true
	}
	_ = r.file.Close() // it was only read
	r.file, r.part = next, r.part[:0]
	r.lines.Reset(next)
	return true
}

func parse(line []byte) (Record, bool) {
	stamp, rest, ok := bytes.Cut(line, []byte(" "))
	us, err := strconv.ParseInt(string(stamp), 10, 64)
	if !ok || err != nil || len(rest) < 2 {
		return Record{}, false
	}
	return Record{Time: time.UnixMicro(us), Stream: Stream(rest[0]), Text: string(rest[2:]), Open: rest[1] == '+'}, true
}

// Close ends the reading.
func (r *Reader) Close() error { return r.file.Close() }
