package cli

import (
	"slices"
	"testing"

	"github.com/durable-wf/wf/plot"
)

// interruptedLife is a run that did 100 in 10 s, was resumed 5 s later, and did 100 more in 5 s.
func interruptedLife() life {
	return life{marks: []mark{{0, 0, true}, {10, 100, false}, {15, 100, true}, {20, 200, false}}}
}

// The rate is known from each start on, and never over an interruption.
func TestRates(t *testing.T) {
	t.Parallel()
	l := interruptedLife()
	if got, want := l.rates(), []plot.Point{{X: 5, Y: 10}, {X: 17.5, Y: 20}}; !slices.Equal(got, want) {
		t.Errorf("rates = %v, want %v", got, want)
	}
	if got, want := l.rug(), []float64{10, 20}; !slices.Equal(got, want) {
		t.Errorf("checkpoints at %v, want %v", got, want)
	}
	fork := life{marks: []mark{{10, 100, false}, {20, 300, false}}} // it has begun with what it took over
	if got, want := fork.rates(), []plot.Point{{X: 15, Y: 20}}; !slices.Equal(got, want) {
		t.Errorf("rates of a fork = %v, want %v", got, want)
	}
}

// Points that were committed together were not measured together.
func TestWhenAPointWasMeasured(t *testing.T) {
	t.Parallel()
	l := interruptedLife()
	for _, c := range []struct {
		name      string
		committed float64
		progress  int64
		want      float64
	}{
		{"in the middle", 10, 50, 5},
		{"last of its commit", 10, 100, 10},
		{"after an interruption", 20, 150, 17.5},
		{"without progress", 10, -1, 10},
		{"from before the commit", 20, 50, 20},
		{"after all that is known", 30, 250, 30},
	} {
		if got := l.when(c.committed, c.progress); got != c.want {
			t.Errorf("%s: when(%v, %d) = %v, want %v", c.name, c.committed, c.progress, got, c.want)
		}
	}
}
