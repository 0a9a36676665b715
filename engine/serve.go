package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// claimBatch is how many runs one commit takes at most.
const claimBatch = 100

// Serve executes runs of this program's workflows, up to Config.Workers at a time, until ctx ends;
// it also takes over the runs of workers that die or hang. Then it takes no more, tells the steps to
// stop (their context is cancelled with ErrShutdown), waits up to DrainTimeout for them and returns
// nil. Runs that it did not finish go back to the queue with what they saved; those of steps that did
// not stop are taken from this process, and Serve returns an error that names them.
//
// While there is nothing to do it sleeps: it is woken by commits, by the earliest due time, and looks
// at the file's change counter once a second.
func (e *Engine) Serve(ctx context.Context) error {
	if !e.begin() {
		return ErrClosed
	}
	defer e.tasks.Done()
	e.serving.Add(1)
	defer e.serving.Add(-1)
	w, err := e.join(ctx)
	if err == nil {
		err = e.reapDead(ctx)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return nil // told to stop before it has begun: an orderly stop, too
	case err != nil:
		return err
	}
	e.log.InfoContext(ctx, "serve started", "worker", w.id, "workers", e.cfg.Workers)
	ctx, enough := e.InTime(ctx)
	defer enough()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.life, cancel)()
	d := &dispatcher{eng: e, worker: w, slots: newSlots(e.cfg.Workers)}
	d.begin = func(row *store.Run) { d.start(ctx, row) }
	defer e.open(d)()
	var clockwork sync.WaitGroup
	clockwork.Go(func() { e.fireSchedules(ctx) })  // ends with ctx
	clockwork.Go(func() { e.fireNowAndThen(ctx) }) // ends with ctx
	err = d.dispatch(ctx)
	cancel()
	d.slots.close()
	clockwork.Wait()
	err = errors.Join(err, d.drain(ctx))
	e.log.InfoContext(ctx, "serve stopped", "worker", w.id)
	return err
}

// open lets starts use the slots of a dispatcher, until the function that it returns is called.
func (e *Engine) open(d *dispatcher) (shut func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.serves = append(e.serves, d)
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.serves = slices.DeleteFunc(e.serves, func(other *dispatcher) bool { return other == d })
	}
}

// dispatcher hands runs to goroutines. more, held and calm belong to its own goroutine.
type dispatcher struct {
	eng    *Engine
	worker *worker
	slots  *slots
	begin  func(*store.Run) // executes a run in a slot that was taken for it; safe for concurrent use
	more   bool             // the last claim left some behind
	held   bool             // runs are pending in a queue that may be full
	calm   bool             // nothing executed when the last look began, nor did it find anything

	root int64 // only descendants of this run; 0 for all runs
	once bool  // end when nothing executes and nothing can be claimed
}

// dispatch claims and starts runs until ctx ends.
func (d *dispatcher) dispatch(ctx context.Context) error {
	due := int64(0)
	var changed, news <-chan struct{}
	for look := true; ctx.Err() == nil; {
		if look || d.more {
			d.calm = d.slots.still()
			d.slots.setAlarm(0)                                        // what happens from here on the look may miss
			changed, news = d.eng.work.changed(), d.eng.news.changed() // arm, then look, then sleep; without a look they stay armed
			var err error
			if due, err = d.look(ctx); err != nil {
				if fatal := d.endure(ctx, err); fatal != nil {
					return fatal
				}
				look = true
				continue
			}
			if d.once && d.calm && !d.more {
				return nil
			}
			d.slots.setAlarm(due)
		}
		if !d.held {
			news = nil // else a run that leaves its queue, wherever it was executed, makes room for another
		}
		look = d.sleep(ctx, changed, news, due)
	}
	return nil
}

// look claims what can be claimed and returns when the next run is due. What was due before and has
// not been claimed belongs to other programs.
func (d *dispatcher) look(ctx context.Context) (dueUS int64, err error) {
	now := d.eng.clock.NowUS()
	if !d.more { // a look that finds nothing must not take the write lock
		if d.more, err = d.claimable(ctx, now); err != nil {
			return 0, err
		}
	}
	if d.more {
		if err := d.claim(ctx); err != nil {
			return 0, err
		}
	}
	next, err := d.eng.store.Next(ctx, now)
	d.held = next.Held
	return next.DueUS, err
}

