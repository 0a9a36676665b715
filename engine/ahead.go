package engine

import (
	"sync"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// The window in which pure steps may run ahead of the disk: how much of what they have come to may not yet be
// committed when the next one begins.
const (
	aheadWork  = time.Second // since the oldest of them began
	aheadMoves = 1000        // transitions
	aheadBytes = 1 << 20     // of their events, and of states that are to be written

	aheadHold  = 10 * time.Millisecond // how long transitions are gathered for one commit while nobody waits for it
	aheadBatch = aheadMoves / 4        // how many are gathered at most
	eventBytes = 256                   // what an event takes beside its detail
)

// ahead is what a run's pure steps have come to and is not committed yet: a change that gathers their transitions,
// and those that were submitted before it. Of the states in between only the newest is ever written; each
// transition has its event. execution.mu guards it.
type ahead struct {
	gathered *store.Change // not submitted yet; nil for none
	hold     *time.Timer   // submits it; nil before the first
	open     []stretch     // what is not committed, oldest first; the last one is of gathered, if there is one
	moves    int           // of all of them
	bytes    int           // of all of them
	err      error         // why nothing more is committed; sticky
	landed   sync.Cond     // something was committed, or failed
	wary     int           // how many transitions are to be committed one by one
}

// stretch is a change's share of what is ahead.
type stretch struct {
	moves, bytes int
	state        int       // of bytes
	since        time.Time // its first step began
}

// full reports whether nothing may be added before something is committed.
func (a *ahead) full() bool {
	return len(a.open) > 0 && (a.moves >= aheadMoves || a.bytes >= aheadBytes || time.Since(a.open[0].since) >= aheadWork)
}

// runsAhead reports whether the run goes on from a transition before it is committed: from one pure step to
// another, with nothing that others could see. Where owners have died lately it keeps in step with the disk, so
// that the next death is counted for the step that causes it.
func (x *execution) runsAhead(c *store.Change, out *Outcome) bool {
	if !x.def.steps[x.row.Step].Pure || !x.def.steps[out.Next].Pure || out.Wait != nil || len(c.Sends) > 0 || c.Effect != nil || c.ForgetCalls {
		return false
	}
	if x.ahead.wary > 0 {
		x.ahead.wary--
		return false
	}
	return true
}

// gather adds a transition to what is ahead; begun is when its step began.
func (x *execution) gather(c *store.Change, begun time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.note(c)
	x.row, x.records = c.Row, nil
	x.tidings.made++
	a := &x.ahead
	if g := a.gathered; g == nil {
		a.gathered = c
		a.open = append(a.open, stretch{since: begun})
		x.holdOn()
	} else {
		g.Row, g.History = c.Row, append(g.History, c.History...)
		g.Attributes, g.Metrics = append(g.Attributes, c.Attributes...), append(g.Metrics, c.Metrics...)
	}
	last, before := &a.open[len(a.open)-1], a.open[len(a.open)-1]
	last.moves++
	last.state = len(c.Row.Checkpoint.State.Data)
	last.bytes += last.state - before.state
	for i := range c.History {
		last.bytes += eventBytes + len(c.History[i].Detail)
	}
	last.bytes += eventBytes * (len(c.Attributes) + len(c.Metrics))
	a.moves, a.bytes = a.moves+1, a.bytes+last.bytes-before.bytes
	if last.moves >= aheadBatch || len(c.Metrics) > 0 { // the next checkpoint may be worse than this one
		x.push()
	}
}

// holdOn lets what is gathered be submitted after a while. The caller holds mu.
func (x *execution) holdOn() {
	if a := &x.ahead; a.hold == nil {
		a.hold = time.AfterFunc(aheadHold, func() { // leave stops it
			x.mu.Lock()
			defer x.mu.Unlock()
			x.push()
		})
	} else {
		a.hold.Reset(aheadHold)
	}
}

// push submits what is gathered. The caller holds mu.
func (x *execution) push() {
	if x.gathers() {
		x.eng.store.SubmitGroup(x.behind())
	}
}

// gathers reports whether there is anything that is not submitted yet. The caller holds mu.
func (x *execution) gathers() bool {
	return x.ahead.gathered != nil || x.birth != nil && x.birth.create != nil
}

// behind returns a group of what is gathered, for the writer to get at once with what comes after it: that is
// committed with it, after it, or not at all. The caller holds mu, and submits the group before it lets go of it.
func (x *execution) behind() *store.Group {
	g, a := &store.Group{}, &x.ahead
	x.bear(g)
	if c := a.gathered; c != nil {
		a.gathered = nil
		a.hold.Stop()
		x.addTo(g, c, x.land)
	}
	return g
}

// land takes note of what became of the oldest change that is ahead.
func (x *execution) land(err error) {
	x.mu.Lock()
	a := &x.ahead
	if a.err == nil {
		a.err = err
	}
	a.moves, a.bytes = a.moves-a.open[0].moves, a.bytes-a.open[0].bytes
	moves := a.open[0].moves
	a.open = a.open[1:]
	a.landed.Broadcast()
	x.mu.Unlock()
	x.tidings.land(moves, err)
}

// settle waits until nothing is ahead, and returns why something will never be committed. The caller holds mu.
func (x *execution) settle() error {
	return x.await(func(a *ahead) bool { return len(a.open) == 0 })
}

// await submits what is gathered and waits until enough is committed, unless enough is true at once. The
// caller holds mu, which others may take meanwhile.
func (x *execution) await(enough func(*ahead) bool) error {
	a := &x.ahead
	for a.err == nil && !enough(a) {
		if x.gathers() && x.eng.store.Put(x.behind()) {
			x.mu.Unlock()
			x.eng.store.Lead()
			x.mu.Lock()
			continue
		}
		a.landed.Wait()
	}
	return a.err
}

// catchUp waits, before a step begins, until as much is committed as it needs: everything, unless it is pure.
func (x *execution) catchUp() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.birth != nil {
		defer func() { x.name(&x.row) }()
	}
	if x.def.steps[x.row.Step].Pure {
		return x.await(func(a *ahead) bool { return !a.full() })
	}
	return x.settle()
}

// drop forgets what is gathered: the run does not go on here, and what it was ahead of is not committed.
func (x *execution) drop() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if a := &x.ahead; a.hold != nil {
		a.hold.Stop()
		a.gathered = nil
	}
}
