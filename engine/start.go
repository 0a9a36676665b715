package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/durable-wf/wf/engine/internal/store"
)

// StartOptions are the extras of one run. nil means none.
type StartOptions struct {
	// Key makes the start idempotent: the same workflow and key stand for one run, also after it has
	// ended, however many processes start it at once. The same key with another input is ErrKeyConflict.
	Key string
	// OnKey says what a start does with a key that is taken; "" means KeyReturn.
	OnKey KeyPolicy
	// Queue names the lane in which the run waits for a worker; "" means DefaultQueue. See [Engine.SetQueue].
	Queue string
	// Priority lets a run be claimed before those of its queue with a lower one.
	Priority int
	// FairKey shares the queue out: runs of different keys, such as customers, take turns, however many
	// of one are enqueued before those of another.
	FairKey string
	// Delay lets the run begin so long after its start; At at a time. At most one of them may be set.
	Delay time.Duration
	At    time.Time
	// Deadline fails the run if it has not ended so long after its start, or after the time at which it was
	// to begin; 0 means Workflow.Deadline, negative none.
	Deadline time.Duration
	// Attributes are what to search the run by, as [Context.Set] sets them.
	Attributes map[string]any
	// Checkpoint is the narrowest checkpoint policy.
	Checkpoint Checkpoint
	// Retry replaces what it says of the Retry of each step, Undo aside; what it leaves out the step says. nil
	// replaces nothing.
	Retry *Retry
	// Timeout replaces Step.Timeout of each step; 0 does not.
	Timeout time.Duration
	// Hooks are done when something happens to the run, see [Hook].
	Hooks []Hook
	// StallAfter is how long a run must have shown no progress and saved nothing, while it is executed, to have
	// stalled, for HookStall; 0 means 10 minutes.
	StallAfter time.Duration
	// Preserve is the narrowest policy of which older checkpoints are kept.
	Preserve Preserve
	// Keep says what remains once the run has completed; "" means Config.Keep.
	Keep Keep
	// Seed seeds the run's random generator; nil draws a seed, which Run.Seed tells.
	Seed *int64
}

