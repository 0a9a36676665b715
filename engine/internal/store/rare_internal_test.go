package store

import (
	"slices"
	"testing"
)

// Runs of rare statuses are found by an index of their own, and are the same as without it.
func TestRareRunsAreListed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ids := map[string]int64{"running": f.start("order", "").ID}
	for _, status := range []string{"failed", "completed", "cancelled"} {
		ids[status] = f.end(f.start("order", ""), status).ID
	}
	f.end(f.start("bill", ""), "failed")
	for _, statuses := range [][]string{{"failed"}, {"failed", "cancelled"}, {"failed", "completed"}, {"waiting"}, {"running"}} {
		var want []int64
		for _, status := range statuses {
			if id := ids[status]; id != 0 {
				want = append(want, id)
			}
		}
		slices.Sort(want)
		slices.Reverse(want)
		runs, err := f.Runs(t.Context(), RunFilter{Statuses: statuses, Workflows: []string{"order"}})
		var got []int64
		for _, run := range runs {
			got = append(got, run.ID)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("runs that are %q: %v, %v, want %v", statuses, got, err, want)
		}
	}
}
