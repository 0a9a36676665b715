package oslock

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Presence is the proof that a worker process lives (P6, a dead owner is noticed at once): an exclusive
// lock on a file of its own, which the kernel frees when the process ends in whatever way. A process
// that lives but hangs keeps its lock; it is told by a heartbeat that no longer moves.
//
// A Presence is safe for concurrent use. Keep it until Close: once the garbage collector has it, its
// file is closed and the worker counts as dead.
type Presence struct {
	path string

	mu   sync.Mutex // guards what follows
	file *os.File   // nil after Close
	beat uint64
}

// Announce announces the worker name, which must never have been used before in dir. From its return
// on Alive is true, until Close or the end of the process. Announce before anybody can learn the name:
// a worker whose file is missing is dead.
//
// The error wraps fs.ErrExist if the name is in use. Announce also sweeps what crashed processes left
// in dir.
func Announce(dir, name string) (*Presence, error) {
	path, err := workerPath(dir, name)
	if err != nil {
		return nil, err
	}
	if err := makeFolder(dir); err != nil {
		return nil, err
	}
	if err := sweep(dir); err != nil {
		return nil, err
	}
	f, err := create(dir, filepath.Base(path), make([]byte, 8))
	if err != nil {
		return nil, fmt.Errorf("announce worker %s: %w", name, err)
	}
	return &Presence{path: path, file: f}, nil
}

// Beat adds one to the heartbeat counter, in microseconds and without a sync: the counter is for those
// who look at it while the machine runs. After Close the error is os.ErrClosed.
func (p *Presence) Beat() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == nil {
		return os.ErrClosed
	}
	p.beat++
	if _, err := p.file.WriteAt(binary.LittleEndian.AppendUint64(nil, p.beat), 0); err != nil {
		return fmt.Errorf("heartbeat: %w", err)
	}
	return nil
}

// Close ends the worker's presence: Alive is false, and those in AwaitDeath are woken. Closing again
// does nothing.
func (p *Presence) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == nil {
		return nil
	}
	f := p.file
	p.file = nil
	return discard(f, p.path)
}

// Abandon is what the kernel does to the presence of a process that dies: the lock is free, and the file
// stays. For tests.
func (p *Presence) Abandon() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == nil {
		return nil
	}
	f := p.file
	p.file = nil
	return errors.Join(unlock(f), f.Close())
}

// Alive reports whether the worker name lives. A missing file means that it does not; an error means
// that nothing is known. It disturbs neither the worker nor others who ask.
func Alive(dir, name string) (bool, error) {
	path, err := workerPath(dir, name)
	if err != nil {
		return false, err
	}
	held, err := locked(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("probe worker %s: %w", name, err)
	}
	return held, nil
}

// Heartbeat returns the heartbeat counter of the worker name. Only its changes mean something, and
// only if the worker is alive. The error wraps fs.ErrNotExist if its file is missing.
func Heartbeat(dir, name string) (uint64, error) {
	path, err := workerPath(dir, name)
	if err != nil {
		return 0, err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("heartbeat of worker %s: %w", name, err)
	}
	if len(b) != 8 {
		return 0, fmt.Errorf("heartbeat of worker %s: %d bytes, want 8", name, len(b))
	}
	return binary.LittleEndian.Uint64(b), nil
}

// AwaitDeath returns nil as soon as the worker name has died or left, well within a millisecond, or
// the cause of ctx.
//
// The wait is in the kernel and cannot be called off. When ctx ends, its goroutine and its thread stay
// until the worker ends, and hold nothing then; so wait for few workers, and rarely give up.
func AwaitDeath(ctx context.Context, dir, name string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	path, err := workerPath(dir, name)
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("await death of worker %s: %w", name, err)
	}
	dead := make(chan error, 1)
	go func() { // ends with the worker; AwaitDeath waits for it while ctx lasts
		err := lock(f, unix.LOCK_SH)
		if err == nil {
			err = unlock(f)
		}
		dead <- errors.Join(err, f.Close())
	}()
	select {
	case err = <-dead:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("await death of worker %s: %w", name, err)
	}
	return nil
}

// Sweep removes the file of the dead worker name; it is no error if that is missing. If the worker is
// alive the file stays and the error says so.
func Sweep(dir, name string) error {
	path, err := workerPath(dir, name)
	if err != nil {
		return err
	}
	alive, err := Alive(dir, name)
	if err != nil {
		return err
	}
	if alive {
		return fmt.Errorf("sweep worker %s: it is alive", name)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("sweep worker %s: %w", name, err)
	}
	return nil
}

func workerPath(dir, name string) (string, error) {
	if name == "" || strings.ContainsAny(name, "/\x00") {
		return "", fmt.Errorf("worker name %q: must be a part of a file name", name)
	}
	return filepath.Join(dir, workerPrefix+name+workerSuffix), nil
}
