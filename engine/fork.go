package engine

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/durable-wf/wf/engine/internal/store"
)

// ForkOptions say from where a fork goes on, and how. nil means from the newest checkpoint, as it is.
type ForkOptions struct {
	// At is the event that saved the checkpoint, see [Engine.States]; 0 means the newest checkpoint.
	At int64
	// Set changes fields of the state: values as JSON, by paths such as total, grid.nx or points[3].x.
	Set map[string]json.RawMessage
	// Step lets the fork go on in this step, as a new visit, instead of that of the checkpoint.
	Step   string
	Reason string // for the history
}

// Fork makes a new run that goes on from a checkpoint of another one, whatever has become of that: it is
// pending, for a worker or Execute. It has the state, with the changes asked for, the state of the random
// generator, and the seed of the other run, and its policies, hooks, queue and attributes; a deadline counts from
// now. It has neither its key nor its parent. The other run stays as it is, and may be pruned: the first event
// of the fork names its UUID, and number and hash of the event from which the fork goes on.
//
// Recorded calls that the checkpoint does not cover are made again, with keys of their own, and only what the
// fork itself does is undone if it fails. A fork of a run that waits for a signal or a time waits, too; one
// that waits for its children has none to wait for, so that Step must be named. A changed state must decode;
// Validate, which judges how runs begin, is not asked.
//
// The checkpoints that are kept are the newest and older ones as Preserve says; none of a run that has completed,
// unless it was started with KeepAll. The error about one that is not kept names those that are.
func (e *Engine) Fork(ctx context.Context, id int64, opts *ForkOptions) (Run, error) {
	if opts == nil {
		opts = &ForkOptions{}
	}
	row, err := e.row(ctx, id)
	if err != nil {
		return Run{}, err
	}
	from, current, err := e.checkpointAt(ctx, &row, opts.At)
	if err != nil {
		return Run{}, err
	}
	c, err := e.forked(&row, from, opts)
	if err != nil {
		return Run{}, err
	}
	if current && opts.Step == "" {
		if err := inheritWait(&row, &c.Run); err != nil {
			return Run{}, err
		}
	}
	said, err := e.store.Attributes(ctx, row.ID)
	if err != nil {
		return Run{}, err
	}
	c.Attributes = said[row.ID] // it is searched by what its origin is; steps that are not repeated do not say it again
	if c.History, err = e.forkEvent(ctx, &row, from, c, opts); err != nil {
		return Run{}, err
	}
	made, err := e.store.Create(ctx, c)
	if err != nil {
		return Run{}, err
	}
	e.enqueued()
	return e.Get(ctx, made.ID)
}

// checkpointAt returns the kept checkpoint that an event has saved, and whether it is the newest one.
func (e *Engine) checkpointAt(ctx context.Context, row *store.Run, seq int64) (c *store.Copy, current bool, err error) {
	kept, err := e.kept(ctx, row)
	if err != nil {
		return nil, false, err
	}
	if len(kept) == 0 {
		return nil, false, &InputError{row.Workflow, fmt.Errorf("run %d keeps no checkpoint: start it with keep %q", row.ID, KeepAll)}
	}
	if seq == 0 {
		seq = kept[len(kept)-1].Seq
	}
	var seqs []string
	for i := range kept {
		if kept[i].Seq != seq {
			seqs = append(seqs, number(kept[i].Seq))
			continue
		}
		if bad := checkpointFault(kept[i].Checkpoint); bad != nil {
			return nil, false, &InputError{row.Workflow, fmt.Errorf("run %d: the checkpoint of event %d is corrupt: %w", row.ID, seq, bad)}
		}
		return &kept[i], i == len(kept)-1, nil
	}
	return nil, false, &InputError{row.Workflow, fmt.Errorf("run %d keeps no checkpoint of event %d; it keeps those of %s",
		row.ID, seq, strings.Join(seqs, ", "))}
}

// kept returns the checkpoints that a run keeps, oldest first; the last one is the current one. There are
// none if that was deleted.
func (e *Engine) kept(ctx context.Context, row *store.Run) ([]store.Copy, error) {
	copies, err := e.store.Copies(ctx, row.ID)
	if err != nil {
		return nil, err
	}
	now := store.Copy{Seq: row.Seq, TimeUS: row.UpdatedUS, Version: row.Version, Fingerprint: row.Fingerprint,
		Step: row.Step, Visit: row.Visit, ActiveUS: row.ActiveUS, Done: row.Done, Total: row.Total, Checkpoint: row.Checkpoint}
	var list []store.Copy
	for _, c := range copies {
		if c.Bad == "" && c.Step == row.Step && c.Visit == row.Visit && same(c.Checkpoint, row.Checkpoint) {
			now.ID, now.Seq, now.TimeUS = c.ID, c.Seq, c.TimeUS // the copy knows when it was made
			now.ActiveUS, now.Done, now.Total, now.Metric = c.ActiveUS, c.Done, c.Total, c.Metric
			continue
		}
		list = append(list, c)
	}
	if len(row.Checkpoint.State.Data) > 0 {
		list = append(list, now)
	}
	return list, nil
}

