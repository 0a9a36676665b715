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
func TestLogStaysShort(t *testing.T) { // alone: a reader that gets no processor keeps its page, and the log, for long
	if testing.Short() {
		t.Skip("writes 60 MB")
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
	const rounds, perRound = 15, 4000 // 60 MB without a checkpoint
	for begun, n := time.Now(), 0; n < rounds && time.Since(begun) < 10*time.Second; n++ {
		submitSteps(t, s, worker, perRound)
		info, err := os.Stat(s.Path() + "-wal")
		must(t, err)
		largest = max(largest, info.Size())
	}
	cancel()
	reader.Wait()
	t.Logf("%d history rows, log at most %.1f MB", count(t, s, "wf_history"), float64(largest)/(1<<20))
	if largest > 24<<20 {
		t.Errorf("the log grew to %.1f MB, want at most 24", float64(largest)/(1<<20))
	}
}
