package engine

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/cron"
	"github.com/durable-wf/wf/engine/internal/store"
)

// Two workers that have read the same schedule at the same time: what the slower one has prepared changes
// nothing.
func TestSlowerWorkerFiresNothing(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	done := Workflow[struct{}, int]{Name: "done", Steps: []Step[struct{}]{{Name: "only", Do: func(*Context, *struct{}) (Transition, error) {
		return Next(), nil
	}}}}
	for _, overlap := range []Overlap{OverlapSkip, OverlapQueue, OverlapAllow, OverlapCancel} {
		eng, err := Open(context.Background(), Config{Path: filepath.Join(t.TempDir(), "wf.db")}, done)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = eng.Close() })
		state, err := eng.AddSchedule(ctx, Schedule{Name: "tick", Workflow: "done", Every: time.Hour, Overlap: overlap})
		if err != nil {
			t.Fatal(err)
		}
		row, err := eng.store.Schedule(ctx, "tick")
		if err != nil {
			t.Fatal(err)
		}
		var after [2]store.Schedule
		var prepared [2]*firing
		for i := range prepared {
			if prepared[i], err = eng.prepareFiring(row, state.Next.UnixMicro()); err != nil {
				t.Fatal(err)
			}
		}
		for i, f := range prepared {
			if err := eng.store.Update(ctx, func(tx *store.Tx) error { return eng.commitFiring(tx, f) }); err != nil {
				t.Fatal(err)
			}
			if after[i], err = eng.store.Schedule(ctx, "tick"); err != nil {
				t.Fatal(err)
			}
		}
		if after[0].Starts != 1 || after[1] != after[0] || len(prepared[1].made) != 0 {
			t.Errorf("overlap %s: after the faster %+v, after the slower %+v, which made %v", overlap, after[0], after[1], prepared[1].made)
		}
	}
}

// The delay by jitter lies within its bounds, is spread over them, and is a function of name and time.
func TestJitterBounds(t *testing.T) {
	t.Parallel()
	const jitter, buckets = int64(1_000_000), 10
	var hits [buckets]int
	for i := range int64(1000) {
		row := store.Schedule{Name: fmt.Sprint("s", i%7), JitterUS: jitter}
		at := i * time.Hour.Microseconds()
		if at == 0 {
			continue
		}
		d := jittered(&row, at) - at
		if d < 0 || d > jitter || d != jittered(&row, at)-at {
			t.Fatalf("a delay of %d µs, want 0 to %d", d, jitter)
		}
		hits[min(d*buckets/jitter, buckets-1)]++
	}
	for i, n := range hits {
		if n < 50 || n > 150 {
			t.Errorf("%d of 999 delays are in tenth %d, want about 100", n, i)
		}
	}
}

// What a schedule has due is found as fast after ten years as after an hour.
func TestPlanAfterYears(t *testing.T) {
	t.Parallel()
	rule, err := cron.Parse("* * * * * *", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := from.AddDate(10, 0, 0).Add(time.Millisecond)
	for _, overlap := range []Overlap{OverlapSkip, OverlapAllow} {
		row := store.Schedule{Name: "s", Overlap: string(overlap), NextUS: from.UnixMicro(), JitterUS: 500_000}
		p := planSchedule(&row, rule, now.UnixMicro())
		oldest, newest := timeOf(p.starts[0]), timeOf(p.starts[len(p.starts)-1])
		if overlap == OverlapSkip && (len(p.starts) != 1 || now.Sub(newest) > 2*time.Second) {
			t.Errorf("%s: %d starts, the newest for %v", overlap, len(p.starts), newest)
		}
		if overlap == OverlapAllow && (len(p.starts) != firedAtOnce || now.Sub(oldest) > DefaultCatchUp+time.Second || p.nextUS != newest.Add(time.Second).UnixMicro()) {
			t.Errorf("%s: %d starts from %v on, next is %v", overlap, len(p.starts), oldest, timeOf(p.nextUS))
		}
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("it took %v", took)
	}
}
