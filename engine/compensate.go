package engine

import "context"

// RunUndo undoes one visit of a step, see [Definition].
func (w Workflow[S, R]) RunUndo(ctx context.Context, v Visit, h Host) Outcome {
	return Outcome{Err: blocked(w.missing(v.Ref.Step))}
}
