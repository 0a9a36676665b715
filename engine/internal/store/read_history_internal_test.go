package store

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// pages reads the whole history that f selects, both by HistoryPages and page by page with History,
// and fails unless they agree and no page is larger than limit.
func (f *fixture) pages(filter HistoryFilter) []HistoryRow {
	f.tb.Helper()
	ctx, limit := f.tb.(*testing.T).Context(), pageLimit(filter.Limit)
	var all []HistoryRow
	short := false
	for page, err := range f.HistoryPages(ctx, filter) {
		if err != nil {
			f.tb.Fatalf("pages of %+v: %v", filter, err)
		}
		if len(page) == 0 || len(page) > limit || short {
			f.tb.Fatalf("pages of %+v: page of %d rows, limit %d, after a short one: %v", filter, len(page), limit, short)
		}
		short = len(page) < limit
		all = append(all, page...)
	}
	var again []int64
	for step := filter; ; {
		page, err := f.History(ctx, step)
		if err != nil {
			f.tb.Fatalf("history %+v: %v", step, err)
		}
		again = append(again, idsOf(page)...)
		if len(page) < limit {
			break
		}
		step.AfterID = page[len(page)-1].ID
	}
	if !slices.Equal(idsOf(all), again) {
		f.tb.Fatalf("%+v: HistoryPages gives %d rows, History %d, not the same", filter, len(all), len(again))
	}
	return all
}

func idsOf(rows []HistoryRow) (ids []int64) {
	for _, row := range rows {
		ids = append(ids, row.ID)
	}
	return ids
}

// wantSeqs fails unless rows are those of one run from seq first to last.
func wantSeqs(t *testing.T, rows []HistoryRow, run, first, last int64) {
	t.Helper()
	if len(rows) != int(last-first+1) {
		t.Fatalf("run %d: got %d rows, want seq %d to %d", run, len(rows), first, last)
	}
	for i, row := range rows {
		if row.Run != run || row.Seq != first+int64(i) {
			t.Fatalf("row %d is seq %d of run %d, want seq %d of run %d", i, row.Seq, row.Run, first+int64(i), run)
		}
	}
}

func TestHistoryPagesLongRun(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const total = 100_000
	dense := f.start("dense", "") // alone in its part of the history: read by range
	for dense.Seq < total/2 {
		dense = f.advance(dense, min(1000, int(total/2-dense.Seq)))
	}
	rare, noise := f.start("rare", ""), f.start("noise", "") // one row in ten: walked
	for rare.Seq < 5000 {
		rare, noise = f.advance(rare, min(50, int(5000-rare.Seq))), f.advance(noise, 450)
	}
	for _, tt := range []struct {
		name string
		run  Run
		walk bool
	}{{"by range", dense, false}, {"by walking", rare, true}} {
		t.Run(tt.name, func(t *testing.T) {
			pager, err := f.newHistoryPager(t.Context(), &HistoryFilter{Run: tt.run.ID})
			if err != nil || pager.walked != tt.walk {
				t.Fatalf("walked %v, error %v, want %v", pager.walked, err, tt.walk)
			}
			wantSeqs(t, f.pages(HistoryFilter{Run: tt.run.ID}), tt.run.ID, 1, tt.run.Seq)
			wantSeqs(t, f.pages(HistoryFilter{Run: tt.run.ID, Limit: 777}), tt.run.ID, 1, tt.run.Seq)
			middle := f.pages(HistoryFilter{Run: tt.run.ID})[tt.run.Seq/2-1]
			wantSeqs(t, f.pages(HistoryFilter{Run: tt.run.ID, AfterID: middle.ID}), tt.run.ID, tt.run.Seq/2+1, tt.run.Seq)
		})
	}
	all := f.pages(HistoryFilter{})
	if want := int(dense.Seq + rare.Seq + noise.Seq); len(all) != want || want < total-10_000 {
		t.Fatalf("got %d rows of all runs, want %d", len(all), want)
	}
	if !slices.IsSorted(idsOf(all)) {
		t.Fatal("rows of all runs are not in the order of their ids")
	}
}

