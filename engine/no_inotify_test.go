//go:build linux

package engine_test

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/durable-wf/wf/engine"
)

// takeInotify takes all instances of inotify that there are, until the test ends.
func takeInotify(t *testing.T) {
	t.Helper()
	var fds []int
	for {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
		if err != nil {
			break
		}
		fds = append(fds, fd)
	}
	t.Cleanup(func() {
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
	})
	t.Logf("%d instances", len(fds))
}

// Without inotify the file is looked at once a second.
func TestWithoutInotify(t *testing.T) { // not parallel: it takes what all need
	takeInotify(t)
	eng := newEngine(t, countTo(nil))
	if got, err := counting.Run(t.Context(), eng, count{N: 3}, nil); err != nil || got != 6 {
		t.Errorf("Run = %d, %v; want 6", got, err)
	}
}

// A place that becomes free in a full queue is taken at once by its process, whoever else hears of it.
func TestFullQueueWithoutInotify(t *testing.T) { // not parallel: it takes what all need
	takeInotify(t)
	eng := newEngine(t, countTo(nil))
	serve(t, eng)
	setQueue(t, eng, engine.DefaultQueue, engine.QueueOptions{Concurrency: ptr(1)})
	var last engine.Run
	begun := time.Now()
	for range 8 {
		last = start(t, eng, "counting", engine.StartOptions{})
	}
	if run, err := eng.Wait(t.Context(), last.ID); err != nil || run.Status != engine.Completed {
		t.Errorf("Wait: %s, %v", run.Status, err)
	}
	if took := time.Since(begun); took > 4*time.Second {
		t.Errorf("8 runs, one after the other, took %v", took)
	}
}
