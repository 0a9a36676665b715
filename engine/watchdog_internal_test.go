package engine

import (
	"sync"
	"testing"
)

// Whoever begins to wait for the end of an attempt at the moment when it ends is told, and ends it no second time.
func TestWaitForAnAttemptThatEnds(t *testing.T) {
	t.Parallel()
	for range 5000 {
		w := &watchdog{}
		w.reins.begin(t.Context())
		var both sync.WaitGroup
		both.Go(func() { w.leave(returned) })
		both.Go(func() { <-w.over() })
		both.Wait()
		<-w.over()
	}
}
