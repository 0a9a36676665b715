package store

import (
	"strings"
	"testing"
)

// P7: a pack has runs as they were listed. What has gone on since, as a worker may let it while a copy is packed, is refused.
func TestPackOfWhatHasGoneOn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.start("order", "")
	listed := map[string]int64{run.UUID: run.Seq}
	run = f.save(run, `{"total":43}`)
	if err := f.WritePack(t.Context(), run.ID, t.TempDir(), listed); err == nil || !strings.Contains(err.Error(), "run 1 has gone on meanwhile") {
		t.Errorf("pack of a run that has gone on: %v", err)
	}
	listed[run.UUID] = run.Seq
	if err := f.WritePack(t.Context(), run.ID, t.TempDir(), listed); err != nil {
		t.Errorf("pack of the run as it is: %v", err)
	}
	listed["a child"] = 1
	if err := f.WritePack(t.Context(), run.ID, t.TempDir(), listed); err == nil || !strings.Contains(err.Error(), "1 runs are there of 2") {
		t.Errorf("pack without a child: %v", err)
	}
}
