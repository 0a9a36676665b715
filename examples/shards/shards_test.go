package main

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/durable-wf/wf/engine"
)

// All payments are made, each once and in the file of its key, also when the program is run again.
func TestPaymentsAreShared(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const payments, files = 60, 3
	for range 2 {
		if err := run(t.Context(), dir, files, payments); err != nil {
			t.Fatal(err)
		}
	}
	shards, err := Open(t.Context(), dir, files, workflow())
	if err != nil {
		t.Fatal(err)
	}
	defer shards.Close() //nolint:errcheck // it has only read
	found := 0
	for i, eng := range shards {
		runs, err := eng.List(t.Context(), engine.RunFilter{Statuses: []engine.Status{engine.Completed}})
		if err != nil || len(runs) == 0 {
			t.Errorf("file %d has %d runs, %v", i, len(runs), err)
		}
		for _, run := range runs {
			if shards.For(run.Key) != eng {
				t.Errorf("the run with key %q is in file %d", run.Key, i)
			}
		}
		found += len(runs)
	}
	if found != payments {
		t.Errorf("%d runs, want %d", found, payments)
	}
	removed, err := shards.Prune(t.Context(), engine.Retention{})
	if err != nil || removed.Runs != payments {
		t.Errorf("Prune = %+v, %v, want %d runs", removed, err, payments)
	}
	if files, err := filepath.Glob(filepath.Join(dir, fmt.Sprintf("wf-*-of-%02d.db", files))); err != nil || len(files) != 3 {
		t.Errorf("files: %v, %v", files, err)
	}
}
