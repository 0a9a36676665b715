package store_test

import (
	"testing"

	"github.com/durable-wf/wf/engine/internal/store"
)

// Two changes that forget calls, in one batch.
func TestForgetTwiceInOneBatch(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	w := newWorker(t, s)
	run := mustCreate(t, s, w)
	l := run.Lease()
	c := step(l, &run)
	c.Calls = []store.Call{{Visit: run.Visit, Name: "x", Value: store.Payload{Codec: "json", Data: []byte("1")}}}
	mustApply(t, s, c)
	release := hold(t, s)
	outcome := make(chan error, 2)
	for range 2 {
		c := step(l, &run)
		c.ForgetCalls = true
		s.Submit(c, func(err error) { outcome <- err })
	}
	release()
	for range 2 {
		if err := <-outcome; err != nil {
			t.Fatal(err)
		}
	}
	calls, err := s.Calls(t.Context(), run.ID, 0)
	if err != nil || len(calls) != 0 {
		t.Errorf("%d calls are left, %v", len(calls), err)
	}
}
