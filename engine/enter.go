package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/durable-wf/wf/engine/internal/store"
)

// maxLabel is how long the name of a queue or a fair key may be, in bytes.
const maxLabel = 200

// labelFault says why a text does not do as a name; what names the kind of it.
func labelFault(what, text string) error {
	switch {
	case len(text) > maxLabel:
		return fmt.Errorf("%s is longer than %d bytes", what, maxLabel)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("%s %q must be text without control characters", what, text)
	case strings.TrimSpace(text) != text:
		return fmt.Errorf("%s %q must not begin or end with a space", what, text)
	}
	return nil
}

// entryFaults lists what is wrong with how the options let a run enter its queue.
func (o *StartOptions) entryFaults() []error {
	faults := []error{labelFault("queue", o.Queue), labelFault("fair key", o.FairKey)}
	if o.Delay < 0 {
		faults = append(faults, fmt.Errorf("delay %v must not be negative", o.Delay))
	}
	if o.Delay != 0 && !o.At.IsZero() {
		faults = append(faults, errors.New("delay and a time to begin at exclude each other"))
	}
	return faults
}

// enter puts the run into its queue, at once or at a time, and sets its deadline, which counts from then on.
func (o *StartOptions) enter(row *store.Run, def *definition, now time.Time) {
	row.Queue = cmp.Or(o.Queue, DefaultQueue)
	row.Priority, row.FairKey = int64(o.Priority), o.FairKey
	begin := o.At
	if o.Delay > 0 {
		begin = now.Add(o.Delay)
	}
	if begin.After(now) {
		row.DueUS, row.Wait = begin.UnixMicro(), store.Wait{Kind: store.WaitStart}.JSON()
	} else {
		begin = now
	}
	if limit := cmp.Or(o.Deadline, def.deadline); limit > 0 {
		row.DeadlineUS = begin.Add(limit).UnixMicro()
	}
}

// entered tells the history how a run has entered its queue, as far as that is not the usual way.
func entered(row *store.Run) []any {
	var pairs []any
	if row.Queue != DefaultQueue {
		pairs = append(pairs, "queue", row.Queue)
	}
	if row.Priority != 0 {
		pairs = append(pairs, "priority", row.Priority)
	}
	for _, at := range []struct {
		name string
		us   int64
	}{{"not_before", row.DueUS}, {"deadline", row.DeadlineUS}} {
		if at.us != 0 {
			pairs = append(pairs, at.name, timeOf(at.us).Format(time.RFC3339Nano))
		}
	}
	return append(pairs, "fair_key", row.FairKey)
}

// waits reports whether a run that nobody owns cannot go on now: its time has not come, or its queue has no place
// for it.
func (e *Engine) waits(ctx context.Context, row *store.Run) bool {
	now, wake := e.clock.NowUS(), e.wakeUS(ctx, row)
	switch status := Status(row.Status); {
	case status == Waiting:
		return wake == 0 || now < wake
	case status == Pending || status == Suspended:
		q, err := e.store.QueueLimits(ctx, row.Queue)
		return err == nil && row.Ending == "" && (row.DeadlineUS == 0 || now < row.DeadlineUS) && !q.Admits(row.StartedUS != 0, now)
	default:
		return false
	}
}

// wakeUS is when time alone may let a run go on that nobody owns; 0 for never.
func (e *Engine) wakeUS(ctx context.Context, row *store.Run) int64 {
	at := row.DueUS
	if late := row.DeadlineUS; late != 0 && row.Ending == "" && (at == 0 || late < at) {
		at = late
	}
	if row.Status != string(Pending) && row.Status != string(Suspended) || row.StartedUS != 0 {
		return at
	}
	q, err := e.store.QueueLimits(ctx, row.Queue)
	if next := q.NextStartUS(); err == nil && next > e.clock.NowUS() && (at == 0 || next < at) {
		return next // whoever waits looks again at any change
	}
	return at
}
