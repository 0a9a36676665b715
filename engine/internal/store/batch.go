package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// batch is one transaction of the writer. An error of one of its methods means that the transaction
// as a whole cannot be committed; what concerns one request alone is noted in the request.
type batch struct {
	w    *writer
	now  int64 // the time of all that is written; never before the newest row in the file
	wall int64 // the one clock reading: what is due by it is due, though a clock that was ahead once has moved now

	heads // numbers given so far

	steps []moved          // of leases, in their order
	slab  []move           // room of the first round; nil until it begins
	loose bool             // closures of the store's own have run, which may have given numbers behind the batch's back
	seen  *observed        // what an observer is told of it
	aside Aside            // what Options.Aside is told of it
	unfit map[*Lease]error // why a change was left out, and all that follow it are; nil while there is none

	ends     map[*Lease]bool    // see ending
	newborns map[*Lease]newborn // runs that are inserted with the changes of their leases

	leaves bool              // a long history is to be deleted
	points map[series]int64  // number of the next point of a series, as far as it is known
	queues map[string]*Queue // the rows of wf_queues, by name, once they are needed
	ranks  map[share]int64   // the newest rank that was given, as far as it is known
	crowd  crowd             // whether any run waits for a worker, once it is needed

	calmUS  int64 // before this time no run waits for a worker, and no queue has limits; 0 if that is not known
	stirred bool  // unless the batch itself has changed that
}

// heads are what the writer knows of the file as long as nobody else writes.
type heads struct {
	lastRun, lastHistory, lastCopy int64 // the newest numbers of the tables that it numbers

	limited bool // there may be rows in wf_queues
	mailed  bool // there may be rows in wf_signals
}

// moved says that a batch has moved a lease on.
type moved struct {
	lease *Lease
	from  *lease // where the batch had moved it before; nil if it had not
}

// lease is the part of a Lease that moves with each change.
type lease struct {
	status    string
	epoch     int64
	seq, head int64
	hash      []byte
	copies    copies
	copiedUS  int64
	calls     bool
	undos     bool
	quiet     quiet
}

func newBatch(w *writer) (*batch, error) {
	b := &batch{w: w, seen: w.observes(), wall: w.store.clock.NowUS()}
	err := b.goOn()
	return b, err
}

// goOn finds the numbers and the time from which the batch goes on. They are known, as is the calm, if nobody but this writer
// has written since its last batch.
func (b *batch) goOn() (err error) {
	w := b.w
	version, err := w.driver.FileControlDataVersion("main")
	if err != nil {
		return err
	}
	if version != w.version {
		w.company++
	}
	if w.known && version == w.version {
		b.heads, b.now, b.calmUS = w.heads, max(b.wall, w.newestUS), w.calmUS
		return nil
	}
	var newest int64
	err = w.stmts.heads.QueryRowContext(context.Background()).Scan(&b.lastRun, &b.lastHistory, &b.lastCopy, &newest, &b.limited, &b.mailed)
	b.now = max(b.wall, newest, w.newestUS)
	return err
}

