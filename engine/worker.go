package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/durable-wf/wf/engine/internal/oslock"
	"github.com/durable-wf/wf/engine/internal/store"
)

// heartbeat is how often a worker shows that it is not hung.
const heartbeat = time.Second

// Worker is a process that owns or has owned runs.
type Worker struct {
	ID      int64
	UUID    string
	Host    string
	PID     int
	Program string
	Version string
	Started time.Time
	Stopped time.Time // zero while it lives
	Alive   bool      // it holds its lock
}

// worker is this process as an owner of runs.
type worker struct {
	id       int64
	presence *oslock.Presence
	mtbf     time.Duration // of this host
}

// join makes this process a worker: its lock file first, then its row, so that whoever reads the row
// can tell whether the process lives. Further calls return the same worker.
func (e *Engine) join(ctx context.Context) (*worker, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.worker != nil {
		return e.worker, nil
	}
	if e.life.Err() != nil {
		return nil, ErrClosed
	}
	e.listen()
	row := e.workerRow()
	presence, err := oslock.Announce(e.store.LockDir(), row.UUID)
	if err != nil {
		return nil, fmt.Errorf("announcing this process: %w", err)
	}
	err = e.store.Update(ctx, func(tx *store.Tx) error { return tx.InsertWorker(&row) })
	if err != nil {
		return nil, errors.Join(err, presence.Close())
	}
	e.worker = &worker{id: row.ID, presence: presence, mtbf: e.mtbf(ctx, row.Host)}
	e.task(e.beat)
	e.task(func() { e.trace(row.ID) })
	e.hook(e.fireOwed) // of processes that died before they could
	// Whoever is in the ring watches, one that only executes in the foreground, too: else it would hide
	// the death of the worker before it from the one behind it.
	e.task(func() { e.guard(e.life, row.ID) })
	e.ring()
	return e.worker, nil
}

func (e *Engine) workerRow() store.Worker {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return store.Worker{
		UUID: uuid.NewString(), Host: host, PID: int64(os.Getpid()), Program: e.cfg.Program, Version: e.cfg.Version,
	}
}

// mtbf estimates this host's mean time between failures from its workers so far.
func (e *Engine) mtbf(ctx context.Context, host string) time.Duration {
	seen, err := e.store.Reliability(ctx, host)
	if err != nil {
		return priorMTBF
	}
	return (microseconds(seen.ObservedUS) + priorMTBF) / time.Duration(seen.Failures+1)
}

// beat shows that this process is not hung, until Close.
func (e *Engine) beat() {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-e.life.Done():
			return
		case <-tick.C:
			if err := e.worker.presence.Beat(); err != nil {
				e.log.Warn("heartbeat", "worker", e.worker.id, "error", err)
			}
		}
	}
}

// leave takes this process off the list of workers. Runs it may still own become free.
func (e *Engine) leave() error {
	e.mu.Lock()
	w := e.worker
	e.mu.Unlock()
	if w == nil {
		return nil
	}
	if e.cut.Err() != nil {
		return w.presence.Abandon()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(e.life), e.cfg.Lease)
	defer cancel()
	err := e.store.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.ReleaseRuns(w.id, false); err != nil {
			return err
		}
		return tx.StopWorker(w.id, false)
	})
	e.enqueued()
	if errors.Is(err, ErrStorage) { // nothing is lost: others see by the lock that this process has ended
		e.log.Info("leaving without a note in the database", "worker", w.id, "error", err)
		err = nil
	}
	return errors.Join(err, w.presence.Close())
}

// alive reports whether the worker with this id lives. A worker that is not known is dead.
func (e *Engine) alive(ctx context.Context, id int64) (bool, error) {
	workers, err := e.store.Workers(ctx, true)
	if err != nil {
		return false, err
	}
	for _, w := range workers {
		if w.ID == id {
			return oslock.Alive(e.store.LockDir(), w.UUID)
		}
	}
	return false, nil
}

// Workers lists the workers that have ever been, newest first.
func (e *Engine) Workers(ctx context.Context) ([]Worker, error) {
	rows, err := e.store.Workers(ctx, false)
	if err != nil {
		return nil, err
	}
	list := make([]Worker, len(rows))
	for i, r := range rows {
		list[i] = workerOf(r)
		if r.StoppedUS == 0 {
			if list[i].Alive, err = oslock.Alive(e.store.LockDir(), r.UUID); err != nil {
				return nil, fmt.Errorf("worker %d: %w", r.ID, err)
			}
		}
	}
	return list, nil
}

func workerOf(r store.Worker) Worker {
	return Worker{
		ID: r.ID, UUID: r.UUID, Host: r.Host, PID: int(r.PID), Program: r.Program, Version: r.Version,
		Started: timeOf(r.StartedUS), Stopped: timeOf(r.StoppedUS),
	}
}
