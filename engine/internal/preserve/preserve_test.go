package preserve_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/durable-wf/wf/engine/internal/preserve"
)

// life is what a run has saved, and what is kept of it.
type life struct {
	policy preserve.Policy
	all    []preserve.Point
	kept   []preserve.Point
}

func (l *life) save(at int64, size int64, value float64) {
	p := preserve.Point{ID: int64(len(l.all) + 1), AtUS: at, Size: size, Value: value}
	l.all = append(l.all, p)
	var gone []int64
	was := append(slices.Clone(l.kept), p)
	l.kept, gone = l.policy.Thin(slices.Clone(was))
	if len(gone)+len(l.kept) != len(was) {
		panic(fmt.Sprintf("of %d, %d are kept and %d are gone", len(was), len(l.kept), len(gone)))
	}
}

func (l *life) has(id int64) bool {
	return slices.ContainsFunc(l.kept, func(p preserve.Point) bool { return p.ID == id })
}

// check compares what is kept with what the package promises.
func (l *life) check(t *rapid.T) {
	p := l.policy
	limit := p.Last + p.Spaced
	if p.Best != "" {
		limit++
	}
	if len(l.kept) > limit {
		t.Fatalf("%d are kept, %+v allows %d", len(l.kept), p, limit)
	}
	for i := max(len(l.all)-p.Last, 0); i < len(l.all); i++ {
		if !l.has(l.all[i].ID) {
			t.Fatalf("number %d of %d is gone, though it is one of the last %d", i+1, len(l.all), p.Last)
		}
	}
	if best, ok := l.best(); ok && !l.has(best.ID) {
		t.Fatalf("the best one, %v of number %d, is gone", best.Value, best.ID)
	}
	if p.Spaced >= 2 && p.Bytes == 0 {
		l.checkSpacing(t)
	}
}

func (l *life) best() (best preserve.Point, found bool) {
	for _, p := range l.all {
		switch {
		case l.policy.Best == "" || math.IsNaN(p.Value):
		case !found, l.policy.Max && p.Value > best.Value, !l.policy.Max && p.Value < best.Value:
			best, found = p, true
		}
	}
	return best, found
}

// checkSpacing looks, for each checkpoint that there ever was, for a kept one that is as old and not much older.
func (l *life) checkSpacing(t *rapid.T) {
	now, oldest := l.all[len(l.all)-1].AtUS, l.kept[0].AtUS
	if oldest != l.all[0].AtUS {
		t.Fatalf("the oldest is gone")
	}
	age := func(p preserve.Point) float64 { return float64(now-p.AtUS)/1e6 + 1 }
	bound := math.Pow(age(l.all[0]), 1/float64(l.policy.Spaced/2)) * (1 + 1e-9)
	for _, p := range l.all {
		i := slices.IndexFunc(l.kept, func(k preserve.Point) bool { return k.AtUS > p.AtUS }) - 1
		if i < -1 {
			i = len(l.kept) - 1
		}
		if got := age(l.kept[i]) / age(p); got > bound {
			t.Fatalf("for the age %.3f s the next older one is of %.3f s, %.3f times it; the bound is %.3f", age(p), age(l.kept[i]), got, bound)
		}
	}
}

// Whatever the sequence of saves and times: the last ones are kept, the best one is, the past is covered
// within the bound, and no more than the policy says are kept.
func TestWhatIsKept(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := &life{policy: preserve.Policy{
			Last: rapid.IntRange(1, 5).Draw(t, "last"), Spaced: rapid.IntRange(0, 20).Draw(t, "spaced"),
			Best: rapid.SampledFrom([]string{"", "residual"}).Draw(t, "best"), Max: rapid.Bool().Draw(t, "max"),
		}}
		at := int64(0)
		for range rapid.IntRange(1, 300).Draw(t, "saves") {
			at += rapid.SampledFrom([]int64{0, 1000, 1e6, 1e6, 1e6, 60e6, 3600e6}).Draw(t, "pause")
			value := rapid.SampledFrom([]float64{math.NaN(), 1, 2, 3, 4, 5, math.Inf(1)}).Draw(t, "value")
			l.save(at, 1, value)
			l.check(t)
		}
	})
}

// A run of a week, saved each second, keeps little, and what is near is dense.
func TestWeekIsThinned(t *testing.T) {
	t.Parallel()
	l := &life{policy: preserve.Default()}
	const week = 7 * 24 * 3600
	for s := int64(0); s < week; s++ {
		l.save(s*1e6, 100, math.NaN())
	}
	worst := 0.0
	for i := 1; i < len(l.kept); i++ {
		young, old := float64(week-1)-float64(l.kept[i].AtUS)/1e6+1, float64(week-1)-float64(l.kept[i-1].AtUS)/1e6+1
		worst = max(worst, old/young)
	}
	if len(l.kept) != 19 || worst > 4 {
		t.Errorf("%d are kept, and two neighbours are %.2f times as old; want 19 and at most 4", len(l.kept), worst)
	}
}

// Large states are thinned until they fit, the last ones apart.
func TestSpacedOnesFitIntoTheirSpace(t *testing.T) {
	t.Parallel()
	l := &life{policy: preserve.Policy{Last: 2, Spaced: 16, Bytes: 100}}
	for s := range int64(50) {
		l.save(s*1e6, 40, math.NaN())
	}
	if len(l.kept) != 4 {
		t.Errorf("%d of 40 bytes are kept; want the last 2, and 2 that fit into 100 bytes", len(l.kept))
	}
	l.save(50e6, 200, math.NaN())
	l.save(51e6, 200, math.NaN())
	l.save(52e6, 200, math.NaN())
	if len(l.kept) != 4 || l.kept[0].AtUS != 0 {
		t.Errorf("%+v are kept; want the last 2 and 2 that fit", l.kept)
	}
}

func TestWhyEachIsKept(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	p := preserve.Policy{Last: 2, Spaced: 3, Best: "residual"}
	kept := []preserve.Point{{Value: nan}, {Value: 1}, {Value: 2}, {Value: 1}, {Value: nan}}
	want := []preserve.Reason{preserve.Spaced, preserve.Best, preserve.Spaced, preserve.Last, preserve.Last}
	if got := p.Why(kept); !slices.Equal(got, want) {
		t.Errorf("Why = %v, want %v", got, want)
	}
	if p.Improves(kept, 1) || !p.Improves(kept, 0.5) || p.Improves(kept, nan) {
		t.Error("only 0.5 is better than 1")
	}
	if p.Max = true; !p.Improves(kept, 3) || p.Improves(kept, 2) {
		t.Error("with the highest as the best, only 3 is better than 2")
	}
}
