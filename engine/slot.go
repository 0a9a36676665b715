package engine

import (
	"slices"
	"sync"

	"github.com/durable-wf/wf/engine/internal/store"
)

// slots are the places for the runs that one Serve executes at a time. It is safe for concurrent use.
type slots struct {
	mu    sync.Mutex
	size  int
	taken int           // guarded by mu
	busy  int           // guarded by mu: goroutines that execute; one whose run has ended has left its slot before
	shut  bool          // guarded by mu: no run that was not claimed begins here any more
	alarm int64         // guarded by mu: when the dispatcher looks by itself, in microseconds; 0 if that is not known
	freed chan struct{} // capacity 1: ticks when a slot was left, or a goroutine has ended
}

// reservation is what one claim takes of the slots.
type reservation struct {
	slots *slots
	spare int // slots for which there was no run
}

// Reserve implements store.Slots.
func (r *reservation) Reserve(n int) int {
	r.spare = 0
	return r.slots.reserve(n)
}

// Vacate implements store.Slots.
func (r *reservation) Vacate(n int) {
	r.spare += n
	if n > 0 {
		r.slots.vacate(n)
	}
}

func newSlots(size int) *slots { return &slots{size: size, freed: make(chan struct{}, 1)} }

// reserve takes up to n slots, and returns how many.
func (s *slots) reserve(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n = min(n, s.size-s.taken)
	s.taken += n
	return n
}

// vacate leaves n slots.
func (s *slots) vacate(n int) { s.leave(n, 0) }

func (s *slots) leave(slots, goroutines int) {
	s.mu.Lock()
	s.taken -= slots
	s.busy -= goroutines
	s.mu.Unlock()
	select {
	case s.freed <- struct{}{}:
	default: // whoever is told looks at all
	}
}

// enter counts a goroutine that executes in a slot that was reserved. vacate leaves the slot early, leave both, at the
// end; drain waits for that.
func (s *slots) enter() (vacate, leave func()) {
	s.mu.Lock()
	s.busy++
	s.mu.Unlock()
	vacate = sync.OnceFunc(func() { s.vacate(1) })
	return vacate, func() {
		vacate()
		s.leave(0, 1)
	}
}

// full reports whether all slots are taken.
func (s *slots) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken >= s.size
}

// still reports whether no slot is taken and no goroutine executes.
func (s *slots) still() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken == 0 && s.busy == 0
}

// setAlarm notes when the dispatcher looks for work by itself: 0 while it looks.
func (s *slots) setAlarm(us int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alarm = us
}

// expects reports whether a look is to follow by a time anyway.
func (s *slots) expects(us int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.alarm != 0 && s.alarm <= us
}

// slip takes a slot for a run that nobody has claimed.
func (s *slots) slip() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut || s.taken >= s.size {
		return false
	}
	s.taken++
	return true
}

// close lets no run slip in any more.
func (s *slots) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut = true
}

// berth takes a free slot of this process for a run that is about to be started, so that it executes at once, without
// a claim; nil if there is none. Whatever waits for a worker goes first, and a queue with limits gives everybody his turn:
// the writer sees to that, and then leaves the slot unused. A run that has to wait for a time of its own, or shares its
// queue out, gets its turn like all others.
func (e *Engine) berth(row *store.Run) *dispatcher {
	if row.DueUS != 0 || row.FairKey != "" {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, d := range e.serves {
		if d.slots.slip() {
			return d
		}
	}
	return nil
}

// expect lets the dispatchers of this process look when the time of a run comes that has begun to wait.
func (e *Engine) expect(row *store.Run) {
	at := row.DueUS
	if late := row.DeadlineUS; at == 0 || late != 0 && late < at {
		at = late
	}
	if at == 0 || Status(row.Status) != Waiting {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if slices.ContainsFunc(e.serves, func(d *dispatcher) bool { return !d.slots.expects(at) }) {
		e.work.notify()
	}
}