// forked is the run that goes on from a checkpoint.
func (e *Engine) forked(row *store.Run, from *store.Copy, opts *ForkOptions) (*store.Create, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("drawing a run's identity: %w", err)
	}
	run := store.Run{
		UUID: id.String(), Workflow: row.Workflow, Version: from.Version, Fingerprint: from.Fingerprint,
		Step: from.Step, Visit: from.Visit, Queue: row.Queue, Priority: row.Priority, FairKey: row.FairKey,
		Keep: row.Keep, Policy: row.Policy, Preserve: row.Preserve, Seed: row.Seed, Checkpoint: from.Checkpoint,
	}
	if row.DeadlineUS != 0 {
		run.DeadlineUS = e.clock.NowUS() + row.DeadlineUS - row.CreatedUS
	}
	c := &store.Create{Run: run, Hooks: len(termsOf(row).Hooks) > 0, From: &store.Origin{Run: row.ID, Visit: from.Visit}}
	if err := e.editFork(&c.Run, opts); err != nil {
		return nil, err
	}
	if def := e.defs[row.Workflow]; def != nil {
		c.Undo = def.steps[c.Run.Step].Undo
	}
	return c, nil
}

// editFork changes a fork as the options say. Only that needs the definition.
func (e *Engine) editFork(run *store.Run, opts *ForkOptions) error {
	if err := e.redirect(run, &ResumeOptions{From: opts.Step}); err != nil {
		return err
	}
	if opts.Step != "" {
		run.Checkpoint.Counters = "" // they count within the visit
	}
	if len(opts.Set) == 0 {
		return nil
	}
	def, err := e.definition(run.Workflow)
	if err != nil {
		return err
	}
	state, _, err := def.edit(int(run.Version), Payload(run.Checkpoint.State), opts.Set)
	if err != nil {
		return err
	}
	run.Checkpoint.State, run.Checkpoint.Checksum = store.Payload(state), state.Checksum()
	run.Version, run.Fingerprint = def.version, def.fingerprints[run.Step]
	return nil
}

// inheritWait lets a fork of a waiting run wait for the same.
func inheritWait(row, run *store.Run) error {
	wait, err := row.Waits()
	if err != nil || row.Wait == "" {
		return err
	}
	switch {
	case row.Status == string(Failed):
		return notThere(row)
	case wait.Kind == store.WaitChildren:
		return &InputError{row.Workflow, fmt.Errorf("run %d waits for its children, which a fork does not have: name the step where it is to go on", row.ID)}
	case wait.Kind == store.WaitTimer || wait.Kind == store.WaitStart || wait.Kind == store.WaitSignal:
		run.Wait, run.DueUS = row.Wait, row.DueUS
	}
	return nil
}

// forkEvent is the first event of a fork.
func (e *Engine) forkEvent(ctx context.Context, row *store.Run, from *store.Copy, c *store.Create, opts *ForkOptions) (store.History, error) {
	hash := row.HeadHash
	if from.Seq != row.Seq {
		var err error
		if hash, err = e.store.HistoryHash(ctx, row.ID, from.Seq); err != nil && !errors.Is(err, store.ErrNotFound) {
			return store.History{}, err
		}
	}
	origin, err := json.Marshal(Origin{Run: row.ID, UUID: row.UUID, Seq: from.Seq, Hash: hex.EncodeToString(hash)})
	if err != nil {
		return store.History{}, err
	}
	said := []any{"by", e.actor, "reason", opts.Reason, "forked", json.RawMessage(origin)}
	if len(opts.Set) > 0 {
		set, err := json.Marshal(opts.Set)
		if err != nil {
			return store.History{}, &InputError{row.Workflow, err}
		}
		said = append(said, "edited", json.RawMessage(set))
	}
	shown := briefOf(Payload(c.Run.Checkpoint.State), e.known(row.Workflow))
	said = append(said, "state", shown)
	return store.History{Kind: "created", Step: c.Run.Step, DurationUS: -1, Detail: detail(said...)}, nil
}

// known is the definition of a workflow, nil if this program does not have it.
func (e *Engine) known(workflow string) Definition {
	if def := e.defs[workflow]; def != nil {
		return def
	}
	return nil
}

// Origin is from where a fork goes on, as the detail "forked" of its first event tells it.
type Origin struct {
	Run  int64  `json:"run"` // in the file where the fork was made
	UUID string `json:"uuid"`
	Seq  int64  `json:"seq"`  // of the event that saved the checkpoint
	Hash string `json:"hash"` // of that event, in hexadecimal
}

// OriginOf reads from where a run goes on out of its first event; the zero Origin stands for a run that began
// by itself.
func OriginOf(first Event) Origin {
	var d struct {
		Forked Origin `json:"forked"`
	}
	_ = json.Unmarshal(first.Detail, &d) // written by forkEvent
	return d.Forked
}