func (d *dispatcher) claimable(ctx context.Context, nowUS int64) (bool, error) {
	if d.root != 0 {
		return d.eng.store.BranchClaimable(ctx, d.root, d.eng.names, nowUS)
	}
	return d.eng.store.Claimable(ctx, d.eng.names, nowUS)
}

// endure waits a second after a failed look, such as on a full disk. It returns an error after which
// no look can succeed.
func (d *dispatcher) endure(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, ErrClosed) || errors.Is(err, ErrGone):
		return err
	}
	d.eng.log.ErrorContext(ctx, "looking for work", "error", err)
	select {
	case <-ctx.Done():
	case <-time.After(time.Second):
	}
	return nil
}

// claim fills the free slots.
func (d *dispatcher) claim(ctx context.Context) error {
	for {
		if d.slots.full() {
			d.more = true
			return nil
		}
		free := &reservation{slots: d.slots}
		rows, err := d.eng.store.Claim(ctx, store.Claim{
			Worker: d.worker.id, Workflows: d.eng.names, Root: d.root, Limit: claimBatch, Slots: free,
		})
		if err != nil {
			return err
		}
		for i := range rows {
			d.calm = false
			d.begin(&rows[i])
		}
		if d.more = free.spare == 0; !d.more {
			return nil
		}
	}
}

// start executes a run in a goroutine that drain waits for.
func (d *dispatcher) start(ctx context.Context, row *store.Run) {
	rest := Pending
	if d.root != 0 {
		rest = Suspended
	}
	x, own := d.eng.adopt(ctx, row, rest)
	vacate, leave := d.slots.enter()
	if d.root == 0 { // else nobody is to think the family at rest before all of this is over
		x.vacate = vacate
	}
	x.end = func(err error) {
		defer leave()
		if err == nil || errors.Is(err, ErrLeaseLost) {
			return
		}
		d.eng.log.Error("run not finished here", "run_id", x.id, "workflow", x.row.Workflow, "error", err)
		d.eng.giveBack(ctx, x.id)
	}
	go x.drive(own) // ends with the run, unless a step keeps it that was given up
}

// giveBack frees a run with which this process could not go on, such as on a full disk, as soon as
// the database takes it.
func (e *Engine) giveBack(ctx context.Context, id int64) {
	for {
		err := e.disown(context.WithoutCancel(ctx), id)
		if err == nil || errors.Is(err, ErrClosed) || errors.Is(err, ErrGone) {
			return
		}
		select {
		case <-ctx.Done(): // Close frees it, or the end of the process
			return
		case <-time.After(time.Second):
		}
	}
}

// sleep waits until there may be something to claim. It returns whether to look.
func (d *dispatcher) sleep(ctx context.Context, changed, news <-chan struct{}, dueUS int64) bool {
	var due <-chan time.Time
	if dueUS != 0 {
		timer, stop := d.eng.clock.Timer(time.UnixMicro(dueUS))
		defer stop()
		due = timer
	}
	if d.slots.full() {
		due, changed, news = nil, nil, nil // no slot: only one that is freed matters
	}
	select {
	case <-ctx.Done():
	case <-changed:
		return true
	case <-news:
		return true
	case <-due: // the wall clock is looked at again at least once a second
		return d.eng.clock.NowUS() >= dueUS
	case <-d.slots.freed:
		return d.root != 0 // nobody else looks for it
	}
	return false
}

// drain waits for the runs under way. What does not stop in time loses its lease.
func (d *dispatcher) drain(ctx context.Context) error {
	timeout := time.NewTimer(d.eng.cfg.DrainTimeout)
	defer timeout.Stop()
	for !d.slots.still() {
		select {
		case <-d.slots.freed:
		case <-timeout.C:
			return d.abandon(context.WithoutCancel(ctx))
		}
	}
	return nil
}

func (d *dispatcher) abandon(ctx context.Context) error {
	var freed []int64
	err := d.eng.store.Update(ctx, func(tx *store.Tx) error {
		var err error
		freed, err = tx.ReleaseRuns(d.worker.id, false)
		return err
	})
	d.eng.enqueued()
	return errors.Join(err, fmt.Errorf("steps of runs %v did not stop within %v: the runs are free for others", freed, d.eng.cfg.DrainTimeout))
}
