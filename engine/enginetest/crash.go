package enginetest

import (
	"cmp"
	"context"
	"fmt"
	"testing"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/internal/fault"
)

// CrashOptions are the surroundings of a workflow that is to crash everywhere. nil means none.
type CrashOptions struct {
	// Config of the engines. Its Path is not used. Setup is the place for the user's own tables.
	Config engine.Config
	// Start options of the run. A Key is given where there is none, and a Seed.
	Start *engine.StartOptions
	// With are further workflows, such as those of children.
	With []engine.Definition
	// Signals are sent as soon as the run waits for them, in this order; make them with [Answer].
	Signals []Signal
	// Each lets only each so-many-th commit be a crash, for workflows that have many. 0 means 1: all of them.
	Each int
	// Again lets the second process die, too, at its commit of this number, so that a third one has to clear
	// up. 0 means that the second one lives.
	Again int
	// Ignore names tables of the user's own whose contents may differ from run to run.
	Ignore []string
}

// death is a side of a commit.
type death struct {
	moment fault.Moment
	name   string
}

func deaths() []death { return []death{{fault.BeforeCommit, "before"}, {fault.AfterCommit, "after"}} }

// Signal is one that a run is sent once it waits for it.
type Signal struct{ fake fakeSignal }

// Answer makes a Signal to the run that waits for it first.
func Answer[T any](t testing.TB, signal engine.Signal[T], payload T) Signal {
	t.Helper()
	return Signal{fakeSignal{name: string(signal), payload: encode(t, payload).Data}}
}

// CrashEverywhere executes a workflow to its end, and then again and again, each time letting the process die
// at another commit: once just before it, with all that the transaction holds rolled back, and once just after
// it, before anybody is told. A second engine on the same file then brings the run to its end, as the next
// process would. Each death is a subtest, which fails unless
//
//   - the run, and every other run in the file, ends as it did without a death: same status, same result;
//   - the user's own tables hold the same rows, so that each Tx and DoTx took effect exactly once;
//   - no recorded call was made again after its record was committed;
//   - the history goes on from where it was, and [engine.Engine.Check] and [engine.Engine.Verify] find nothing.
//
// The start is tried again with the same key, as a client does that got no answer; signals are sent again with
// the same key. Time passes at once. Whatever the steps do must not depend on the time, on numbers that
// [engine.Context.Rand] does not draw, or on the identity of the run, or the ends differ for that reason. opts
// may be nil.
func CrashEverywhere[S, R any](t *testing.T, w engine.Workflow[S, R], s S, opts *CrashOptions) {
	t.Helper()
	if opts == nil {
		opts = &CrashOptions{}
	}
	subtest := func(name string, fn func(testing.TB)) bool { return t.Run(name, func(t *testing.T) { fn(t) }) }
	newCrash(w, s, opts).everywhere(t, subtest)
}

func newCrash[S, R any](w engine.Workflow[S, R], s S, opts *CrashOptions) *crash {
	start := engine.StartOptions{}
	if opts.Start != nil {
		start = *opts.Start
	}
	start.Key = cmp.Or(start.Key, "crash everywhere")
	if start.Seed == nil {
		start.Seed = new(int64)
	}
	c := &crash{opts: opts, defs: append([]engine.Definition{w}, opts.With...)}
	c.start = func(ctx context.Context, eng *engine.Engine) (engine.Run, error) {
		return w.Name.Start(ctx, eng, s, &start)
	}
	return c
}

// everywhere dies at every commit, each death being a subtest.
func (c *crash) everywhere(t testing.TB, subtest func(string, func(testing.TB)) bool) {
	t.Helper()
	c.create(t)
	golden := c.life(t, c.newWorld(t), fault.At(0, fault.BeforeCommit))
	for _, run := range golden.present {
		if !run.Status.Ended() {
			t.Errorf("without a death run %d (%s) is %s at the end: %s", run.ID, run.Workflow, run.Status, run.Reason)
		}
	}
	if t.Failed() {
		return
	}
	t.Logf("%d commits without a death", golden.commits)
	for n, reached := int64(1), true; reached; n += int64(max(c.opts.Each, 1)) {
		reached = false
		for _, at := range deaths() {
			ok := subtest(fmt.Sprintf("dead %s commit %d", at.name, n), func(t testing.TB) {
				reached = c.trial(t, fault.At(n, at.moment), golden) || reached
			})
			if !ok {
				return // one is enough to look at
			}
		}
	}
}

// trial is one death and what comes after it.
func (c *crash) trial(t testing.TB, cut *fault.Cut, golden end) (reached bool) {
	w := c.newWorld(t)
	first := c.life(t, w, cut)
	if cut.Err() == nil {
		golden.compare(t, first, c.opts.Ignore)
		return false
	}
	if c.opts.Again > 0 {
		c.life(t, w, cut.Again(int64(c.opts.Again)))
	}
	second := c.life(t, w, fault.At(0, fault.BeforeCommit))
	golden.compare(t, second, c.opts.Ignore)
	second.follows(t)
	if t.Failed() {
		t.Logf("it died when this was the newest that was committed:\n%s", second.newest)
	}
	return true
}