// run runs all requests: those that create, then claims, changes, and at last closures.
func (b *batch) run(reqs []*request) error {
	var creates, changes []*request
	for _, r := range reqs {
		r.err = nil
		switch {
		case r.create != nil:
			creates = append(creates, r)
		case r.change != nil:
			r.restore()
			changes = append(changes, r)
		}
	}
	b.ends = ending(creates, changes)
	if err := b.create(creates); err != nil {
		return err
	}
	for _, r := range reqs {
		if r.claim != nil {
			if err := b.claim(r); err != nil {
				return err
			}
		}
	}
	if err := b.change(changes); err != nil {
		return err
	}
	if err := b.insertNewborns(); err != nil { // of which no change was fit
		return err
	}
	for _, r := range reqs {
		if r.update != nil || r.user != nil {
			if err := b.closure(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// closure runs a request's function in a savepoint. Its error undoes what it did, and nothing else.
func (b *batch) closure(r *request) error {
	run := func() error { return b.userRequest(r) }
	if r.update != nil {
		b.loose = b.loose || !r.paced
		run = func() error { return b.update(r.update) }
	}
	return b.savepoint(r, run)
}

// savepoint runs fn for r, and undoes it if it fails. If SQLite has rolled back the whole
// transaction because of it, r has its final answer and the batch is dead.
func (b *batch) savepoint(r *request, fn func() error) error {
	if err := b.w.exec(b.w.stmts.savepoint); err != nil {
		return err
	}
	steps, heads, forget := len(b.steps), b.heads, b.seen.mark()
	if err := fn(); err != nil {
		forget()
		b.stepBack(steps)
		b.heads, b.points, b.queues, b.ranks = heads, nil, nil, nil
		r.err = err
		r.settled = errors.Is(err, errTooLong)
		clear(b.w.workers)
		if e := b.w.exec(b.w.stmts.savepointRollback); e != nil {
			r.fail(err)
			return fmt.Errorf("undo: %w", e)
		}
	}
	return b.w.exec(b.w.stmts.savepointRelease)
}

// at returns where a lease stands within the batch.
func (b *batch) at(l *Lease) lease {
	if l.ahead != nil {
		return *l.ahead
	}
	return lease{
		status: l.Status, epoch: l.Epoch, seq: l.Seq, head: l.Head, hash: l.Hash,
		copies: l.copies, copiedUS: l.copiedUS, calls: l.calls, undos: l.Undos, quiet: l.quiet,
	}
}

// advance moves the leases on, and the writer's numbers; the batch has been committed.
func (b *batch) advance() {
	b.w.newestUS, b.w.heads, b.w.calmUS, b.w.known = b.now, b.heads, b.calmAfter(), false
	if version, err := b.w.driver.FileControlDataVersion("main"); err == nil {
		b.w.version, b.w.known = version, !b.loose
	}
	for _, s := range b.steps {
		l, to := s.lease, s.lease.ahead // after all steps
		if to == nil {
			continue // its last step was done before
		}
		l.ahead = nil
		l.Status, l.Epoch, l.Seq, l.Head, l.Hash = to.status, to.epoch, to.seq, to.head, to.hash
		l.copies, l.copiedUS, l.calls, l.Undos, l.quiet = to.copies, to.copiedUS, to.calls, to.undos, to.quiet
	}
}

// step notes where a lease stands if the batch is committed.
func (b *batch) step(l *Lease, to *lease) {
	b.steps = append(b.steps, moved{l, l.ahead})
	l.ahead = to
}

// stepBack takes back all steps but the first n.
func (b *batch) stepBack(n int) {
	for _, s := range slices.Backward(b.steps[n:]) {
		s.lease.ahead = s.from
	}
	b.steps = b.steps[:n]
}

// extend makes h the next row of a run's chain.
func (b *batch) extend(run int64, uuid string, at *lease, h *History) error {
	worker, err := b.workerUUID(h.Worker)
	if err != nil {
		return err
	}
	b.lastHistory++
	h.ID, h.Run, h.Seq, h.Prev, h.TimeUS = b.lastHistory, run, at.seq+1, at.head, b.now
	h.Hash = chainHash(at.hash, uuid, h, worker)
	at.seq, at.head, at.hash = h.Seq, h.ID, h.Hash
	return nil
}

// workerUUID returns the identity of a worker, "" for none.
func (b *batch) workerUUID(id int64) (string, error) {
	if id == 0 {
		return "", nil
	}
	if uuid, ok := b.w.workers[id]; ok {
		return uuid, nil
	}
	var uuid string
	if err := b.w.stmts.workerUUID.QueryRowContext(context.Background(), id).Scan(&uuid); err != nil {
		return "", fmt.Errorf("worker %d: %w", id, err)
	}
	b.w.workers[id] = uuid
	return uuid, nil
}

// insertHistory appends rows to the audit log.
func (b *batch) insertHistory(rows []History) error {
	insert := &b.w.stmts.historyInsert
	_, err := insert.exec(appendHistory(insert.rows(), rows))
	return err
}

// appendHistory appends the parameters of history_insert.sql.
func appendHistory(args []any, rows []History) []any {
	for i := range rows {
		h := &rows[i]
		args = append(args, h.ID, h.Run, h.Seq, nullInt(h.Prev), h.TimeUS, h.Kind, nullText(h.Step), nullText(h.Next), nullInt(h.Visit),
			nullInt(h.Attempt), nullUnknown(h.DurationUS), nullInt(h.Worker), nullText(h.Error), nullText(h.Detail), h.Hash)
	}
	return args
}
