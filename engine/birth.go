package engine

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/durable-wf/wf/engine/internal/codec"
	"github.com/durable-wf/wf/engine/internal/store"
)

// birth is how a run comes into the file whose first steps are pure, and which nobody has been told of: with what they
// have come to, in one commit, unless they take long. It is the first that is ahead of the disk.
type birth struct {
	create *store.Create // guarded by the execution's mu: not submitted yet; nil afterwards
	id     atomic.Int64  // 0 until the run is in the file
	run    store.Run     // guarded by the execution's mu: as it came there
	waits  atomic.Bool   // it is there, and may not execute yet
	err    error         // guarded by the execution's mu: why it is not there
	left   bool          // guarded by the engine's mu: the execution is over
}

// perform starts a run, executes it in the foreground, and returns it as it is then.
func (e *Engine) perform(ctx context.Context, def *definition, s any, opts *StartOptions) (store.Run, error) {
	begin, err := def.start(s)
	if err != nil {
		return store.Run{}, err
	}
	if e.mayBeUnborn(ctx, def, begin, opts) {
		return e.performUnborn(ctx, def, begin, opts)
	}
	run, _, err := e.create(ctx, def, begin, opts, own)
	if err != nil {
		return store.Run{}, err
	}
	return e.follow(ctx, run.ID)
}

// follow executes a run that was just started here, or waits for its end if a worker was quicker to take it, as when
// it had to wait for a place in its queue.
func (e *Engine) follow(ctx context.Context, id int64) (store.Run, error) {
	row, err := e.execute(ctx, id, &ExecuteOptions{})
	if errors.Is(err, ErrRunOwned) {
		end, err := e.waitFor(ctx, id)
		if end == nil {
			return store.Run{}, err
		}
		return *end, err
	}
	return row, err
}

// mayBeUnborn reports whether a run may begin before it is in the file: its first step is pure, and nothing is to
// be looked up, waited for, or told before.
func (e *Engine) mayBeUnborn(ctx context.Context, def *definition, begin starting, opts *StartOptions) bool {
	if !def.steps[def.first].Pure || e.observes() || len(begin.state.Data) > codec.MaxInline || ctx.Err() != nil || store.InTx(ctx) {
		return false
	}
	return opts == nil || opts.Key == "" && opts.Delay == 0 && opts.At.IsZero() && len(opts.Hooks) == 0
}

// performUnborn is perform for a run that begins before it is in the file.
func (e *Engine) performUnborn(ctx context.Context, def *definition, begin starting, opts *StartOptions) (store.Run, error) {
	if !e.begin() {
		return store.Run{}, ErrClosed
	}
	defer e.tasks.Done()
	w, err := e.join(ctx)
	if err != nil {
		return store.Run{}, err
	}
	create, err := e.newRun(def.name, def, begin, opts)
	if err != nil {
		return store.Run{}, err
	}
	create.Run.Owner, create.History.Worker = w.id, w.id
	inTime, enough := e.InTime(ctx)
	defer enough()
	x, own := e.conceive(inTime, create)
	err = x.run(own)
	id := x.birth.id.Load()
	switch {
	case id == 0:
		return store.Run{}, x.unborn(err)
	case err == nil && x.over():
		return x.row, nil
	case x.birth.waits.Load():
		e.enqueued()
	case err != nil:
		if !errors.Is(err, ErrLeaseLost) {
			e.tasks.Go(func() { e.giveBack(e.life, id) }) // ends with the engine
		}
		return x.row, err
	}
	return e.follow(ctx, id)
}

// conceive makes the execution of a run that is to be created, as the writer will create it.
func (e *Engine) conceive(ctx context.Context, create *store.Create) (*execution, context.Context) {
	row := create.Run
	row.Status, row.Attempt, row.Epoch, row.Seq = string(Running), 1, 1, 1
	create.Lease = create.Run.Lease()
	x, own := e.execution(ctx, &row, create.Lease, Suspended)
	x.birth = &birth{create: create}
	x.ahead.open = []stretch{{since: time.Now()}}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.holdOn()
	return x, own
}

// unborn is the error of a run that was not created.
func (x *execution) unborn(err error) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.birth.err != nil {
		return x.birth.err
	}
	return err
}

// bear adds the run to a group, before what is ahead. The caller holds mu.
func (x *execution) bear(g *store.Group) {
	b := x.birth
	if b == nil || b.create == nil {
		return
	}
	g.Create(b.create, x.arrive)
	b.create = nil
}

// arrive takes note that the run is in the file.
func (x *execution) arrive(run store.Run, err error) {
	b := x.birth
	switch {
	case err != nil:
		x.mu.Lock()
		b.err = err
		x.mu.Unlock()
		err = fmt.Errorf("%w: %w", ErrStorage, err)
		x.cancel(err)
	case run.Owner == 0:
		b.id.Store(run.ID)
		b.waits.Store(true)
		err = fmt.Errorf("run %d waits: %w", run.ID, ErrLeaseLost)
		x.cancel(err)
	default:
		x.mu.Lock()
		b.run = run
		x.mu.Unlock()
		b.id.Store(run.ID)
		x.eng.mu.Lock() // which nobody holds while he waits for the writer
		if !b.left {
			x.eng.live[run.ID] = x
		}
		x.eng.mu.Unlock()
	}
	x.land(err)
}

// name fills in what the run has got when it came into the file, if it has. The caller holds mu.
func (x *execution) name(row *store.Run) {
	if run := &x.birth.run; run.ID != 0 {
		row.ID, row.CreatedUS, row.StartedUS, row.FirstHistory, row.Rank = run.ID, run.CreatedUS, run.StartedUS, run.FirstHistory, run.Rank
	}
}

// number is the number of the run; 0 until it is in the file. It is safe for concurrent use.
func (x *execution) number() int64 {
	if x.birth != nil {
		return x.birth.id.Load()
	}
	return x.id
}

// born waits until the run is in the file, and with it all that is ahead, and returns its number. Its error says
// why it will not be.
func (x *execution) born() (int64, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	err := x.settle()
	return x.number(), err
}
