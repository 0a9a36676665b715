package cli

import (
	"os"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestNextStop(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		at   []time.Duration // of signals, after the first
		want time.Duration   // of the one that is another stop
	}{
		{"of a person", []time.Duration{3 * time.Second}, 3 * time.Second},
		{"of timeout(1), which sends two", []time.Duration{0, time.Minute}, time.Minute},
		{"several in the same second", []time.Duration{0, 300 * time.Millisecond, 999 * time.Millisecond, 1001 * time.Millisecond}, 1001 * time.Millisecond},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				stops := make(chan os.Signal, 8)
				begun := time.Now()
				for _, at := range test.at {
					time.AfterFunc(at, func() { stops <- syscall.SIGTERM })
				}
				var late time.Duration
				sig := nextStop(stops, func() { late = time.Since(begun) })
				if got := time.Since(begun); sig != syscall.SIGTERM || got != test.want || late != sameStop {
					t.Errorf("%v after %v, late after %v; want %v after %v, late after %v", sig, got, late, syscall.SIGTERM, test.want, sameStop)
				}
			})
		})
	}
}

func TestExecuting(t *testing.T) {
	t.Parallel()
	var e executing
	if ids, busy := e.runs(); busy || len(ids) > 0 {
		t.Errorf("at first %v, %v", ids, busy)
	}
	endOne, endTwo := e.begin(7), e.begin(3)
	if ids, busy := e.runs(); !busy || !slices.Equal(ids, []int64{3, 7}) {
		t.Errorf("of two: %v, %v", ids, busy)
	}
	endOne()
	endWorker := e.begin(anyRun)
	if ids, busy := e.runs(); !busy || len(ids) > 0 {
		t.Errorf("of a worker: %v, %v", ids, busy)
	}
	endTwo()
	endWorker()
	if ids, busy := e.runs(); busy || len(ids) > 0 {
		t.Errorf("in the end %v, %v", ids, busy)
	}
}
