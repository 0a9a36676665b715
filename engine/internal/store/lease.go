package store

import (
	"fmt"

	"github.com/durable-wf/wf/engine/internal/preserve"
)

// Lease is an owner's right to write to a run, and the head of the run's chain; Run.Lease makes
// one. The writer moves it on when a Change of it has been committed; until then nobody else may
// touch the Lease. It is not safe for concurrent use.
//
// Changes of one lease are committed in the order of their submission. If one fails, all that follow
// it fail with the same cause: the lease is void, and the run must be read again. Only an error of the
// change's own Effect leaves the lease as it was.
type Lease struct {
	Run    int64
	UUID   string
	Status string // the row must still have it
	Epoch  int64
	Seq    int64
	Head   int64
	Hash   []byte
	Undos  bool // there may be visits to undo

	workflow, key, keep string          // never change
	preserve            preserve.Policy // nor does this
	owner, root         int64           // as in the row; a root's root is 0
	held                bool            // it was a child without a place
	copies              copies          // as in the row
	copiedUS            int64
	quiet               quiet
	calls               bool  // there may be recorded calls
	void                error // why nothing more can be committed

	ahead *lease          // where it stands if the writer's batch is committed; nil if that does not move it
	line  <-chan struct{} // closed when the change submitted last is in the writer's queue; nil once that is known
}

// Lease returns the guard for a change of the row as it was read.
func (r *Run) Lease() *Lease {
	l := &Lease{
		Run: r.ID, UUID: r.UUID, Status: r.Status, Epoch: r.Epoch, Seq: r.Seq, Head: r.HeadHistory, Hash: r.HeadHash,
		workflow: r.Workflow, key: r.Key, keep: r.Keep, copiedUS: r.CopiedUS, quiet: quietOf(r),
		owner: r.Owner, root: r.Root, held: r.Wait == heldWait,
		calls: r.Seq > 1, // a call is never recorded without a history row
		Undos: r.Seq > 1, // only the first visit's is written without one: set it for a workflow that has undos
	}
	if l.preserve, l.void = policyOf(r.Preserve); l.void != nil {
		l.void = fmt.Errorf("run %d: %w", r.ID, l.void)
	}
	if l.copies = newCopies(nil); r.Copies != "" {
		var err error
		if l.copies, err = copiesOf(r.Copies); err != nil {
			l.void = fmt.Errorf("run %d: column copies: %w", r.ID, err)
		}
	}
	return l
}

// begin makes l, which is that of the run as it was asked for, its lease as it is being created, unless l is nil. It leaves
// alone what never changes, and the line: those who submit look at them meanwhile.
func (l *Lease) begin(run *Run) {
	if l == nil {
		return
	}
	is := run.Lease()
	l.Run, l.Status, l.Epoch, l.Seq, l.Head, l.Hash = is.Run, is.Status, is.Epoch, is.Seq, is.Head, is.Hash
	l.owner, l.root, l.held = is.owner, is.root, is.held
	l.copies, l.copiedUS, l.quiet, l.calls, l.void = is.copies, is.copiedUS, is.quiet, is.calls, is.void
	if run.Owner == 0 { // it has to wait for its time, or for its place
		l.void = ErrGuard
	}
}

// behind returns what the next change has to wait for before it may be queued; nil if there is nothing.
func (l *Lease) behind() <-chan struct{} {
	select {
	case <-l.line: // never if it is nil
		l.line = nil
	default:
	}
	return l.line
}

// usable reports why a change of the lease cannot be tried.
func (l *Lease) usable() error {
	switch {
	case l.void != nil:
		return l.void
	case l.keep == "":
		return fmt.Errorf("run %d: lease was not made by Run.Lease", l.Run)
	}
	return nil
}
