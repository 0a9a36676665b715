package engine_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// WAL with short-lived writers beside a reader.
func TestLogWithManyShortWriters(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	type big struct {
		Text []byte `json:"text"`
	}
	w := engine.Workflow[big, int]{Name: "b", Steps: []engine.Step[big]{{Name: "x", Do: func(ctx *engine.Context, s *big) (engine.Transition, error) { return engine.Next(), nil }}}}
	_ = openEngine(t, engine.Config{Path: path}, w) // stays
	text := make([]byte, 1<<20)
	x := uint32(1)
	for i := range text {
		x = x*1664525 + 1013904223
		text[i] = byte(x >> 24)
	}
	for range 40 {
		withEngine(t, path, func(eng *engine.Engine) {
			if _, err := w.Name.Start(t.Context(), eng, big{text}, nil); err != nil {
				t.Fatal(err)
			}
		}, w)
	}
	info, err := os.Stat(path + "-wal")
	if err != nil || info.Size() > 34<<20 {
		t.Errorf("WAL has %d MB, %v", info.Size()>>20, err)
	}
}
