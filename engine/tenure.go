package engine

import (
	"encoding/json"
	"sync"
	"sync/atomic"
)

// tenure is the host of one attempt: its execution, as long as the attempt counts.
type tenure struct {
	*execution
	over atomic.Bool
	mu   sync.Mutex // held while something is submitted, so that nothing is once over is set
}

// end refuses whatever comes from now on.
func (t *tenure) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over.Store(true)
}

// Save is [Host]'s.
func (t *tenure) Save(s Snapshot, done func(error)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over.Load() {
		go done(ErrAttemptEnded) // it may take a lock that the caller holds
		return
	}
	t.execution.Save(s, done)
}

// Record is [Host]'s.
func (t *tenure) Record(r Record, done func(error)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over.Load() {
		go done(ErrAttemptEnded) // it may take a lock that the caller holds
		return
	}
	t.execution.Record(r, done)
}

// Recorded is [Host]'s.
func (t *tenure) Recorded(name string, n int64) (Record, bool, error) {
	if t.over.Load() {
		return Record{}, false, ErrAttemptEnded
	}
	return t.execution.Recorded(name, n)
}

// Signal is [Host]'s.
func (t *tenure) Signal() (Delivered, bool, error) {
	if t.over.Load() {
		return Delivered{}, false, ErrAttemptEnded
	}
	return t.execution.Signal()
}

// Children is [Host]'s.
func (t *tenure) Children(after int64) ([]Run, error) {
	if t.over.Load() {
		return nil, ErrAttemptEnded
	}
	return t.execution.Children(after)
}

// Progress is [Host]'s.
func (t *tenure) Progress(done, total int64) {
	if !t.over.Load() {
		t.execution.Progress(done, total)
	}
}

// Annotate is [Host]'s.
func (t *tenure) Annotate(name string, value json.RawMessage) {
	if !t.over.Load() {
		t.execution.Annotate(name, value)
	}
}

// Folder is [Host]'s.
func (t *tenure) Folder() (string, error) {
	if t.over.Load() {
		return "", ErrAttemptEnded
	}
	return t.execution.Folder()
}
