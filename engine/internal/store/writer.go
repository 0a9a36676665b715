package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/durable-wf/wf/engine/internal/oslock"
)

const (
	maxBatch   = 4096             // requests in one transaction
	drainLimit = 10 * time.Second // how long Close waits for the write lock
)

// writer owns the only connection that writes. Its goroutine takes what is queued, commits it in
// one transaction and acknowledges it; a lone request waits for nobody.
type writer struct {
	store *Store
	db    *sqlx.DB
	conn  *sqlx.Conn
	stmts *statements
	turn  *oslock.Turn

	mu      sync.Mutex // guards what follows
	queue   []*request
	closing bool

	wake    chan struct{}   // capacity 1: there is something in the queue, or the writer is to close
	stopped chan struct{}   // closed by the goroutine when it ends
	ctx     context.Context // ends some time after Close, so that nothing waits for ever
	stop    context.CancelFunc
	gone    atomic.Bool
	user    atomic.Bool // user SQL is running: the authorizer is strict

	// Used by the goroutine alone.
	workers  map[int64]string // UUIDs of workers, by number
	newestUS int64            // of what has been committed
	wal      wal
}

func newWriter(ctx context.Context, s *Store) (*writer, error) {
	w := &writer{store: s, wake: make(chan struct{}, 1), stopped: make(chan struct{}), workers: map[int64]string{}}
	if err := w.open(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	w.ctx, w.stop = context.WithCancel(context.WithoutCancel(ctx))
	go w.loop() // drain stops it and waits
	return w, nil
}

func (w *writer) open(ctx context.Context) (err error) {
	if w.turn, err = oslock.OpenTurn(w.store.lockDir); err != nil {
		return err
	}
	if w.db, err = openWriter(ctx, w.store.path); err != nil {
		return err
	}
	if w.conn, err = w.db.Connx(ctx); err != nil {
		return err
	}
	if err = w.conn.Raw(w.authorize); err != nil {
		return err
	}
	w.stmts, err = prepare(ctx, w.conn.Conn)
	return err
}

// close frees what open took; the goroutine has ended.
func (w *writer) close() error {
	var errs []error
	if w.stmts != nil {
		errs = append(errs, w.stmts.close())
	}
	if w.conn != nil {
		errs = append(errs, w.conn.Close())
	}
	if w.db != nil {
		errs = append(errs, w.db.Close())
	}
	if w.turn != nil {
		errs = append(errs, w.turn.Close())
	}
	return errors.Join(errs...)
}

// drain lets the goroutine commit what is queued, and waits for its end.
func (w *writer) drain() {
	w.mu.Lock()
	w.closing = true
	w.mu.Unlock()
	w.kick()
	limit := time.AfterFunc(drainLimit, w.stop)
	defer limit.Stop()
	<-w.stopped
	w.stop()
}

func (w *writer) setGone() {
	if !w.gone.Swap(true) {
		w.store.log.Error("database file was deleted or replaced; nothing more is written", slog.String("path", w.store.path))
	}
}

func (w *writer) enqueue(r *request) {
	w.mu.Lock()
	closing := w.closing
	if !closing {
		w.queue = append(w.queue, r)
	}
	w.mu.Unlock()
	if closing {
		r.done(ErrClosed)
		return
	}
	w.kick()
}

func (w *writer) kick() {
	select {
	case w.wake <- struct{}{}:
	default: // it will look anyway
	}
}

func (w *writer) loop() {
	defer close(w.stopped)
	for range w.wake {
		for batch := w.take(); len(batch) > 0; batch = w.take() {
			w.run(batch)
			w.checkpoint()
		}
		w.mu.Lock()
		end := w.closing && len(w.queue) == 0
		w.mu.Unlock()
		if end {
			return
		}
	}
}

// take removes the next batch from the queue.
func (w *writer) take() []*request {
	w.mu.Lock()
	defer w.mu.Unlock()
	batch := make([]*request, 0, min(len(w.queue), maxBatch))
	n := 0
	for ; n < len(w.queue) && len(batch) < maxBatch; n++ {
		if r := w.queue[n]; r.state.CompareAndSwap(queued, taken) {
			batch = append(batch, r)
		}
	}
	w.queue = append(w.queue[:0:0], w.queue[n:]...) // a new array, so that what was taken can be freed
	return batch
}

// run commits reqs and acknowledges each of them once. If the transaction fails as a whole it is
// tried again without the culprit; as long as the culprit is not known, in halves.
func (w *writer) run(reqs []*request) {
	if len(reqs) == 0 {
		return
	}
	if err := w.begin(); err != nil {
		for _, r := range reqs {
			r.fail(err)
		}
		acknowledge(reqs)
		return
	}
	err := w.transact(reqs)
	if giveErr := w.turn.Give(); giveErr != nil {
		w.store.log.Warn("write turn was not given up", slog.Any("error", giveErr))
	}
	if err == nil {
		acknowledge(reqs)
		return
	}
	rest := unsettled(reqs)
	switch {
	case len(rest) < len(reqs): // the culprit has its error
		w.run(rest)
	case len(rest) == 1:
		rest[0].fail(w.store.failure("write", err))
		acknowledge(rest)
	default:
		w.run(rest[:len(rest)/2])
		w.run(rest[len(rest)/2:])
	}
}

// transact runs one transaction and commits it. After an error nothing of it is left.
func (w *writer) transact(reqs []*request) error {
	b, err := newBatch(w)
	if err == nil {
		err = b.run(reqs)
	}
	if err == nil {
		err = w.exec(w.stmts.commit)
	}
	if err != nil {
		clear(w.workers) // a number seen in this transaction may be given away again
		if e := w.exec(w.stmts.rollback); e != nil && !isCode(e, sqlite3.SQLITE_ERROR) {
			return errors.Join(err, e)
		}
		return err
	}
	b.advance()
	w.newestUS = b.now
	return nil
}

// begin takes the write lock. A program that holds it without taking turns is waited for: that is
// nothing a caller could do better.
func (w *writer) begin() error {
	if w.gone.Load() {
		return &Error{Path: w.store.path, Kind: ErrGone}
	}
	if err := w.turn.Take(w.ctx, w.warnTurn); err != nil {
		if w.ctx.Err() != nil {
			return ErrClosed
		}
		return w.store.failure("wait for the write turn", err)
	}
	for {
		err := w.exec(w.stmts.begin)
		if err == nil {
			return nil
		}
		if !isCode(err, sqlite3.SQLITE_BUSY) {
			return errors.Join(w.store.failure("begin", err), w.turn.Give())
		}
		if w.ctx.Err() != nil {
			return errors.Join(ErrClosed, w.turn.Give())
		}
		w.store.log.Warn("another program holds the database's write lock; still waiting", slog.String("path", w.store.path))
	}
}

func (w *writer) warnTurn(pid int) {
	w.store.log.Warn("another process holds the write turn; still waiting", slog.String("path", w.store.path), slog.Int("pid", pid))
}

// exec runs a statement that has no parameters. The writer's statements are never interrupted: a
// cancelled write would roll back the whole transaction.
func (w *writer) exec(stmt *sql.Stmt, args ...any) error {
	_, err := stmt.ExecContext(context.Background(), args...)
	return err
}

// acknowledge answers all requests. A change that has failed takes the lease with it, so that what
// was submitted behind it cannot be committed without it.
func acknowledge(reqs []*request) {
	for _, r := range reqs {
		if r.err != nil && r.change != nil && r.change.Lease.void == nil && !isEffect(r.err) {
			r.change.Lease.void = fmt.Errorf("a change before this one was not committed: %w", r.err)
		}
	}
	for _, r := range reqs {
		r.done(effectCause(r.err))
	}
}

// unsettled returns the requests that have no final answer, and acknowledges the others.
func unsettled(reqs []*request) (rest []*request) {
	var final []*request
	for _, r := range reqs {
		if r.settled {
			final = append(final, r)
		} else {
			rest = append(rest, r)
		}
	}
	acknowledge(final)
	return rest
}
