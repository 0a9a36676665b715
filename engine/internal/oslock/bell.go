package oslock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/fsnotify/fsnotify"
)

// Bell wakes other processes when there may be work for them. It says that they should look, never
// what has happened, and it may ring for nothing. It is a help and no promise: whoever watches also
// looks on its own from time to time, for the bell cannot be heard across machines, after its file was
// removed, or where the kernel has no watch left to give.
//
// Ring and Watch are safe for concurrent use.
type Bell struct {
	file  *os.File
	rings atomic.Uint32
}

// OpenBell opens the bell in dir. It creates folder and file on demand.
func OpenBell(dir string) (*Bell, error) {
	f, err := open(dir, "bell")
	if err != nil {
		return nil, fmt.Errorf("open bell: %w", err)
	}
	return &Bell{file: f}, nil
}

// Ring wakes everybody who watches, this process included. Ring after the commit, so that those who
// are woken see it. It costs microseconds.
func (b *Bell) Ring() error {
	// The value does not matter, but a change keeps any layer from taking the write for a needless one.
	if _, err := b.file.WriteAt([]byte{byte(b.rings.Add(1))}, 0); err != nil {
		return fmt.Errorf("ring bell: %w", err)
	}
	return nil
}

// Watch returns a channel that receives after a ring. Rings that nobody has received yet are one: the
// channel holds a single element, and ringing never blocks. No ring after Watch has returned is lost;
// so watch first, then look for work, then wait.
//
// The channel is closed when ctx ends, after the goroutine behind it has freed all it held. An error
// means that the system cannot watch (often its limit of inotify instances); looking once a second does
// instead.
func (b *Bell) Watch(ctx context.Context) (<-chan struct{}, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch bell: %w", err)
	}
	// The file, not the folder: there the heartbeats and turns of all processes would wake us too.
	if err := w.Add(b.file.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("watch bell: %w", err), w.Close())
	}
	rung := make(chan struct{}, 1)
	go listen(ctx, w, rung) // ends with ctx; whoever waits for it waits for rung to be closed
	return rung, nil
}

// Close closes the bell for Ring. Those who watch go on until their context ends.
func (b *Bell) Close() error {
	if err := b.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("close bell: %w", err)
	}
	return nil
}

// listen passes events on to rung, and closes it when ctx ends.
func listen(ctx context.Context, w *fsnotify.Watcher, rung chan<- struct{}) {
	defer close(rung)
	defer w.Close() // nothing to do about its error, and nothing depends on it
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.Events:
		case <-w.Errors: // an overflow: rings were lost, so count it as one
		}
		select {
		case rung <- struct{}{}:
		default:
		}
	}
}
