package store

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	walPage  = 4096 + 24          // bytes of the log per page written
	walAhead = 8 << 20 / walPage  // pages after which copying begins, beside the writer
	walRest  = 1 << 20 / walPage  // pages that the writer itself copies, to start the log again
	walLimit = 16 << 20 / walPage // pages after which it does so, however many are left to be copied
	walKept  = 32 << 20           // bytes that SQLite leaves the file when that is done: journal_size_limit
)

// wal counts the pages written to the log.
type wal struct {
	pages int  // since the log was started
	due   int  // at this count it is tried again, if it could not be done at the limit
	sent  int  // of pages, those that a copy beside the writer was to take
	held  bool // a reader stays in it, as far as is known
	now   bool // it is tried whatever the count: the file has become smaller
	tried bool // it was tried to make room on a full disk, and nothing has been committed since
}

// found returns the count to begin with. Processes that write little and end would never reach the limit
// by what they have written themselves, and the log would grow for as long as another one stays.
func found(db string) wal {
	info, err := os.Stat(db + "-wal")
	if err != nil || info.Size() <= walKept { // it may have been started again
		return wal{}
	}
	return wal{pages: int(info.Size() / walPage)}
}

// checkpoint keeps the write-ahead log short. It runs between two batches: only then nothing is
// being appended, so that the log can be copied to its end and the next commit starts it again. (A
// checkpointer beside a busy writer alone never reaches the end, and the log grows for ever.)
func (w *writer) checkpoint() {
	w.count()
	if !w.copiedAhead() {
		return
	}
	w.wal.now = false
	if _, err := w.restart(); err != nil {
		w.store.log.Warn("checkpoint of the write-ahead log", slog.Any("error", err))
	}
}

// restart lets the next commit start the log again, and reports whether it will.
func (w *writer) restart() (done bool, err error) {
	if w.turn.Take(w.ctx, w.warnTurn) != nil {
		return false, nil // closing
	}
	done, err = w.restartLog()
	err = errors.Join(err, w.turn.Give())
	if done {
		w.wal, w.copier.length, w.copier.held = wal{}, 0, false
	} else {
		w.askLater() // a reader stays, or the disk is full
	}
	return done, err
}

// makesRoom starts the log again if something was not written since the disk is full: what fills it may be the log. It
// reports whether it is worth to write once more.
func (w *writer) makesRoom(err error) bool {
	if !isCode(err, sqlite3.SQLITE_FULL) || w.wal.tried {
		return false
	}
	w.copier.wait()
	done, err := w.restart()
	w.wal.tried = true
	return done && err == nil
}

// count counts what was written since it was called last.
func (w *writer) count() {
	if written, _, err := w.driver.Status(sqlite.DBStatusCacheWrite, true); err == nil {
		w.wal.pages += written
	}
}

// logWaits reports whether there is anything to be done about the log now.
func (w *writer) logWaits() bool {
	if w.wal.now || w.wal.pages >= max(w.wal.due, walAhead) {
		return w.wal.pages >= walLimit && !w.wal.held || !w.copier.busy()
	}
	return false
}

// copiedAhead reports whether the log should be started again. Before, it has it copied by somebody else, so that
// the writer stands still for a millisecond and not for as long as 16 MB take. As long as a reader stays in the log there
// is nothing to be waited for: copies tell when it has left.
func (w *writer) copiedAhead() bool {
	if !w.logWaits() {
		return false
	}
	if !w.copier.busy() {
		w.wal.held = w.copier.held && !w.wal.now
	}
	if (w.wal.pages < walLimit || w.wal.held) && w.wal.pages-w.wal.sent > walRest {
		w.wal.sent = w.wal.pages
		w.copier.start()
		return false
	}
	w.copier.wait()
	if w.wal.held = w.copier.held && !w.wal.now; w.wal.held {
		w.askLater()
	}
	return !w.wal.held
}

// askLater lets the log grow before anything more is done about it: ever more rarely, since a reader stays.
func (w *writer) askLater() { w.wal.due = w.wal.pages + w.wal.pages/8 }

// restartLog copies what is left of the log, and reports whether no reader was left in it. It waits for those that
// read a page, not for those that stay.
func (w *writer) restartLog() (done bool, err error) {
	if err := w.exec(w.stmts.busyShort); err != nil {
		return false, err
	}
	var busy bool
	var pages, copied int
	err = w.stmts.checkpoint.QueryRowContext(context.Background()).Scan(&busy, &pages, &copied)
	return err == nil && !busy, errors.Join(err, w.exec(w.stmts.busyLong))
}
