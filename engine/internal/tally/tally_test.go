package tally_test

import (
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine/internal/tally"
)

func TestTally(t *testing.T) {
	t.Parallel()
	if tally.From(t.Context()).Writer() != nil {
		t.Error("something counts although nobody has asked")
	}
	count := tally.From(tally.With(t.Context(), tally.New()))
	for _, text := range []string{"BEGIN", "UPDATE x", "UPDATE x", "-- Says why.\nCOMMIT;\n"} {
		count.Writer().Execute(text)
	}
	count.Readers().Execute("SELECT 1")
	count.Readers().Execute("PRAGMA data_version")
	count.Readers().Prepare("SELECT 1")
	counts := count.Take()
	if got, want := counts.Cost(), (tally.Cost{Commits: 1, Statements: 4, Reads: 1}); got != want {
		t.Errorf("Cost = %+v, want %+v", got, want)
	}
	if got, want := counts.String(), "    2 × written: UPDATE x\n"; !strings.Contains(got, want) {
		t.Errorf("String = %q, want it to contain %q", got, want)
	}
	if got := counts.Sum(); got != 6 {
		t.Errorf("Sum = %d, want 6", got)
	}
	if counts.Prepared["SELECT 1"] != 1 {
		t.Errorf("prepared: %v", counts.Prepared)
	}
	if got := count.Take().Cost(); got != (tally.Cost{}) {
		t.Errorf("Cost after Take = %+v, want none", got)
	}
}