func (o *StartOptions) check() error {
	faults := slices.Concat(o.Checkpoint.faults(), o.terms().faults(), o.Preserve.faults())
	for _, err := range append(o.entryFaults(), o.Keep.check(), o.OnKey.check()) {
		if err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// DefaultQueue is the queue of runs that name none.
const DefaultQueue = "default"

// startMode says who is to execute a new run.
type startMode uint8

const (
	enqueue startMode = iota // any worker
	own                      // this process
)

// Start enqueues a run by name, with its input as JSON (see [Definition.Input]; empty means the zero
// state), and returns it once it is durable. It is Name.Start for those who do not have the type at
// hand.
func (e *Engine) Start(ctx context.Context, workflow string, in json.RawMessage, opts *StartOptions) (Run, error) {
	run, _, err := e.startJSON(ctx, workflow, in, opts, enqueue)
	return run, err
}

// StartHere is Start for a run that this process is to execute: it is owned from the first commit
// on, unless it has to wait for its time or for a place in its queue, and [Engine.Execute] must be called
// for it. The bool is false if the key already stood for a run, which is then returned as it is.
func (e *Engine) StartHere(ctx context.Context, workflow string, in json.RawMessage, opts *StartOptions) (Run, bool, error) {
	return e.startJSON(ctx, workflow, in, opts, own)
}

func (e *Engine) startJSON(ctx context.Context, workflow string, in json.RawMessage, opts *StartOptions, mode startMode) (Run, bool, error) {
	def, err := e.definition(workflow)
	if err != nil {
		return Run{}, false, err
	}
	begin, err := def.startJSON(in)
	if err != nil {
		return Run{}, false, err
	}
	return e.create(ctx, def, begin, opts, mode)
}

// start starts a run from a *S.
func (e *Engine) start(ctx context.Context, def *definition, s any, opts *StartOptions, mode startMode) (Run, error) {
	begin, err := def.start(s)
	if err != nil {
		return Run{}, err
	}
	run, _, err := e.create(ctx, def, begin, opts, mode)
	return run, err
}

// create commits a new run, or finds the one that its key stands for.
func (e *Engine) create(ctx context.Context, def *definition, begin starting, opts *StartOptions, mode startMode) (Run, bool, error) {
	create, err := e.newRun(def.name, def, begin, opts)
	if err != nil {
		return Run{}, false, err
	}
	var d *dispatcher
	switch mode {
	case own:
		w, err := e.join(ctx)
		if err != nil {
			return Run{}, false, err
		}
		create.Run.Owner, create.History.Worker = w.id, w.id
	case enqueue:
		if d = e.berth(&create.Run); d != nil {
			create.Run.Owner, create.History.Worker, create.Yield = d.worker.id, d.worker.id, true
		}
	}
	made, err := e.store.Create(ctx, create)
	if d != nil && (err != nil || made.Owner == 0) {
		d.slots.vacate(1)
	}
	if err != nil {
		return e.keyed(ctx, err, create, opts)
	}
	e.made(&made, d)
	return runOf(&made, def), true, nil
}

// made lets a new run be executed: in the slot of d that was taken for it, if it has an owner, or else by whoever has
// created it, and by anybody if it has none.
func (e *Engine) made(row *store.Run, d *dispatcher) {
	switch {
	case row.Owner == 0: // it has to wait, also if it was to execute here
		e.enqueued()
	case d != nil:
		d.begin(row)
		e.changed()
	default:
		e.mu.Lock()
		e.held[row.ID] = *row
		e.mu.Unlock()
	}
}

// newRun makes a run that may be created: by a start, a parent, a schedule or the user's transaction. Its
// error is an *InputError, but for a system that has no random numbers. opts may be nil.
func (e *Engine) newRun(workflow string, def *definition, begin starting, opts *StartOptions) (*store.Create, error) {
	if opts == nil {
		opts = &StartOptions{}
	}
	if err := opts.check(); err != nil {
		return nil, &InputError{workflow, err}
	}
	create := &store.Create{Hooks: len(opts.Hooks) > 0}
	row, err := &create.Run, error(nil)
	if err = e.fill(row, def, begin, opts); err != nil {
		return nil, err
	}
	row.Workflow, create.Undo = workflow, def.steps[row.Step].Undo
	if create.Attributes, err = attributeRows(opts.Attributes); err != nil {
		return nil, &InputError{workflow, err}
	}
	if opts.Key != "" {
		create.Reuse = opts.OnKey.reuse()
		if create.InputHash, err = inputHash(begin.state); err != nil {
			return nil, &InputError{workflow, err}
		}
	}
	create.History = store.History{Kind: "created", Step: row.Step, DurationUS: -1,
		Detail: detail(append([]any{"by", e.actor, "state", begin.brief, "input", createdInput(begin.state),
			"set", attributeJSON(attributeMap(create.Attributes))}, entered(row)...)...)}
	return create, nil
}

// fill fills the row of a new run.
func (e *Engine) fill(row *store.Run, def *definition, begin starting, opts *StartOptions) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("drawing a run's identity: %w", err)
	}
	*row = store.Run{
		UUID: id.String(), Version: def.version, Fingerprint: def.fingerprints[def.first], Key: opts.Key,
		Step: def.first, Visit: 1, Keep: string(opts.Keep), Seed: rand.Int64(), Done: -1, Total: -1,
		Checkpoint: store.Checkpoint{State: store.Payload(begin.state), Checksum: begin.state.Checksum()},
	}
	opts.enter(row, def, e.clock.Now())
	if row.Keep == "" {
		row.Keep = string(e.cfg.Keep)
	}
	if opts.Seed != nil {
		row.Seed = *opts.Seed
	}
	if row.Preserve, err = opts.Preserve.or(def.preserve).or(e.cfg.Preserve).column(); err != nil {
		return err
	}
	row.Policy, err = opts.terms().text()
	return err
}

// inputInHistory is up to which size the input is repeated in the history.
const inputInHistory = 64 << 10

func createdInput(state Payload) json.RawMessage {
	doc, err := state.JSON()
	if err != nil || len(doc) > inputInHistory {
		return nil
	}
	return doc
}
