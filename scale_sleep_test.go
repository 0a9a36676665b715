//go:build unix

package wf_test

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// Runs that wait cost neither memory nor processor time, and those whose time has come begin at once.
func TestScaleSleepers(t *testing.T) {
	together(t)
	for _, tt := range []struct {
		name string
		fill func(t *testing.T, path string)
	}{
		{"timers", fillTimers},
		{"signals", fillSignals},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := scaleFile(t, tt.name, tt.fill)
			before := residentBytes(t)
			alarm := alarmClock{due: map[int64]time.Time{}}
			eng := openScale(t, path, engine.Observer{RunWaiting: alarm.set, StepStarted: alarm.ring})
			settle := scaleQuiet()
			time.Sleep(settle / 5)
			cpu, begun := processorTime(t), time.Now()
			time.Sleep(settle)
			idle := processorTime(t) - cpu
			grown := residentBytes(t) - before
			t.Logf("a process that serves %d waiting runs has grown by %.1f MB, and used %v of processor time in %v", *scaleRuns, float64(grown)/1e6, idle, time.Since(begun))
			alarm.wake(t, eng, 1).report(t, "one run due: late by")
			alarm.wake(t, eng, 1000).report(t, "1,000 runs due at once: late by")
			if *scaleRuns >= campaign && grown > 50e6 {
				t.Errorf("it needs %d bytes more, at most 50 MB are allowed", grown)
			}
		})
	}
}

// alarmClock notes how late runs begin that have slept.
type alarmClock struct {
	mu   sync.Mutex
	due  map[int64]time.Time
	late []time.Duration // of those that had to wait
	rang int             // of all
}

func (a *alarmClock) set(run engine.Run) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.due[run.ID] = run.Due
}

func (a *alarmClock) ring(ref engine.Ref) {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if ref.Step != "woken" {
		return
	}
	a.rang++
	if due, ok := a.due[ref.ID]; ok { // else its time had come before it waited
		a.late = append(a.late, now.Sub(due))
		delete(a.due, ref.ID)
	}
}

// wake lets n runs sleep until the same time, some times, and returns how late they began.
func (a *alarmClock) wake(t *testing.T, eng *engine.Engine, n int) latencies {
	t.Helper()
	rounds := max(100/n, 3)
	if *scaleRuns < campaign {
		rounds, n = 1, min(n, 20)
	}
	a.mu.Lock()
	a.late, a.rang = nil, 0
	a.mu.Unlock()
	for round := range rounds {
		until := time.Now().Add(200*time.Millisecond + time.Duration(n)*time.Millisecond)
		startMany(t, eng, napping, n, func(int) tick { return tick{N: until.UnixMicro()} })
		for a.woken() < (round+1)*n {
			time.Sleep(time.Millisecond)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return latencies{a.late}
}

func (a *alarmClock) woken() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rang
}

// residentBytes is how much memory this process has, what the garbage collector could free aside.
func residentBytes(t testing.TB) int64 {
	t.Helper()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("only Linux says how much memory a process has")
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}
