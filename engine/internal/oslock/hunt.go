package oslock

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// pidWidth is the length of what stands in the files turn and next: a pid, spaces, a newline. It never
// changes, so that one write replaces it.
const pidWidth = 12

// hunt is one wait in the kernel. If the context of the Take that began it ends, it goes on alone.
type hunt struct {
	wanted bool          // a Take waits for it
	done   chan struct{} // closed by Turn.run
	err    error         // valid after done; nil when the turn is ours
}

// begin takes the turn if it is free, and returns nil; else it returns the hunt to wait for: the one
// that an earlier Take left behind, or a new one.
func (t *Turn) begin() (*hunt, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hunt == nil {
		if ok, err := t.try(); ok || err != nil {
			return nil, err
		}
		t.hunt = &hunt{done: make(chan struct{})}
		go t.run(t.hunt) // ends when the kernel grants the locks; Take waits for it while its ctx lasts
	}
	t.hunt.wanted = true
	return t.hunt, nil
}

// run blocks until the turn is ours, and passes it on if nobody wants it any more.
func (t *Turn) run(h *hunt) {
	err := t.wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	h.err, t.hunt = err, nil
	if err == nil && !h.wanted {
		_ = t.release() // there is nobody to tell, and the next Take would meet the same error
	}
	if t.closed {
		_ = t.closeFiles()
	}
	close(h.done)
}

// leave tells h that nobody waits for it, or passes the turn on if h has won it meanwhile.
func (t *Turn) leave(h *hunt) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h.wanted = false
	if t.hunt != h && h.err == nil {
		_ = t.release() // the caller gets the cause of its context; the next Take would meet the same error
	}
}

// try takes the turn if nobody has it and nobody is in line.
func (t *Turn) try() (bool, error) {
	if ok, err := tryLock(t.next, unix.LOCK_EX); !ok {
		return false, err
	}
	ok, err := tryLock(t.turn, unix.LOCK_EX)
	if err := errors.Join(err, unlock(t.next)); err != nil || !ok {
		return false, err
	}
	t.sign()
	return true, nil
}

// wait takes the turn, blocking. While it is first in line it says so in next: should its process be
// stopped there, turn is free, and next tells whom all others wait for.
func (t *Turn) wait() error {
	if err := lock(t.next, unix.LOCK_EX); err != nil {
		return err
	}
	write(t.next, t.mine)
	err := lock(t.turn, unix.LOCK_EX)
	write(t.next, t.nobody)
	if err := errors.Join(err, unlock(t.next)); err != nil {
		return errors.Join(err, unlock(t.turn))
	}
	t.sign()
	return nil
}

func (t *Turn) release() error { return unlock(t.turn) }

// sign makes turn name this process, for those who wait while it has the turn. The name stays there, so that a process
// that writes alone finds it, and writes it once.
func (t *Turn) sign() {
	line := t.line[:]
	if n, err := t.turn.ReadAt(line, 0); n == len(line) && err == nil && bytes.Equal(line, t.mine) {
		return
	}
	write(t.turn, t.mine)
}

// holder returns the pid of the process in its turn, else of the one first in line, else 0.
func (t *Turn) holder() int {
	if taken, err := locked(t.turn.Name()); taken || err != nil {
		return readPID(t.turn)
	}
	if pid := readPID(t.next); pid != os.Getpid() {
		return pid
	}
	return 0 // it is we who are first in line
}

func pidLine(pid int) []byte {
	return fmt.Appendf(nil, "%-*d\n", pidWidth-1, pid)
}

// write writes line to f. The pids are a help to the reader of a log; a full disk that cannot take them
// must not stop the writers.
func write(f *os.File, line []byte) {
	_, _ = f.WriteAt(line, 0)
}

// readPID returns the pid that stands in f, or 0.
func readPID(f *os.File) int {
	line := make([]byte, pidWidth)
	n, _ := f.ReadAt(line, 0) // what cannot be read is not known
	pid, err := strconv.Atoi(strings.TrimSpace(string(line[:n])))
	if err != nil {
		return 0
	}
	return pid
}
