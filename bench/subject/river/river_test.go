package river_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/durable-wf/wf/bench/subject"
	"github.com/durable-wf/wf/bench/subject/river"
	"github.com/durable-wf/wf/bench/subject/subjecttest"
)

func TestSubjects(t *testing.T) {
	t.Parallel()
	subjecttest.Check(t, river.Subjects(), map[string]string{
		"river":       "DELETE, synchronous=FULL",
		"river-tuned": "WAL, synchronous=FULL",
	})
}

// A run whose step has failed goes on with that step, and with what the steps before it have added up to.
func TestRecordedStepsAreNotRepeated(t *testing.T) {
	t.Parallel()
	for _, s := range river.Subjects() {
		t.Run(s.Key, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var seen [4]int
			step := func(_ context.Context, _ string, i int) (int64, error) {
				mu.Lock()
				defer mu.Unlock()
				if seen[i]++; i == 2 && seen[i] == 1 {
					return 0, errors.New("this once")
				}
				return int64(i + 1), nil
			}
			sys, err := s.Open(t.Context(), subject.Options{Dir: t.TempDir(), InFlight: 1, Step: step})
			if err != nil {
				t.Fatal(err)
			}
			defer sys.Close(context.WithoutCancel(t.Context()))
			r, err := sys.Start(t.Context(), "run", subject.Shape{Steps: len(seen)})
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Wait(t.Context())
			if err != nil || got != 10 || seen != [4]int{1, 1, 2, 1} {
				t.Errorf("Wait() = %d, %v after executions %v, want 10 after [1 1 2 1]", got, err, seen)
			}
		})
	}
}
