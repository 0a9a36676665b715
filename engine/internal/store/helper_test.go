package store_test

import (
	"context"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/durable-wf/wf/engine/internal/store"
)

// newStore opens a new database in a folder of the test's own.
func newStore(t testing.TB) *store.Store {
	t.Helper()
	return mustOpen(t, store.Options{Path: filepath.Join(t.TempDir(), "wf.db"), Create: true})
}

func mustOpen(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), o)
	if err != nil {
		t.Fatalf("Open(%+v): %v", o, err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// newWorker inserts a worker and returns its number.
func newWorker(t testing.TB, s *store.Store) int64 {
	t.Helper()
	w := store.Worker{UUID: uuid.NewString(), Host: "here", PID: 1, Program: "test", Version: "1"}
	if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.InsertWorker(&w) }); err != nil {
		t.Fatalf("InsertWorker: %v", err)
	}
	return w.ID
}

// jsonState returns a checkpoint with text as its JSON state.
func jsonState(text string) store.Checkpoint {
	return store.Checkpoint{
		State:    store.Payload{Codec: "json", Data: []byte(text)},
		Checksum: crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli)),
	}
}

// newCreate returns a run to be created, owned by worker if that is not zero.
func newCreate(worker int64) *store.Create {
	return &store.Create{
		Run: store.Run{
			UUID: uuid.Must(uuid.NewV7()).String(), Workflow: "test", Version: 1, Fingerprint: "f", Step: "one",
			Keep: "history", Seed: 7, Owner: worker, Checkpoint: jsonState(`{"n":0}`),
		},
		InputHash: []byte("input"),
		History:   store.History{Kind: "created", DurationUS: -1},
	}
}

func mustCreate(t testing.TB, s *store.Store, worker int64) store.Run {
	t.Helper()
	run, err := s.Create(t.Context(), newCreate(worker))
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	return run
}

// step returns the change by which run moves one visit on, with a new state.
func step(l *store.Lease, run *store.Run) *store.Change {
	run.Visit++
	run.Checkpoint = jsonState(fmt.Sprintf(`{"n":%d}`, run.Visit))
	return &store.Change{
		Lease: l, Row: *run, State: true,
		History: []store.History{{Kind: "transition", Step: run.Step, Next: run.Step, Visit: run.Visit, Attempt: 1, DurationUS: 5, Worker: run.Owner}},
	}
}

// end returns the change by which run ends with the status.
func end(l *store.Lease, run *store.Run, status string) *store.Change {
	run.Status, run.Owner = status, 0
	return &store.Change{Lease: l, Row: *run, History: []store.History{{Kind: status, DurationUS: -1}}}
}

func mustApply(t testing.TB, s *store.Store, c *store.Change) {
	t.Helper()
	if err := s.Apply(t.Context(), c); err != nil {
		t.Fatalf("Apply: %v", err)
	}
}

func mustRun(t testing.TB, s *store.Store, id int64) store.Run {
	t.Helper()
	run, err := s.Run(t.Context(), id)
	if err != nil {
		t.Fatalf("Run(%d): %v", id, err)
	}
	return run
}
