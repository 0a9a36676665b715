package engine

import (
	"testing"
	"time"
)

// What the policy chooses by the figures that were measured, and which rule decides.
func TestChoice(t *testing.T) {
	t.Parallel()
	const us, ms, day = time.Microsecond, time.Millisecond, 24 * time.Hour
	tests := []struct {
		name        string
		policy      Checkpoint
		stall, cost time.Duration
		mtbf        time.Duration
		want        time.Duration
		bound       Bound
	}{
		{"nothing measured", Checkpoint{}, 0, 0, day, time.Second, ByLearning},
		{"nothing measured, much may be lost", Checkpoint{MaxLoss: time.Hour}, 0, 0, day, time.Second, ByLearning},
		{"the first save is under way", Checkpoint{}, 80 * ms, 0, day, 80 * time.Second, ByOverhead},
		{"that of a small state is under way", Checkpoint{}, 2 * us, 0, day, time.Second, ByLearning},
		{"small state", Checkpoint{}, 2 * us, 137 * us, day, time.Second, ByMaxLoss},
		{"10 MB, synchronous", Checkpoint{}, 80 * ms, 80 * ms, day, 80 * time.Second, ByOverhead},
		{"10 MB, a larger budget", Checkpoint{Overhead: 0.01}, 80 * ms, 80 * ms, day, 8 * time.Second, ByOverhead},
		{"10 MB, behind the step's back", Checkpoint{}, 500 * us, 80 * ms, day, time.Second, ByMaxLoss},
		{"more may be lost", Checkpoint{MaxLoss: time.Minute}, 2 * us, 137 * us, day, 4865552 * us, ByYoung},
		{"a host that fails often", Checkpoint{}, 2 * us, 137 * us, time.Minute, 128219 * us, ByYoung},
		{"chosen", Checkpoint{Interval: 5 * time.Second}, 80 * ms, 80 * ms, day, 5 * time.Second, ByChoice},
		{"counted", Checkpoint{Every: 5}, 80 * ms, 80 * ms, day, 0, ByCount},
		{"counted and chosen", Checkpoint{Every: 5, Interval: time.Hour}, 80 * ms, 80 * ms, day, time.Hour, ByChoice},
		{"never", Checkpoint{Interval: -1}, 80 * ms, 80 * ms, day, 0, ByNothing},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Pace{Stall: tt.stall, Cost: tt.cost, MTBF: tt.mtbf}.chosen(tt.policy)
			if got.Interval.Round(time.Microsecond) != tt.want || got.Bound != tt.bound {
				t.Errorf("%+v chooses %v by %s, want %v by %s", tt.policy, got.Interval, got.Bound, tt.want, tt.bound)
			}
		})
	}
}

// The narrowest policy that says how often decides; the budget is filled in apart.
func TestPoliciesFillOneAnother(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                string
		narrow, wider, want Checkpoint
	}{
		{"nothing said", Checkpoint{}, Checkpoint{Interval: 5, Overhead: 0.1}, Checkpoint{Interval: 5, Overhead: 0.1}},
		{"a count", Checkpoint{Every: 3}, Checkpoint{Interval: 5, Overhead: 0.1}, Checkpoint{Every: 3, Overhead: 0.1}},
		{"a loss", Checkpoint{MaxLoss: 7}, Checkpoint{Interval: 5}, Checkpoint{MaxLoss: 7}},
		{"a budget", Checkpoint{Overhead: 0.2}, Checkpoint{MaxLoss: 5, Overhead: 0.1}, Checkpoint{MaxLoss: 5, Overhead: 0.2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.narrow.or(tt.wider); got != tt.want {
				t.Errorf("%+v or %+v = %+v, want %+v", tt.narrow, tt.wider, got, tt.want)
			}
		})
	}
}

// The rate is this session's and this visit's, and unknown until there are two samples.
func TestSession(t *testing.T) {
	t.Parallel()
	begun := time.Unix(1000, 0)
	at := func(seconds float64) time.Time { return begun.Add(time.Duration(seconds * float64(time.Second))) }
	s := Session{Epoch: 2}
	s.sample(at(0), 1, -1)
	s.sample(at(1), 1, 5000) // done before, perhaps elsewhere
	if s.Rate != 0 || s.ETA(6000, at(1)) != -1 {
		t.Errorf("after one sample: rate %v, ETA %v; want neither", s.Rate, s.ETA(6000, at(1)))
	}
	s.sample(at(1.05), 1, 5500) // too close
	s.sample(at(2), 1, 5100)
	if s.Rate != 100 || s.ETA(6000, at(3)) != 8*time.Second {
		t.Errorf("after two samples: rate %v, ETA %v; want 100, 8s", s.Rate, s.ETA(6000, at(3)))
	}
	s.sample(at(3), 1, 5300)
	if s.Rate != 125 {
		t.Errorf("after a faster second: rate %v, want 125", s.Rate)
	}
	if s.ETA(6000, at(60)) != 0 {
		t.Errorf("long after: ETA %v, want 0", s.ETA(6000, at(60)))
	}
	s.sample(at(4), 2, 9000)
	if s.Rate != 0 || s.From != 9000 {
		t.Errorf("in the next visit: rate %v since %d, want none since 9000", s.Rate, s.From)
	}
	s.sample(at(5), 2, 10)
	if s.Rate != 0 || s.From != 10 {
		t.Errorf("after it counted anew: rate %v since %d, want none since 10", s.Rate, s.From)
	}
}