func TestHistoryFilters(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	good := f.end(f.advance(f.start("order", ""), 3), "completed") // created, 3 transitions, completed
	bad := f.end(f.advance(f.start("bill", ""), 2), "failed")      // created, 2 transitions, failed
	other := f.start("bill", "")                                   // created
	for _, tt := range []struct {
		name   string
		filter HistoryFilter
		want   int
	}{
		{"all", HistoryFilter{}, 10},
		{"run", HistoryFilter{Run: good.ID}, 5},
		{"workflow", HistoryFilter{Workflows: []string{"bill"}}, 5},
		{"workflows", HistoryFilter{Workflows: []string{"bill", "order"}}, 10},
		{"no workflow", HistoryFilter{Workflows: []string{}}, 0},
		{"status", HistoryFilter{Statuses: []string{"failed"}}, 4},
		{"kind", HistoryFilter{Kinds: []string{"created"}}, 3},
		{"kind of run", HistoryFilter{Kinds: []string{"transition"}, Run: bad.ID}, 2},
		{"step", HistoryFilter{Step: "nowhere"}, 0},
		{"failures", HistoryFilter{FailuresOnly: true}, 1},
		{"quotes", HistoryFilter{Workflows: []string{`o'r"der`}}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := f.pages(tt.filter); len(got) != tt.want {
				t.Errorf("got %d rows, want %d", len(got), tt.want)
			}
		})
	}
	row := f.pages(HistoryFilter{FailuresOnly: true})[0]
	if row.Workflow != "bill" || row.RunStatus != "failed" || row.RunUUID != bad.UUID || row.Host != "here" || row.PID != 7 ||
		row.Program != "test" || row.Version != "v1" || row.WorkerUUID != f.worker.UUID || row.Error != "it broke" || row.DurationUS != -1 {
		t.Errorf("row says %+v", row)
	}
	if _, err := f.History(t.Context(), HistoryFilter{Run: other.ID + 1}); !errors.Is(err, ErrNotFound) {
		t.Errorf("history of an unknown run: %v, want ErrNotFound", err)
	}
}

func TestHistoryTimeRange(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run, other := f.start("order", ""), f.start("noise", "")
	for range 30 {
		run, other = f.advance(run, 3), f.advance(other, 40)
	}
	f.exec("DELETE FROM wf_history WHERE id BETWEEN 200 AND 300 AND run = ?", other.ID) // gaps, as prune leaves them
	all := f.pages(HistoryFilter{})
	first, last := all[0].TimeUS, all[len(all)-1].TimeUS
	for _, bounds := range [][2]int64{
		{first, 0}, {0, last}, {first, last}, {first + 1, last}, {0, first}, {last, 0}, {last + 1, 0}, {0, last + 1},
		{all[100].TimeUS, all[900].TimeUS}, {all[500].TimeUS + 1, all[501].TimeUS + 1}, {last, first},
	} {
		for _, id := range []int64{0, run.ID, other.ID} {
			t.Run(fmt.Sprint(bounds, id), func(t *testing.T) {
				if id == other.ID && bounds[0] == 0 { // its gap would be found, see TestHistoryGap
					t.Skip()
				}
				var want []int64
				for _, row := range all {
					if row.TimeUS >= bounds[0] && (bounds[1] == 0 || row.TimeUS < bounds[1]) && (id == 0 || row.Run == id) {
						want = append(want, row.ID)
					}
				}
				got := f.pages(HistoryFilter{Run: id, SinceUS: bounds[0], UntilUS: bounds[1], Limit: 100})
				if !slices.Equal(idsOf(got), want) {
					t.Errorf("got %d rows, want %d", len(got), len(want))
				}
			})
		}
	}
}

func TestHistoryGap(t *testing.T) {
	t.Parallel()
	for _, plant := range []string{
		"DELETE FROM wf_history WHERE id = ?",
		"UPDATE wf_history SET prev = NULL WHERE id = ?",   // the walk would end early
		"UPDATE wf_history SET prev = 2 WHERE id = ?",      // and go on in another run
		"UPDATE wf_history SET prev = id WHERE id = ?",     // and never end
		"UPDATE wf_history SET prev = id + 9 WHERE id = ?", // nor here
	} {
		t.Run(plant, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			run, noise := f.start("order", ""), f.start("noise", "")
			for range 10 {
				run, noise = f.advance(run, 1), f.advance(noise, 50)
			}
			f.exec(plant, f.pages(HistoryFilter{Run: run.ID})[4].ID)
			if rows, err := f.History(t.Context(), HistoryFilter{Run: run.ID}); !errors.Is(err, ErrCorrupt) {
				t.Errorf("history with a gap: %d rows, error %v, want ErrCorrupt", len(rows), err)
			}
		})
	}
}
