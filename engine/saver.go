package engine

import (
	"sync"
	"time"
)

// saver commits the checkpoints of one attempt behind its back: one is in flight, and of those that
// come meanwhile the newest waits and the others are dropped.
type saver struct {
	host Host

	mu       sync.Mutex // guards what follows
	inflight int
	next     *Snapshot     // the newest not yet submitted
	best     bool          // next is the best so far, and must not be dropped
	idle     chan struct{} // closed when nothing is in flight; nil while nobody waits
	err      error         // the first failure; sticky
	stall    time.Duration // smoothed time that the step stands still for a save
	cost     time.Duration // smoothed time until a save is durable
	slowest  tail          // times until a save is durable
	unshown  time.Duration // stall not yet told with a snapshot
}

const smoothing = 4 // a new measurement counts for 1/smoothing

// put submits s, or lets it wait while another one is in flight. It takes the place of one that waits, unless
// that one is the best so far: then put waits until that one is durable.
func (s *saver) put(snap Snapshot, best bool) {
	if s.waits() {
		_ = s.flush() // sticky
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next != nil {
		snap.inherit(s.next)
	}
	s.next, s.best = &snap, best
	if s.inflight == 0 {
		s.submit()
	}
}

// waits reports whether what is not yet submitted must not be dropped.
func (s *saver) waits() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next != nil && s.best
}

// push submits what waits, so that whatever is submitted after it is committed after it.
func (s *saver) push() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.submit()
}

// submit hands the waiting snapshot to the host. The caller holds mu.
func (s *saver) submit() {
	if s.next == nil || s.err != nil {
		return
	}
	snap, begun := *s.next, time.Now()
	s.next = nil
	s.inflight++
	s.host.Save(snap, func(err error) { s.saved(err, time.Since(begun)) })
}

// saved takes note of the outcome of a save.
func (s *saver) saved(err error, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inflight--
	if err != nil && s.err == nil {
		s.err = err
	}
	s.cost = smooth(s.cost, took)
	s.slowest.add(s.stall + took)
	if s.inflight == 0 {
		s.submit()
	}
	if s.idle != nil && s.inflight == 0 {
		close(s.idle)
		s.idle = nil
	}
}

// flush waits until everything is durable or refused, and returns the first failure.
func (s *saver) flush() error {
	for {
		s.mu.Lock()
		if s.inflight == 0 {
			s.submit()
		}
		if s.inflight == 0 {
			defer s.mu.Unlock()
			return s.err
		}
		if s.idle == nil {
			s.idle = make(chan struct{})
		}
		idle := s.idle
		s.mu.Unlock()
		<-idle
	}
}

func (s *saver) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// stalled takes note of how long the step stood still for a save.
func (s *saver) stalled(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stall = smooth(s.stall, d)
	s.unshown += d
}

// takeStall returns the stall since the last snapshot.
func (s *saver) takeStall() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.unshown
	s.unshown = 0
	return d
}

// learn begins with what attempts before this one have measured.
func (s *saver) learn(p *Pace) {
	s.stall, s.cost = p.Stall, p.Cost
	if p.Slowest > 0 {
		s.slowest.add(p.Slowest)
	}
}

// measure puts what was measured into p.
func (s *saver) measure(p *Pace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.Stall, p.Cost, p.Slowest = s.stall, s.cost, s.slowest.longest()
}

func smooth(old, d time.Duration) time.Duration {
	if old == 0 {
		return d
	}
	return old + (d-old)/smoothing
}
