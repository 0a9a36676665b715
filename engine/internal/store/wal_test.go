package store_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
)

// The log stays short under sustained load, though a reader pages through the tables all the time.
func TestLogStaysShort(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("writes 100 MB")
	}
	s := newStore(t)
	worker := newWorker(t, s)
	stop, cancel := context.WithCancel(t.Context())
	var reader sync.WaitGroup
	reader.Go(func() {
		for after := int64(0); stop.Err() == nil; {
			rows, err := s.History(context.Background(), store.HistoryFilter{AfterID: after, Limit: 1000})
			if err != nil {
				t.Errorf("History: %v", err)
				return
			}
			if after = 0; len(rows) > 0 {
				after = rows[len(rows)-1].ID
			}
		}
	})
	var largest int64
	begun := time.Now()
	for time.Since(begun) < 4*time.Second {
		submitSteps(t, s, worker, 5000)
		info, err := os.Stat(s.Path() + "-wal")
		must(t, err)
		largest = max(largest, info.Size())
	}
	cancel()
	reader.Wait()
	pages := count(t, s, "wf_history")
	t.Logf("%d history rows, log at most %.1f MB", pages, float64(largest)/(1<<20))
	if largest > 24<<20 {
		t.Errorf("the log grew to %.1f MB, want at most 24", float64(largest)/(1<<20))
	}
}
