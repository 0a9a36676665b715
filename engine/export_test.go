package engine

import "maps"

// Transitions is the table of allowed changes of status.
func Transitions() map[Status][]Status { return maps.Clone(transitions) }

// Abandon frees the lock that proves that this engine's process lives. To all others it is dead from
// now on. It does not know that itself: its steps go on, as those of a process do that was stopped and
// is woken after others have buried it.
func (e *Engine) Abandon() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.worker == nil {
		return nil
	}
	return e.worker.presence.Close()
}

// Serving reports whether Serve has begun and not ended.
func (e *Engine) Serving() bool { return e.serving.Load() > 0 }

// Waiters returns how many wait for the end of a run.
func (e *Engine) Waiters(id int64) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.waiters[id])
}
