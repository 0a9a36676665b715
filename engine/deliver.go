package engine

import (
	"context"
	"encoding/json"
)

// Signal sends a signal by name, with its payload as JSON; see [Signal.Send].
func (e *Engine) Signal(ctx context.Context, run int64, name string, payload json.RawMessage, opts *SendOptions) error {
	return nil
}

// Signal returns the signal that has led to this visit, see [Host].
func (x *execution) Signal() (Delivered, bool, error) { return Delivered{}, false, nil }
