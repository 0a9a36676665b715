package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// Without an older checkpoint to go back to, attempts that suspect theirs are repeated as often as Retry says, and
// then the run has failed: nobody has died.
func TestSuspectsAreRetriedAsOftenAsAny(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, countTo(func(*engine.Context, *count) error { return engine.Suspect(errors.New("no luck")) }))
	opts := &engine.StartOptions{Retry: &engine.Retry{Attempts: 8, Initial: time.Millisecond, Max: time.Millisecond}}
	begun, err := counting.Start(t.Context(), eng, count{N: 1}, opts)
	if err != nil {
		t.Fatal(err)
	}
	run, err := eng.Execute(t.Context(), begun.ID, nil)
	if err != nil || run.Status != engine.Failed || run.Failures != 8 || run.Error != "no luck" {
		t.Errorf("%s after %d failures: %q %q, %v; want it failed after 8", run.Status, run.Failures, run.Error, run.Reason, err)
	}
}
