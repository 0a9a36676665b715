//go:build linux

package engine_test

import (
	"testing"

	"golang.org/x/sys/unix"
)

// Without inotify the file is looked at once a second.
func TestWithoutInotify(t *testing.T) { // not parallel: it takes what all need
	var fds []int
	for {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
		if err != nil {
			break
		}
		fds = append(fds, fd)
	}
	defer func() {
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
	}()
	t.Logf("%d instances", len(fds))
	eng := newEngine(t, countTo(nil))
	if got, err := counting.Run(t.Context(), eng, count{N: 3}, nil); err != nil || got != 6 {
		t.Errorf("Run = %d, %v; want 6", got, err)
	}
}
