package store

import (
	"context"
	"database/sql"
	"log/slog"

	queries "github.com/durable-wf/wf/sql"
)

// logCopier copies the write-ahead log into the database while the writer goes on, so that little is left to be copied
// when the writer starts the log again. It opens its connection at its first use: most processes write less.
type logCopier struct {
	store   *Store
	db      *sql.DB
	done    func()        // called when a copy is done
	running chan struct{} // closed when the copy under way is done; nil if there has been none

	// Written by a copy, to be read when none is under way.
	length int  // of the log, as the newest copy has found it
	held   bool // a reader was in the log from the copy before until this one: it stays
}

// start copies what has been committed until now, in a goroutine that wait waits for.
func (c *logCopier) start() {
	running := make(chan struct{})
	c.running = running
	go func() {
		if err := c.copy(); err != nil {
			c.store.log.Warn("copying the write-ahead log", slog.Any("error", err))
		}
		close(running)
		c.done()
	}()
}

// busy reports whether a copy is under way.
func (c *logCopier) busy() bool {
	if c.running == nil {
		return false
	}
	select {
	case <-c.running:
		return false
	default:
		return true
	}
}

// wait waits for the copy under way.
func (c *logCopier) wait() {
	if c.running != nil {
		<-c.running
	}
}

// copy copies as much as readers allow. It holds up neither them nor writers.
func (c *logCopier) copy() (err error) {
	if c.db == nil {
		if c.db, err = sql.Open("sqlite", dsn(c.store.path, "mode=rw", "synchronous(FULL)", "fullfsync(1)",
			"checkpoint_fullfsync(1)", "wal_autocheckpoint(0)")); err != nil {
			return err
		}
		c.db.SetMaxOpenConns(1)
	}
	var busy, pages, copied int
	if err := c.db.QueryRowContext(context.Background(), queries.WALCopy).Scan(&busy, &pages, &copied); err != nil {
		return err
	}
	c.held = copied < min(c.length, pages) // what was there last time could not be copied, since somebody reads the file as it was before
	c.length = pages
	return nil
}

func (c *logCopier) close() error {
	c.wait()
	if c.db == nil {
		return nil
	}
	return c.db.Close()
}
