package engine

import (
	"fmt"

	"github.com/durable-wf/wf/engine/internal/codec"
)

// Recorded looks at what earlier attempts of this visit have recorded, without making a call: each call of
// it returns the next result of the recorded calls of that name, in the order in which they were made, and
// false once there is none. In an Undo these are the calls of the visit that is undone, all of them.
//
// The records that it returns are those that Do or DoTx would find next: from where the checkpoint, or a
// later call of that name in this attempt, has left off. It does not take them away: a Do that follows
// still returns the first of them instead of making its call, and from there Recorded looks on at what is
// ahead of both. Results that this attempt itself has recorded are not seen; the step has them already. A record that
// does not decode blocks the run.
func Recorded[T any](ctx *Context, name string) (T, bool, error) {
	var v T
	a := ctx.attempt
	if a == nil || a.ended.Load() {
		return v, false, ErrAttemptEnded
	}
	a.mu.Lock()
	n := max(a.seen[name], a.counters[name])
	a.mu.Unlock()
	rec, ok, err := a.host.Recorded(name, n)
	if err != nil || !ok {
		return v, false, err
	}
	if err := codec.Decode(rec.Value, &v); err != nil {
		return v, false, blocked(fmt.Errorf("call %q: recorded result: %w", name, err))
	}
	a.mu.Lock()
	if a.seen == nil {
		a.seen = map[string]int64{}
	}
	a.seen[name] = max(a.seen[name], n+1)
	a.mu.Unlock()
	return v, true, nil
}
