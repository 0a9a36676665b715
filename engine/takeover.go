package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/durable-wf/wf/engine/internal/oslock"
	"github.com/durable-wf/wf/engine/internal/store"
)

// sentry notices that other workers die or hang. Each worker watches one predecessor only, so that
// all together form a ring.
type sentry struct {
	eng     *Engine
	self    int64
	watched map[string]bool // by the sentry's goroutine alone: those whose death is awaited
	deaths  chan store.Worker

	hung  string // the predecessor whose heartbeat is compared
	beats uint64
	still int               // ticks without a heartbeat
	away  map[string]uint64 // those that were deposed, and the heartbeat at which they hang
}

// guard runs the sentry until ctx ends, with the engine.
func (e *Engine) guard(ctx context.Context, self int64) {
	s := &sentry{eng: e, self: self, watched: map[string]bool{}, deaths: make(chan store.Worker), away: map[string]uint64{}}
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		news := e.news.changed()
		prev, err := s.predecessor(ctx)
		if err != nil && ctx.Err() == nil {
			e.log.Warn("looking for other workers", "error", err)
		}
		s.watch(ctx, prev)
		if !s.sleep(ctx, news, tick.C, prev) {
			return
		}
	}
}

// lookPause is the least time between two looks at who else works on the file, so that a busy file
// costs little more than a quiet one. A worker that dies younger than this is noticed when it is over.
const lookPause = 50 * time.Millisecond

// sleep waits for news, a death or a missing heartbeat. It returns false when ctx has ended.
func (s *sentry) sleep(ctx context.Context, news <-chan struct{}, tick <-chan time.Time, prev *store.Worker) bool {
	pause := time.NewTimer(lookPause)
	defer pause.Stop()
	var changed <-chan struct{} // news, once the pause is over
	for {
		select {
		case <-ctx.Done():
			return false
		case w := <-s.deaths: // its runs are free
			delete(s.watched, w.UUID)
			return true
		case <-tick:
			if s.compare(ctx, prev) {
				return true
			}
		case <-pause.C:
			changed = news
		case <-changed:
			return true
		}
	}
}

// predecessor returns the living worker before this one in the ring; nil if it is alone. One that hangs
// watches nobody, so it does not count: the one before it is ours to watch, too.
func (s *sentry) predecessor(ctx context.Context) (*store.Worker, error) {
	workers, err := s.eng.store.Workers(ctx, true)
	if err != nil {
		return nil, err
	}
	var before, last *store.Worker
	for i := range workers {
		w := &workers[i]
		switch {
		case w.ID == s.self || s.hangs(w.UUID):
		case w.ID < s.self && (before == nil || w.ID > before.ID):
			before = w
		case w.ID > s.self && (last == nil || w.ID > last.ID):
			last = w
		}
	}
	if before == nil {
		return last, nil
	}
	return before, nil
}

// hangs reports whether a worker that was deposed still shows no heartbeat.
func (s *sentry) hangs(uuid string) bool {
	at, deposed := s.away[uuid]
	if !deposed {
		return false
	}
	if beats, err := oslock.Heartbeat(s.eng.store.LockDir(), uuid); err != nil || beats != at {
		delete(s.away, uuid)
		return false
	}
	return true
}

// watch awaits the death of w and frees its runs. The goroutine ends when that is done, or with ctx.
func (s *sentry) watch(ctx context.Context, w *store.Worker) {
	if w == nil || s.watched[w.UUID] {
		return
	}
	s.watched[w.UUID] = true
	dead := *w
	go func() { // ends with ctx
		for !s.bury(ctx, dead) {
			select {
			case <-time.After(time.Second): // a full disk, say
			case <-ctx.Done():
				return
			}
		}
		select {
		case s.deaths <- dead:
		case <-ctx.Done():
		}
	}()
}

// bury awaits the death of w and frees its runs. It reports whether that is done.
func (s *sentry) bury(ctx context.Context, w store.Worker) bool {
	if err := oslock.AwaitDeath(ctx, s.eng.store.LockDir(), w.UUID); err != nil {
		if ctx.Err() == nil {
			s.eng.log.Error("watching a worker", "worker", w.ID, "error", err)
		}
		return false
	}
	return s.eng.reap(ctx, w)
}

// compare counts the ticks without a heartbeat of prev, and deposes it after the lease time. It
// counts its own ticks rather than compare clocks: a suspended laptop or a clock that jumps deposes
// nobody. It reports whether it has deposed prev.
func (s *sentry) compare(ctx context.Context, prev *store.Worker) bool {
	if prev == nil {
		return false
	}
	beats, err := oslock.Heartbeat(s.eng.store.LockDir(), prev.UUID)
	if err != nil || prev.UUID != s.hung || beats != s.beats {
		s.hung, s.beats, s.still = prev.UUID, beats, 0
		return false
	}
	s.still++
	if time.Duration(s.still)*heartbeat < s.eng.cfg.Lease {
		return false
	}
	s.still = 0
	s.away[prev.UUID] = beats
	s.eng.depose(ctx, *prev)
	return true
}

// depose takes the runs of a worker that lives but hangs. Its epoch is over: whatever it still writes
// misses.
func (e *Engine) depose(ctx context.Context, w store.Worker) {
	runs, err := e.release(ctx, w, false)
	switch {
	case err != nil:
		e.log.Error("deposing a hung worker", "worker", w.ID, "error", err)
	case len(runs) > 0:
		e.log.Warn("worker shows no heartbeat: its runs are free", "worker", w.ID, "pid", w.PID, "runs", len(runs))
	}
}

// reap frees the runs of a dead worker. It reports whether that is done.
func (e *Engine) reap(ctx context.Context, w store.Worker) bool {
	runs, err := e.release(ctx, w, true)
	if err != nil {
		e.log.Error("taking over from a dead worker", "worker", w.ID, "error", err)
		return false
	}
	if len(runs) > 0 { // one that has left in order has none
		observe(e, e.cfg.Observer.WorkerBuried, w.ID)
		e.log.InfoContext(ctx, "worker died: its runs are free", "worker", w.ID, "pid", w.PID, "runs", len(runs))
	}
	if err := oslock.Sweep(e.store.LockDir(), w.UUID); err != nil {
		e.log.Warn("removing a dead worker's lock file", "worker", w.ID, "error", err)
	}
	return true
}

func (e *Engine) release(ctx context.Context, w store.Worker, died bool) (runs []int64, err error) {
	var wanted []int64
	err = e.store.Update(ctx, func(tx *store.Tx) error {
		if runs, err = tx.ReleaseRuns(w.ID, died); err != nil || !died {
			return err
		}
		// A step that ended in a wait just before it heard what was wanted: its process was to do it then.
		if wanted, err = tx.Wanted(); err != nil {
			return err
		}
		for _, id := range wanted {
			if err := e.fulfilIn(tx, id); err != nil {
				return err
			}
		}
		return tx.StopWorker(w.ID, true)
	})
	if err == nil {
		for _, id := range wanted {
			e.ended(id, nil) // whoever waits looks again
		}
		if len(runs)+len(wanted) > 0 {
			e.enqueued()
		}
	}
	return runs, err
}

// reapDead frees the runs of all workers that have died unseen.
func (e *Engine) reapDead(ctx context.Context) error {
	workers, err := e.store.Workers(ctx, true)
	if err != nil {
		return err
	}
	for _, w := range workers {
		alive, err := oslock.Alive(e.store.LockDir(), w.UUID)
		if err != nil {
			return fmt.Errorf("worker %d: %w", w.ID, err)
		}
		if !alive {
			e.reap(ctx, w)
		}
	}
	return nil
}
