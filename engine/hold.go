package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// hold lets a run that goes on to its next step wait before. next is the row as it is to be, with step
// and visit; c gets what belongs to the wait. A wait for nothing is none: the run goes on at once.
func (x *execution) hold(next *store.Run, c *store.Change, h *Hold) error {
	wait := store.Wait{Kind: store.WaitTimer, FailFast: h.FailFast}
	if h.Else != "" {
		wait.Else = x.door("", h.Else)
	}
	for _, b := range h.Signals {
		wait.Kind = store.WaitSignal
		wait.Signals = append(wait.Signals, *x.door(b.Signal, b.Step))
	}
	due := x.dueTime(h)
	switch {
	case len(h.Children) > 0:
		wait.Kind = store.WaitChildren
		wait.Children = x.door("", next.Step)
		spawn, err := x.children(next, h)
		if err != nil {
			return err
		}
		c.Spawn, c.Limit = spawn, h.Limit
		next.Children += int64(len(spawn))
	case h.Signals == nil && (h.Else != "" || !due.After(x.eng.clock.Now())): // no children, or a time that has come
		return nil
	}
	next.Status, next.Owner, next.Attempt = string(Waiting), 0, 0
	next.Wait, next.Reason = wait.JSON(), waitReason(wait)
	if !due.IsZero() {
		next.DueUS = due.UnixMicro()
	}
	return nil
}

// dueTime is when the wait ends by itself; zero if it does not.
func (x *execution) dueTime(h *Hold) time.Time {
	switch {
	case !h.At.IsZero():
		return h.At
	case h.Pause > 0 || h.Else != "":
		return x.eng.clock.Now().Add(h.Pause)
	case h.Signals == nil && h.Children == nil:
		return x.eng.clock.Now() // Sleep(0)
	}
	return time.Time{}
}

func (x *execution) door(signal, step string) *store.Door {
	return &store.Door{Signal: signal, Step: step, Fingerprint: x.def.fingerprints[step]}
}

// waitReason says what a run waits for, on one line for people. Its times are in columns of their own.
func waitReason(w store.Wait) string {
	switch w.Kind {
	case store.WaitSignal:
		names := make([]string, len(w.Signals))
		for i, d := range w.Signals {
			names[i] = d.Signal
		}
		return "waits for signal " + strings.Join(names, " or ")
	case store.WaitChildren:
		return "waits for its children"
	case store.WaitLimit:
		return "waits for a place among its siblings"
	case store.WaitStart:
		return "is to begin later"
	}
	return "sleeps"
}

// children makes the runs that a Spawn asks for. A child that cannot be started fails the attempt; a
// workflow that this program does not know blocks the run, since another program may know it.
func (x *execution) children(next *store.Run, h *Hold) ([]store.Create, error) {
	list := make([]store.Create, 0, len(h.Children))
	for place, child := range h.Children {
		def, err := x.eng.definition(child.workflow)
		if err != nil {
			return nil, blocked(fmt.Errorf("child %d: %w", place+1, err))
		}
		begin, err := child.begin(def)
		if err != nil {
			return nil, Permanent(fmt.Errorf("child %d: %w", place+1, err))
		}
		opts := child.opts
		if opts.Seed == nil {
			seed := childSeed(x.row.Seed, next.Visit, place)
			opts.Seed = &seed
		}
		if opts.Keep == "" {
			opts.Keep = Keep(x.row.Keep)
		}
		create, err := x.eng.newRun(child.workflow, def, begin, &opts)
		if err != nil {
			return nil, Permanent(fmt.Errorf("child %d: %w", place+1, err))
		}
		if child.state == nil && create.Run.Policy == "" {
			create.Run.Policy = x.row.Policy // its parent does not know what it is
		}
		create.History.Worker = x.worker.id
		create.History.Detail = detail("by", fmt.Sprintf("run %d", x.row.ID), "parent", x.row.UUID, "place", int64(place), "state", begin.brief,
			"input", createdInput(begin.state))
		list = append(list, *create)
	}
	return list, nil
}

// childSeed derives the seed of a child's generator, so that a family that is computed again draws the
// same numbers.
func childSeed(parent, visit int64, place int) int64 {
	h := fnv.New64a()
	for _, n := range []int64{parent, visit, int64(place)} {
		_ = binary.Write(h, binary.LittleEndian, n) // a hash takes everything
	}
	return int64(h.Sum64()) //nolint:gosec // any 64 bits are a seed
}

// messages makes the store's form of the signals that go with a transition.
func (x *execution) messages(ctx context.Context, list []Message) ([]store.Signal, error) {
	signals := make([]store.Signal, 0, len(list))
	sender := detail("run", x.row.ID, "uuid", x.row.UUID, "step", x.row.Step)
	for _, m := range list {
		to, err := x.eng.row(ctx, m.run)
		if err == nil {
			var sig store.Signal
			sig, err = x.eng.signalTo(&to, m.signal.signalName(), m.value, m.key)
			sig.Sender = sender
			signals = append(signals, sig)
		}
		switch _, invalid := errors.AsType[*InputError](err); {
		case invalid, errors.Is(err, ErrRunNotFound):
			return nil, Permanent(err)
		case err != nil:
			return nil, err
		}
	}
	return signals, nil
}

// retries reports whether a run waits for its next attempt, which a person may bring forward.
func retries(r store.Run) bool {
	w, err := r.Waits()
	return err != nil || w.Kind == store.WaitRetry
}

func waitReasonOf(r store.Run) string {
	w, err := r.Waits()
	if err != nil {
		return ""
	}
	return waitReason(w)
}
