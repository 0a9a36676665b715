package store

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const forever = math.MaxInt64

func TestPruneLeavesNoOrphans(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	live := furnish(f) // and one completed, with a key, and one failed, with a copy
	f.apply(&Change{Lease: live.Lease(), Row: live, History: []History{{Kind: "call", DurationUS: 1}}})
	before := f.rows()
	gone := f.mustRun(1)

	dry, err := f.Prune(t.Context(), Retention{EndedBeforeUS: forever, DryRun: true})
	want := PruneResult{Runs: 2, History: 7 + 3, Checkpoints: 1}
	if err != nil || dry != want {
		t.Errorf("dry run: %+v, %v, want %+v", dry, err, want)
	}
	if diff := cmp.Diff(before, f.rows()); diff != "" {
		t.Errorf("dry run changed rows:\n%s", diff)
	}

	early, err := f.Prune(t.Context(), Retention{KeyBeforeUS: forever})
	if err != nil || early != (PruneResult{}) {
		t.Errorf("prune keys of runs that are there: %+v, %v, want nothing", early, err)
	}
	got, err := f.Prune(t.Context(), Retention{EndedBeforeUS: forever})
	if err != nil || got != want {
		t.Errorf("prune: %+v, %v, want %+v", got, err, want)
	}
	f.wantClean()
	wantRows := map[string]int{"wf_runs": 1, "wf_history": int(live.Seq) + 1, "wf_checkpoints": 1, "wf_calls": 1, "wf_keys": 2, "wf_pruned": 2, "wf_workers": 1}
	if diff := cmp.Diff(wantRows, f.rows()); diff != "" {
		t.Errorf("rows left (-want +got):\n%s", diff)
	}
	for _, ref := range []string{gone.UUID, strings.ToUpper(gone.UUID[:30]), strconv.FormatInt(gone.ID, 10), gone.Key} {
		left, err := f.Pruned(t.Context(), ref)
		if err != nil || left.Seq != gone.Seq || !cmp.Equal(left.HeadHash, gone.HeadHash) || left.Run != gone.ID || left.PrunedUS == 0 || left.Archive != "" {
			t.Errorf("left of run 1, asked for as %q: %+v, %v", ref, left, err)
		}
	}
	for _, ref := range []string{live.UUID, strconv.FormatInt(live.ID, 10), "live", "", "0", "x"} {
		if left, err := f.Pruned(t.Context(), ref); !errors.Is(err, ErrNotFound) {
			t.Errorf("left of a run that is there, asked for as %q: %+v, %v", ref, left, err)
		}
	}
	again, err := f.Prune(t.Context(), Retention{EndedBeforeUS: forever})
	if err != nil || again != (PruneResult{}) {
		t.Errorf("prune again: %+v, %v, want nothing", again, err)
	}

	keys, err := f.Prune(t.Context(), Retention{KeyBeforeUS: forever})
	if err != nil || keys != (PruneResult{Keys: 1}) {
		t.Errorf("prune keys: %+v, %v, want one", keys, err)
	}
	if run, err := f.RunByKey(t.Context(), "order", "live"); err != nil || run.ID != live.ID {
		t.Errorf("key of the living run: %d, %v", run.ID, err)
	}
	f.wantClean()
}

func TestPruneFilters(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		r    Retention
		want int64
	}{
		{"nothing asked", Retention{}, 0},
		{"nothing is as old", Retention{EndedBeforeUS: 5}, 0},
		{"all", Retention{EndedBeforeUS: forever}, 3},
		{"status", Retention{EndedBeforeUS: forever, Statuses: []string{"failed"}}, 1},
		{"never what has not ended", Retention{EndedBeforeUS: forever, Statuses: []string{"running", "pending"}}, 0},
		{"workflow", Retention{EndedBeforeUS: forever, Workflows: []string{"order"}}, 2},
		{"older than the second", Retention{EndedBeforeUS: -1}, 1}, // set below
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.end(f.start("order", ""), "completed")
			second := f.end(f.start("bill", ""), "failed")
			f.end(f.start("order", ""), "cancelled")
			f.start("order", "")
			if tt.r.EndedBeforeUS < 0 {
				tt.r.EndedBeforeUS = second.EndedUS
			}
			got, err := f.Prune(t.Context(), tt.r)
			if err != nil || got.Runs != tt.want {
				t.Errorf("got %+v, %v, want %d runs", got, err, tt.want)
			}
			f.wantClean()
		})
	}
}

// TestPruneManyGroups needs several pages and several transactions, among rows that stay. Somebody else deletes histories that
// it leaves: all are counted, once.
func TestPruneManyGroups(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	stays := f.start("stays", "")
	var rows int64
	for i := range 300 {
		run := f.advance(f.start("order", ""), 60+i%7)
		stays = f.advance(stays, 3)
		rows += f.end(run, "completed").Seq
	}
	groups := 0
	_, err := f.retire(t.Context(), &Retention{EndedBeforeUS: forever}, func(_ context.Context, runs []doomed) (PruneResult, error) {
		groups++
		if c := count(runs); len(runs) > 1 && c.History+c.Runs > pruneGroup {
			t.Errorf("a group has %+v rows", c)
		}
		return PruneResult{}, nil
	})
	if err != nil || groups < 3 {
		t.Errorf("%d groups, %v", groups, err)
	}
	var others sync.WaitGroup
	pruned := make(chan struct{})
	others.Go(func() {
		for {
			select {
			case <-pruned:
				return
			default:
				if _, err := (&sweeper{store: f.Store}).sweep(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	got, err := f.Prune(t.Context(), Retention{EndedBeforeUS: forever})
	close(pruned)
	others.Wait()
	if err != nil || got.Runs != 300 || got.History != rows {
		t.Errorf("got %+v, %v, want 300 runs with %d rows", got, err, rows)
	}
	f.wantClean()
	wantSeqs(t, f.pages(HistoryFilter{}), stays.ID, 1, stays.Seq)
}

// Whoever looks for the rows of runs again, since some of the runs have gone meanwhile, finds each row once.
func TestRowsAreFoundAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var rows int
	for i := range 20 {
		rows += int(f.end(f.advance(f.start("order", ""), 5+i), "completed").Seq)
	}
	runs, err := f.doomedPage(t.Context(), &Retention{EndedBeforeUS: forever}, forever)
	if err != nil || len(runs) != 20 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	for range 2 {
		if err := f.findRows(t.Context(), runs); err != nil {
			t.Fatal(err)
		}
		if g := groupOf(runs); len(g.history) != rows {
			t.Errorf("%d rows of the history are found, want %d", len(g.history), rows)
		}
	}
}

func TestPruneWorkers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	old := f.worker
	run := f.end(f.start("order", ""), "completed")
	f.update(func(tx *Tx) error { return tx.StopWorker(old.ID, true) })
	f.worker = Worker{UUID: "another", Host: "here"}
	f.update(func(tx *Tx) error { return tx.InsertWorker(&f.worker) })
	f.start("order", "")
	got, err := f.Prune(t.Context(), Retention{EndedBeforeUS: run.EndedUS + 1})
	if err != nil || got.Runs != 1 || got.Workers != 0 {
		t.Errorf("got %+v, %v, want one run, and no worker: it stopped later", got, err)
	}
	got, err = f.Prune(t.Context(), Retention{EndedBeforeUS: forever})
	if err != nil || got != (PruneResult{Workers: 1}) {
		t.Errorf("got %+v, %v, want one worker", got, err)
	}
	f.wantClean()
}
