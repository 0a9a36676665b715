package engine_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/durable-wf/wf/engine"
)

func TestProvenanceIsThatOfTheNewestOwner(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	told := func(name string) func(context.Context, func(json.RawMessage)) {
		return func(_ context.Context, tell func(json.RawMessage)) {
			tell(json.RawMessage(`{"process":"early"}`))
			tell(json.RawMessage(`{"process":"` + name + `"}`))
			tell(json.RawMessage(`{"process":`)) // no JSON: what was told before stays
		}
	}
	first, err := engine.Open(t.Context(), engine.Config{Path: path, Provenance: told("first")}, countTo(nil))
	if err != nil {
		t.Fatal(err)
	}
	run, err := counting.Start(t.Context(), first, count{N: 3}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if worker, doc, err := first.Provenance(t.Context(), run.ID); worker != 0 || doc != nil || err != nil {
		t.Errorf("of a run that nobody has executed: %d, %s, %v; want nothing", worker, doc, err)
	}
	if _, err := first.Execute(t.Context(), run.ID, nil); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil { // waits until it is recorded
		t.Fatal(err)
	}
	second, err := engine.Open(t.Context(), engine.Config{Path: path, Provenance: told("second")}, countTo(nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := counting.Run(t.Context(), second, count{N: 3}, &engine.StartOptions{Keep: engine.KeepNone}); err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	eng := openEngine(t, engine.Config{Path: path})
	for id, want := range map[int64]string{run.ID: `{"process":"first"}`, run.ID + 1: "", 99: ""} { // the history of the second is deleted
		if _, doc, err := eng.Provenance(t.Context(), id); string(doc) != want || err != nil {
			t.Errorf("of run %d: %s, %v; want %s", id, doc, err, want)
		}
	}
}
