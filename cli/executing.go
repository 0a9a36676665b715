package cli

import (
	"maps"
	"slices"
	"sync"
)

// anyRun stands for the runs of a worker, which come and go.
const anyRun = 0

// executing knows what this process executes. The zero value is nothing. It is safe for concurrent use.
type executing struct {
	mu  sync.Mutex
	ids map[int64]bool // guarded by mu
}

// begin notes that this process executes the run, or anyRun, until the returned function is called.
func (e *executing) begin(id int64) (end func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ids == nil {
		e.ids = map[int64]bool{}
	}
	e.ids[id] = true
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.ids, id)
	}
}

// runs returns the numbers of the runs that execute, none if they are a worker's, and whether any do.
func (e *executing) runs() (ids []int64, busy bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.ids[anyRun] {
		ids = slices.Sorted(maps.Keys(e.ids))
	}
	return ids, len(e.ids) > 0
}
