package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/durable-wf/wf/engine/internal/codec"
	"github.com/durable-wf/wf/engine/internal/store"
)

// accepted is a stored state as this program's definition understands it.
type accepted struct {
	state Payload
	brief string
	lost  []codec.Lost // what the definition has no place for
}

// accept reads a state as far as the definition can: strictly if that works, else without what does not fit.
func (w Workflow[S, R]) accept(wrote int, p Payload) (accepted, error) {
	var got accepted
	s := new(S)
	err := w.read(wrote, p, s)
	if err != nil {
		if got.lost, err = codec.Salvage(p, s); err != nil {
			return got, err
		}
	}
	if got.state, err = codec.Encode(w.format(), s); err != nil {
		return got, err
	}
	got.brief = briefState(s)
	return got, nil
}

// edit changes members of a state, by their paths.
func (w Workflow[S, R]) edit(wrote int, p Payload, set map[string]json.RawMessage) (Payload, string, error) {
	s := new(S)
	if err := w.read(wrote, p, s); err != nil {
		return Payload{}, "", err
	}
	doc, err := codec.Encode(JSON, s)
	if err != nil {
		return Payload{}, "", err
	}
	text, err := doc.JSON()
	if err != nil {
		return Payload{}, "", err
	}
	if text, err = setPaths(text, set); err != nil {
		return Payload{}, "", &InputError{string(w.Name), err}
	}
	if err := codec.Decode(Payload{Codec: string(JSON), Data: text}, s); err != nil {
		return Payload{}, "", &InputError{string(w.Name), explained(err)}
	}
	state, err := codec.Encode(w.format(), s)
	return state, briefState(s), err
}

