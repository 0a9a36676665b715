package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

// run commits reqs and acknowledges each of them once. If the transaction fails as a whole it is
// tried again without the culprit; as long as the culprit is not known, in halves.
func (w *writer) run(reqs []*request) {
	if len(reqs) == 0 {
		return
	}
	begun := time.Now()
	if err := w.begin(); err != nil {
		w.tell(reqs, begun, nil, err)
		for _, r := range reqs {
			r.fail(err)
		}
		acknowledge(reqs)
		return
	}
	err := w.transact(reqs, begun)
	if giveErr := w.turn.Give(); giveErr != nil {
		w.store.log.Warn("write turn was not given up", slog.Any("error", giveErr))
	}
	if err == nil {
		acknowledge(reqs)
		return
	}
	rest := unsettled(reqs)
	switch {
	case w.makesRoom(err):
		w.run(rest)
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
func (w *writer) transact(reqs []*request, begun time.Time) error {
	b, err := newBatch(w)
	if err == nil {
		err = b.run(reqs)
	}
	if err == nil {
		err = w.store.cut.Before()
	}
	if err == nil {
		err = w.exec(w.stmts.commit)
	}
	if err == nil {
		err = w.store.cut.After()
	}
	if err != nil {
		w.tell(reqs, begun, nil, err)
		b.stepBack(0)
		b.freeRoom()
		clear(w.workers) // a number seen in this transaction may be given away again
		w.known = false
		if e := w.exec(w.stmts.rollback); e != nil && !isCode(e, sqlite3.SQLITE_ERROR) {
			return errors.Join(err, e)
		}
		return err
	}
	b.advance()
	b.freeRoom()
	w.wal.tried = false
	if !reqs[0].paced || len(reqs) > 1 {
		w.company++
	}
	if b.leaves {
		w.store.leaves()
	}
	w.tell(reqs, begun, b.seen, nil)
	if a := b.aside; w.store.aside != nil && (a.Wanted || len(a.Ended) > 0) {
		w.store.aside(a)
	}
	return nil
}

// begin takes the write lock. A program that holds it without taking turns is waited for: that is
// nothing a caller could do better.
func (w *writer) begin() error {
	if w.gone.Load() {
		return &Error{Path: w.store.path, Kind: ErrGone}
	}
	if err := w.store.cut.Err(); err != nil {
		return w.store.failure("begin", err)
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
func (w *writer) exec(stmt *statement, args ...any) error {
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
		if r.err != nil && r.create != nil && r.create.Lease != nil {
			r.create.Lease.void = fmt.Errorf("the run was not created: %w", r.err)
		}
	}
	for _, r := range reqs {
		r.done(r.err)
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
