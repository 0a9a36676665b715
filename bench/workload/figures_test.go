package workload

import (
	"math"
	"testing"
	"time"
)

func TestQuantile(t *testing.T) {
	t.Parallel()
	var list []time.Duration
	for i := 100; i > 0; i-- { // not sorted
		list = append(list, time.Duration(i)*time.Second)
	}
	for share, want := range map[float64]float64{0: 1, 0.5: 51, 0.99: 100, 1: 100} {
		if got := quantile(list, share); got != want {
			t.Errorf("quantile %v is %v, want %v", share, got, want)
		}
	}
	if got := quantile(nil, 0.5); got != 0 {
		t.Errorf("quantile of nothing is %v", got)
	}
}

// A few slow commits do not show in what a step costs, but a cost that each step has does.
func TestTrimmedMean(t *testing.T) {
	t.Parallel()
	list := make([]time.Duration, 100)
	for i := range list {
		list[i] = time.Millisecond
	}
	for i := range 10 {
		list[i*7] = time.Second
	}
	if got := trimmedMean(list); math.Abs(got-0.001) > 1e-9 {
		t.Errorf("trimmed mean is %v, want 0.001", got)
	}
	for i := range list {
		list[i] += time.Millisecond
	}
	if got := trimmedMean(list); math.Abs(got-0.002) > 1e-9 {
		t.Errorf("trimmed mean is %v, want 0.002", got)
	}
}

func TestMetricText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		unit string
		v    float64
		want string
	}{
		{"s", 0.00084, "840 µs"},
		{"s", 0.0009996, "1.00 ms"},
		{"s", 127.6, "128 s"},
		{"s", 0, "0 ns"},
		{"bytes", 31457280, "31.5 MB"},
		{"bytes", 12, "12.0 B"},
		{"runs/s", 12103.4, "12,103"},
		{"runs/s", 2.912, "2.91"},
		{"count", 1000000, "1,000,000"},
		{"%", 0.00491, "0.0049 %"},
		{"ns", -0.001, "0.00 ns"},
		{"1", 1.0449, "1.04"},
	} {
		m := Metric{Unit: test.unit}
		if got := m.Text(test.v); got != test.want {
			t.Errorf("%v %s is %q, want %q", test.v, test.unit, got, test.want)
		}
	}
}

// The names of workloads and metrics are keys of results.
func TestNamesAreUnique(t *testing.T) {
	t.Parallel()
	works := map[string]bool{}
	for _, w := range All() {
		if works[w.Name] {
			t.Errorf("two workloads are called %q", w.Name)
		}
		works[w.Name] = true
		metrics := map[string]bool{}
		for _, m := range w.Metrics {
			if metrics[m.Name] {
				t.Errorf("%s has two metrics %q", w.Name, m.Name)
			}
			metrics[m.Name] = true
		}
		if len(w.Metrics) == 0 || len(w.Phases) == 0 || w.Quick == 0 || w.Quick > w.Size {
			t.Errorf("%s: %d metrics, %d phases, quick size %d of %d", w.Name, len(w.Metrics), len(w.Phases), w.Quick, w.Size)
		}
	}
}
