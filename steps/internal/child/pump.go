package child

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// pump copies what a program writes to a writer of ours.
type pump struct {
	far, near *os.File // ours and the program's end of the pipe
	to        io.Writer
	moved     atomic.Int64  // bytes
	done      chan struct{} // closed when run has ended
}

// lingering is how long output is waited for that nobody seems to write any more: descendants that have left
// the group of a program that has ended may hold it open for ever.
const lingering = 300 * time.Millisecond

// newPump returns a pump, and the file to which the program writes.
func newPump(to io.Writer) (*pump, *os.File, error) {
	far, near, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	return &pump{far: far, near: near, to: to, done: make(chan struct{})}, near, nil
}

// run copies until nobody can write any more. If the writer takes nothing, the program goes on without it.
func (p *pump) run() {
	defer close(p.done)
	buffer := make([]byte, 64<<10)
	for {
		n, err := p.far.Read(buffer)
		if n > 0 {
			p.moved.Add(int64(n))
			_, _ = p.to.Write(buffer[:n]) // the program is not to blame
		}
		if err != nil {
			return
		}
	}
}

// finish waits for the rest of the output after the end of the program, and reports whether somebody still
// holds it open.
func (p *pump) finish() (held bool) {
	tick := time.NewTicker(lingering)
	defer tick.Stop()
	for last := int64(-1); ; {
		select {
		case <-p.done:
			return errors.Join(p.far.Close()) == nil && held
		case <-tick.C:
		}
		if moved := p.moved.Load(); moved != last {
			last = moved
			continue
		}
		held = true
		_ = p.far.SetReadDeadline(time.Now()) // ends run, once what it has read is written
	}
}