// read is decode, whatever the version that wrote the state.
func (w Workflow[S, R]) read(wrote int, p Payload, s *S) (err error) {
	defer func() { // of the user's Migrate
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return w.decode(&Visit{Wrote: min(wrote, w.Version), From: Snapshot{State: p}}, s)
}

// readable reports why this program cannot read a state; nil if it can.
func (w Workflow[S, R]) readable(wrote int, p Payload) error {
	if wrote > w.Version {
		return w.tooNew(wrote)
	}
	return w.read(wrote, p, new(S))
}

func (w *Workflow[S, R]) tooNew(wrote int) error {
	return fmt.Errorf("its state was written by version %d of the workflow, this program has version %d", wrote, w.Version)
}

// explained adds, to the error of a field that the type does not have, the one that was most likely meant.
func explained(err error) error {
	unknown, ok := errors.AsType[*codec.Error](err)
	if !ok {
		return err
	}
	name, known := unknown.Unknown()
	if name == "" || len(known) == 0 {
		return err
	}
	return fmt.Errorf("%w; %s", err, nearest(name, known))
}

// amendment is what a person who resumes a run changes of it besides its status, prepared outside of the
// transaction.
type amendment struct {
	eng   *Engine
	names map[string]string // new names of steps to which a wait may lead
	seq   int64             // of the run whose state was looked at
	state *accepted         // nil if the state stays as it is
}

// amendment reads what the options say. It is an *InputError if a state cannot be accepted.
func (e *Engine) amendment(ctx context.Context, id int64, opts *ResumeOptions) (*amendment, error) {
	a := &amendment{eng: e, names: opts.Map}
	if !opts.Accept {
		return a, nil
	}
	row, err := e.row(ctx, id)
	if err != nil {
		return nil, err
	}
	def, err := e.definition(row.Workflow)
	if err != nil {
		return nil, err
	}
	if bad := checkpointFault(row.Checkpoint); bad != nil {
		return nil, &InputError{row.Workflow, fmt.Errorf("run %d: its checkpoint is corrupt: %w", id, bad)}
	}
	a.seq = row.Seq
	if def.readable(int(row.Version), Payload(row.Checkpoint.State)) == nil {
		return a, nil
	}
	got, err := def.accept(int(row.Version), Payload(row.Checkpoint.State))
	if err != nil {
		return nil, &InputError{row.Workflow, fmt.Errorf("run %d: its state cannot be accepted: %w", id, err)}
	}
	a.state = &got
	return a, nil
}

// apply changes the run, whatever its status, and returns it as it is then.
func (a *amendment) apply(tx *store.Tx, r store.Run) (store.Run, error) {
	next, said := r, []any{"by", a.eng.actor, "was", r.Status}
	renamed, err := a.rename(&next)
	if err != nil {
		return r, err
	}
	if a.state != nil {
		told, err := a.put(&next)
		if err != nil {
			return r, err
		}
		said = append(said, "accepted", told, "state", a.state.brief)
	}
	if !renamed && a.state == nil {
		return r, nil
	}
	h := store.History{Kind: "resumed", Step: r.Step, Visit: r.Visit, DurationUS: -1, Detail: detail(said...)}
	if next.Step != r.Step {
		h.Next = next.Step
	}
	c := &store.Change{Lease: r.Lease(), Row: next, State: a.state != nil, History: []store.History{h}}
	if err := tx.Apply(c); err != nil {
		return r, err
	}
	return tx.Run(r.ID)
}

// put puts the accepted state into the row, and returns what there is to tell about it.
func (a *amendment) put(row *store.Run) (json.RawMessage, error) {
	if row.Seq != a.seq {
		return nil, fmt.Errorf("run %d has changed meanwhile: try again", row.ID)
	}
	def, err := a.eng.definition(row.Workflow)
	if err != nil {
		return nil, err
	}
	told, err := json.Marshal(struct {
		From    int64        `json:"from_version"`
		To      int64        `json:"to_version"`
		Dropped []codec.Lost `json:"dropped,omitempty"`
	}{row.Version, def.version, short(a.state.lost)})
	if err != nil {
		return nil, fmt.Errorf("run %d: what was dropped: %w", row.ID, err)
	}
	row.Version, row.Fingerprint = def.version, def.fingerprints[row.Step]
	row.Checkpoint.State, row.Checkpoint.Checksum = store.Payload(a.state.state), a.state.state.Checksum()
	return told, nil
}

// rename lets the wait of a run lead to steps by their new names. It reports whether there are such.
func (a *amendment) rename(row *store.Run) (bool, error) {
	if len(a.names) == 0 || row.Wait == "" || retries(*row) {
		return false, nil
	}
	def, err := a.eng.definition(row.Workflow)
	if err != nil {
		return false, err
	}
	wait, err := row.Waits()
	if err != nil {
		return false, err
	}
	doors := []*store.Door{wait.Children, wait.Else, {Step: row.Step, Fingerprint: row.Fingerprint}}
	for i := range wait.Signals {
		doors = append(doors, &wait.Signals[i])
	}
	renamed := false
	for _, door := range doors {
		if door == nil || a.names[door.Step] == "" || a.names[door.Step] == door.Step {
			continue
		}
		to := a.names[door.Step]
		if err := def.lacks(to); err != nil {
			return false, &InputError{row.Workflow, err}
		}
		door.Step, door.Fingerprint, renamed = to, def.fingerprints[to], true
	}
	row.Wait, row.Step, row.Fingerprint = wait.JSON(), doors[2].Step, doors[2].Fingerprint
	return renamed, nil
}

// lacks is the error about a step that the definition does not have, nil if it has it.
func (d *definition) lacks(step string) error {
	if _, ok := d.fingerprints[step]; ok {
		return nil
	}
	return fmt.Errorf("it has no step %q; %s", step, nearest(step, slices.Sorted(maps.Keys(d.fingerprints))))
}

// short leaves out values that are too large for the history.
func short(lost []codec.Lost) []codec.Lost {
	for i := range lost {
		if len(lost[i].Value) > inputInHistory {
			lost[i].Value = nil
		}
	}
	return lost
}

// unreadable reports why the state of a blocked run cannot be read by this program; nil if that is not what
// blocks it.
func (e *Engine) unreadable(ctx context.Context, id int64) error {
	row, err := e.row(ctx, id)
	if err != nil {
		return nil //nolint:nilerr // nothing is known then
	}
	def := e.defs[row.Workflow]
	if def == nil || checkpointFault(row.Checkpoint) != nil {
		return nil
	}
	return def.readable(int(row.Version), Payload(row.Checkpoint.State))
}
