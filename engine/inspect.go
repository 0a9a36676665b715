package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/durable-wf/wf/engine/internal/store"
)

// inspect looks at a run before its first attempt here: whether it can be executed at all, whether
// its checkpoint is good and not one at which owners keep dying. It reads what the attempt needs and
// reports whether the run goes on.
func (x *execution) inspect(ctx context.Context) (bool, error) {
	if x.def == nil {
		return false, x.block(ctx, fmt.Errorf("this program has no workflow %q", x.row.Workflow))
	}
	if _, err := x.row.Waits(); err != nil { // it was waiting, and where it would have gone on is lost
		return false, x.block(ctx, err)
	}
	switch bad := checkpointFault(x.row.Checkpoint); {
	case bad != nil:
		return x.fallBack(ctx, bad)
	case x.row.Deaths >= maxDeaths:
		return x.weather(ctx)
	}
	return x.loadRecords(ctx)
}

// checkpointFault says what is wrong with the bytes of a checkpoint.
func checkpointFault(c store.Checkpoint) error {
	if c.Fault != "" {
		return errors.New(c.Fault)
	}
	if len(c.State.Data) == 0 {
		return errors.New("its state is missing")
	}
	if sum := Payload(c.State).Checksum(); sum != c.Checksum {
		return fmt.Errorf("its checksum is %08x, it should be %08x", sum, c.Checksum)
	}
	if c.Counters != "" && json.Unmarshal([]byte(c.Counters), new(map[string]int64)) != nil {
		return errors.New("its call counters do not decode")
	}
	return nil
}

// fallBack takes the newest good copy because the checkpoint itself is corrupt.
func (x *execution) fallBack(ctx context.Context, bad error) (bool, error) {
	why := fmt.Errorf("the checkpoint of seq %d is corrupt: %w", x.row.Seq, bad)
	took, err := x.takeCopy(ctx, why, x.row.Seq)
	if err == nil && !took {
		return false, x.block(ctx, fmt.Errorf("%w; no older one is good", why))
	}
	return took, err
}

// takeCopy commits the newest good copy up to seq as the checkpoint of the run.
func (x *execution) takeCopy(ctx context.Context, why error, seq int64) (bool, error) {
	copies, err := x.eng.store.CopiesAlone(ctx, x.row.ID)
	if err != nil {
		return false, fmt.Errorf("run %d: older checkpoints: %w", x.row.ID, err)
	}
	for i := len(copies) - 1; i >= 0; i-- {
		c := copies[i] // of which one at a time is in memory
		if c.Seq > seq || c.Bad != "" {
			continue
		}
		x.eng.store.LoadCopy(&c)
		if checkpointFault(c.Checkpoint) != nil || same(c.Checkpoint, x.row.Checkpoint) {
			continue
		}
		return true, x.commitCopy(ctx, why, &c, nil)
	}
	return false, nil
}

// same reports whether a copy would bring the run nowhere else.
func same(a, b store.Checkpoint) bool {
	return a.Checksum == b.Checksum && string(a.State.Data) == string(b.State.Data)
}

// commitCopy commits a copy as the checkpoint of the run, and which checkpoints must not be used again.
func (x *execution) commitCopy(ctx context.Context, why error, c *store.Copy, bad *store.Spoilt) error {
	shown := briefOf(Payload(c.Checkpoint.State), x.def)
	h := x.event("fallback", -1)
	h.Error = why.Error()
	h.Detail = detail("state", shown, "seq", c.Seq, "step", c.Step)
	next := x.row
	next.Checkpoint, next.Step, next.Visit = c.Checkpoint, c.Step, c.Visit
	next.Version, next.Fingerprint, next.Done, next.Total = c.Version, c.Fingerprint, c.Done, c.Total
	next.Learned = x.learned.text()
	x.eng.log.ErrorContext(ctx, "falling back to an older checkpoint", "run_id", x.row.ID, "seq", c.Seq, "error", why)
	return x.commit(ctx, &store.Change{Row: next, State: true, ForgetCalls: true, Spoilt: bad, History: []store.History{h}})
}

// loadRecords reads the recorded calls that the checkpoint does not cover. A run that was never
// executed before has none.
func (x *execution) loadRecords(ctx context.Context) (bool, error) {
	if x.row.Seq == 1 {
		return true, nil
	}
	calls, err := x.eng.store.Calls(ctx, x.row.ID, x.callVisit())
	if err != nil {
		return false, fmt.Errorf("run %d: recorded calls: %w", x.row.ID, err)
	}
	x.records = make(map[recordID]Record, len(calls))
	for _, c := range calls {
		if c.Fault != "" {
			return false, x.block(ctx, fmt.Errorf("the record of call %q is corrupt: %s", c.Name, c.Fault))
		}
		if Payload(c.Value).Checksum() != c.Checksum {
			return false, x.block(ctx, fmt.Errorf("the record of call %q is corrupt", c.Name))
		}
		x.keep(c.Name, c.N)
		x.records[recordID{c.Name, c.N}] = Record{Name: c.Name, N: c.N, Value: Payload(c.Value), Random: c.Random}
	}
	return true, nil
}
