package store

import (
	"context"
	"log/slog"

	"modernc.org/sqlite"
)

const (
	walPage  = 4096 + 24          // bytes of the log per page written
	walLimit = 16 << 20 / walPage // pages after which the log is copied into the database
	walAgain = 1 << 20 / walPage  // pages after which it is tried again when a reader was in the way
)

// wal counts the pages written to the log.
type wal struct {
	pages int // since the log was last copied completely
	due   int // at this count it is tried again
}

// checkpoint keeps the write-ahead log short. It runs between two batches: only then nothing is
// being appended, so that the log can be copied to its end and the next commit starts it again. (A
// checkpointer beside a busy writer never reaches the end, and the log grows for ever.) It does not
// wait for readers.
func (w *writer) checkpoint() {
	var written int
	err := w.conn.Raw(func(driver any) (err error) {
		written, _, err = driver.(sqlite.DBStatus).Status(sqlite.DBStatusCacheWrite, true)
		return err
	})
	w.wal.pages += written
	if err != nil || w.wal.pages < max(w.wal.due, walLimit) {
		return
	}
	if w.turn.Take(w.ctx, w.warnTurn) != nil {
		return // closing
	}
	var busy, log, copied int
	err = w.stmts.checkpoint.QueryRowContext(context.Background()).Scan(&busy, &log, &copied)
	if giveErr := w.turn.Give(); giveErr != nil {
		w.store.log.Warn("write turn was not given up", slog.Any("error", giveErr))
	}
	if err != nil {
		w.store.log.Warn("checkpoint of the write-ahead log", slog.Any("error", err))
	}
	if err == nil && busy == 0 && log == copied {
		w.wal = wal{}
		return
	}
	w.wal.due = w.wal.pages + walAgain
}
