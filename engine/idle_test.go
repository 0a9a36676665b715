package engine_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/internal/tally"
)

const (
	waitingRuns = 1000
	idleTime    = 3 * time.Second
)

// P9, idle is idle: no busy polling, no measurable CPU, and no goroutine for a waiting run. A process of
// its own is measured, since tests run beside each other in this one.
func TestIdleIsIdle(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	c := startChild(t, "idle", path)
	var with, without int
	var cpu time.Duration
	var reads, switches, queries int64
	line := c.hear(t, "idle ")
	if _, err := fmt.Sscan(line, &without, &with, &cpu, &reads, &switches, &queries); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	t.Logf("idle for %v: %v of CPU time, %d reads, %d pauses of threads, %d queries", idleTime, cpu, reads, switches, queries)
	seconds := int64(idleTime / time.Second)
	if limit := idleTime / 100; cpu > limit {
		t.Errorf("it took %v of CPU time, want at most %v", cpu, limit)
	}
	if limit := seconds + 1; queries > limit { // where a second begins is nobody's promise
		t.Errorf("it made %d queries, want at most %d", queries, limit)
	}
	if limit := 4 * seconds; reads > limit { // a query reads once or twice
		t.Errorf("it read %d times, want at most %d", reads, limit)
	}
	if limit := 60 * seconds; switches > limit {
		t.Errorf("its threads woke up %d times, want at most %d", switches, limit)
	}
	if with > without {
		t.Errorf("%d goroutines with %d waiting runs, %d with one: want no more", with, waitingRuns, without)
	}
	c.tell(t, "end")
	c.hear(t, "ended")
}

// playIdle serves a file with waiting runs and tells what that takes.
func playIdle(path string) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	failing := countTo(func(*engine.Context, *count) error { return fmt.Errorf("not yet") })
	failing.Steps[0].Retry = engine.Retry{Attempts: -1, Initial: time.Hour, Max: time.Hour}
	queries := tally.New()
	eng, err := engine.Open(tally.With(ctx, queries), engine.Config{Path: path}, failing)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- eng.Serve(ctx) }()
	if err := fill(ctx, eng, 1); err != nil { // so that everything that is lazy is there
		return err
	}
	without := runtime.NumGoroutine()
	if err := fill(ctx, eng, waitingRuns); err != nil {
		return err
	}
	measureIdle(without, queries)
	bufio.NewScanner(os.Stdin).Scan()
	stop()
	if err := <-ended; err != nil {
		return err
	}
	fmt.Println("ended")
	return eng.Close()
}

// fill starts runs until n of them wait for their second attempt.
func fill(ctx context.Context, eng *engine.Engine, n int) error {
	watch, stop := context.WithCancel(ctx)
	defer stop()
	for ticks := eng.Watch(watch); ; {
		waiting, err := eng.Query(ctx, "SELECT count(*), sum(status = 'waiting') FROM wf_runs", 1)
		if err != nil {
			return err
		}
		have, _ := waiting.Rows[0][0].(int64)
		wait, _ := waiting.Rows[0][1].(int64)
		if have == int64(n) && wait == have {
			return nil
		}
		if err := startMany(ctx, eng, n-int(have)); err != nil {
			return err
		}
		<-ticks
	}
}

// startMany starts n runs, many at a time so that they share commits.
func startMany(ctx context.Context, eng *engine.Engine, n int) error {
	const atATime = 100
	errs := make(chan error, atATime)
	for i := range atATime {
		go func() { // startMany waits for its error
			var err error
			for j := i; j < n && err == nil; j += atATime {
				_, err = counting.Start(ctx, eng, count{N: 1}, nil)
			}
			errs <- err
		}()
	}
	var all error
	for range atATime {
		all = errors.Join(all, <-errs)
	}
	return all
}

// measureIdle says what this process does while nothing happens.
func measureIdle(goroutines int, queries *tally.Tally) {
	time.Sleep(time.Second) // what was under way ends
	runtime.GC()
	cpu, switches := usage()
	reads := readCalls()
	queries.Take()
	time.Sleep(idleTime)
	cpuNow, switchesNow := usage()
	fmt.Println("idle", goroutines, runtime.NumGoroutine(), int64(cpuNow-cpu), readCalls()-reads, switchesNow-switches, queries.Take().Sum())
}

// usage returns the CPU time of this process, and how often its threads went to sleep.
func usage() (cpu time.Duration, switches int64) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), int64(u.Nvcsw)
}

// readCalls returns how many reads this process has asked of the kernel, 0 where that is not counted.
func readCalls() (n int64) {
	f, err := os.Open("/proc/self/io")
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if _, err := fmt.Sscanf(s.Text(), "syscr: %d", &n); err == nil {
			return n
		}
	}
	return 0
}
