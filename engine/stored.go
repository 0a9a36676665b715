package engine

import (
	"context"
	"fmt"

	"github.com/durable-wf/wf/engine/internal/store"
)

// Stored is the payloads of a run as they are stored, for who reads large ones without making JSON of them;
// see [Payload.Tree].
type Stored struct {
	States []StoredState // as Engine.States has them, without State and Brief
	Result Payload       // of a completed run; without Data if it has none
}

// StoredState is a checkpoint that is kept, with its state.
type StoredState struct {
	StateVersion
	Payload Payload // without Data if it cannot be read; Bad says why
}

// Stored returns the kept checkpoints and the result of a run. A result that cannot be read is an error.
func (e *Engine) Stored(ctx context.Context, id int64) (Stored, error) {
	row, err := e.row(ctx, id)
	if err != nil {
		return Stored{}, err
	}
	if row.ResultFault != "" {
		return Stored{}, fmt.Errorf("run %d: its result: %s", id, row.ResultFault)
	}
	kept, err := e.kept(ctx, &row)
	if err != nil {
		return Stored{}, err
	}
	s := Stored{States: make([]StoredState, len(kept)), Result: Payload(row.Result)}
	for i := range kept {
		s.States[i] = storedState(&kept[i])
	}
	if n := len(kept); n > 0 {
		s.States[n-1].Current = len(row.Checkpoint.State.Data) > 0
	}
	return s, nil
}

func storedState(c *store.Copy) StoredState {
	s := StoredState{StateVersion: versionOf(c)}
	if c.Checkpoint.Fault == "" {
		s.Payload = Payload(c.Checkpoint.State)
	}
	return s
}
