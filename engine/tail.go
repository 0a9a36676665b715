package engine

import (
	"slices"
	"time"
)

// tail remembers the newest of a series of times, for the longest of them. It is not safe for concurrent use.
type tail struct {
	ring []time.Duration // at most tailLength
	next int             // place of the next one, once the ring is full
}

const tailLength = 100

func (t *tail) add(d time.Duration) {
	if len(t.ring) < tailLength {
		t.ring = append(t.ring, d)
		return
	}
	t.ring[t.next] = d
	t.next = (t.next + 1) % tailLength
}

// longest is the longest of the newest hundred; 0 if there is none.
func (t *tail) longest() time.Duration {
	if len(t.ring) == 0 {
		return 0
	}
	return slices.Max(t.ring)
}
