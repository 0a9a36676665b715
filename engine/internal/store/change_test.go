package store_test

import (
	"testing"

	"github.com/durable-wf/wf/engine/internal/store"
)

func TestLifeOfARun(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	worker := newWorker(t, s)
	run := mustCreate(t, s, worker)
	l := run.Lease()
	for range 3 {
		mustApply(t, s, step(l, &run))
	}
	got := mustRun(t, s, run.ID)
	if got.Seq != 4 || got.Visit != 4 || string(got.Checkpoint.State.Data) != `{"n":4}` {
		t.Errorf("after 3 steps: seq %d, visit %d, state %s", got.Seq, got.Visit, got.Checkpoint.State.Data)
	}
	run.Result = store.Payload{Codec: "json", Data: []byte(`42`)}
	mustApply(t, s, end(l, &run, "completed"))
	got = mustRun(t, s, run.ID)
	if got.Status != "completed" || got.EndedUS == 0 || string(got.Result.Data) != "42" {
		t.Errorf("after completion: %+v", got)
	}
	if got.Checkpoint.State.Data != nil || got.Checkpoint.State.Codec != "" {
		t.Errorf("after completion the state is still there: %s", got.Checkpoint.State.Data)
	}
}
