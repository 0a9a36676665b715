package engine_test

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Steering a run that this process has just claimed does not make it execute twice.
func TestSteerJustClaimed(t *testing.T) {
	t.Parallel()
	var b lockedBuffer
	w := oneStep("r", func(ctx *engine.Context, _ *count) (engine.Transition, error) {
		<-ctx.Done()
		return engine.Transition{}, ctx.Err()
	})
	eng := openEngine(t, engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), Workers: 200, Logger: slog.New(slog.NewTextHandler(&b, nil))}, w)
	serve(t, eng)
	for range 20 {
		var ids []int64
		for range 20 {
			run, err := w.Name.Start(t.Context(), eng, count{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, run.ID)
		}
		var wg sync.WaitGroup
		for _, id := range ids {
			wg.Go(func() {
				if _, err := eng.Cancel(t.Context(), id, ""); err != nil {
					t.Error(err)
				}
				wctx, wc := context.WithTimeout(t.Context(), 4*time.Second)
				defer wc()
				if r, err := eng.Wait(wctx, id); err != nil {
					l := b.String()
					t.Errorf("run %d %s want %q epoch %d: %v\n%d lines of log: %.1500s", id, r.Status, r.Want, r.Epoch, err, strings.Count(l, "\n"), l)
				}
			})
		}
		wg.Wait()
	}
	if n := strings.Count(b.String(), "lease lost"); n > 0 {
		t.Errorf("%d runs were taken away from this process by itself", n)
	}
}
