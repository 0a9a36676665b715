package enginetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"testing"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/internal/codec"
)

// StepOptions are the surroundings of a step that is tested without an engine. nil means none.
type StepOptions struct {
	// Run is what [engine.Context.Run] returns. ID, UUID, Visit and Attempt are made up where it has none.
	Run engine.Ref
	// Seed of the random generator.
	Seed int64
	// Signal has led to the step; make it with [Signalled].
	Signal engine.Delivered
	// Children were spawned by the step before; make them with [Child].
	Children []engine.Run
	// Calls are results of recorded calls by name, in the order of the calls: these are not made.
	Calls map[string][]any
	// Context is where the step's context comes from: cancel it, with a cause, to stop the step. nil means
	// that of the test.
	Context context.Context
}

// Signalled is a signal that has led to a step.
func Signalled[T any](t testing.TB, signal engine.Signal[T], payload T) engine.Delivered {
	t.Helper()
	return engine.Delivered{ID: 1, Name: string(signal), Payload: encode(t, payload)}
}

// Child is a child that has completed with a result.
func Child[S, R any](t testing.TB, name engine.Name[S, R], result R) engine.Run {
	t.Helper()
	return engine.Run{Workflow: string(name), Status: engine.Completed, Result: encode(t, result).Data}
}

func encode(t testing.TB, v any) engine.Payload {
	t.Helper()
	p, err := codec.Encode(codec.JSON, v)
	if err != nil {
		t.Fatalf("encoding %T: %v", v, err)
	}
	return p
}

// host is what a step has around it when there is no engine: whatever it keeps is kept in memory.
type host struct {
	log      *slog.Logger
	signal   engine.Delivered
	children []engine.Run
	given    map[string][]engine.Payload

	mu       sync.Mutex // guards what follows
	saves    []engine.Snapshot
	calls    []string // that were made, with a result
	progress engine.Progress
	notes    map[string]json.RawMessage

	folder func() string // makes a folder that the test removes
}

func newHost(t testing.TB, o *StepOptions) *host {
	t.Helper()
	h := &host{
		log: slog.New(slog.NewTextHandler(t.Output(), nil)), signal: o.Signal, given: map[string][]engine.Payload{},
		progress: engine.Progress{Done: -1, Total: -1}, notes: map[string]json.RawMessage{}, folder: sync.OnceValue(t.TempDir),
	}
	for i, run := range o.Children {
		run.ID, run.Place, run.Parent = int64(1000+i), i, 1
		h.children = append(h.children, run)
	}
	for name, results := range maps.All(o.Calls) {
		for _, v := range results {
			h.given[name] = append(h.given[name], encode(t, v))
		}
	}
	return h
}

// visit is an attempt of a step.
func (o *StepOptions) visit(workflow, step string, version int, state engine.Payload) engine.Visit {
	ref := o.Run
	ref.Workflow, ref.Step = workflow, step
	if ref.ID == 0 {
		ref.ID = 1
	}
	if ref.UUID == "" {
		ref.UUID = "01980000-0000-7000-8000-000000000001"
	}
	ref.Visit, ref.Attempt, ref.Epoch = max(ref.Visit, 1), max(ref.Attempt, 1), max(ref.Epoch, 1)
	return engine.Visit{
		Ref: ref, From: engine.Snapshot{State: state, Done: -1, Total: -1}, Wrote: version, Seed: o.Seed,
	}
}

// Save keeps a checkpoint.
func (h *host) Save(s engine.Snapshot, done func(error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.saves = append(h.saves, s)
	go done(nil) // which may take a lock that the caller holds
}

var errNoDatabase = errors.New("it needs a database: test it with enginetest.New")

// Record keeps the result of a recorded call.
func (h *host) Record(r engine.Record, done func(error)) {
	if r.Tx != nil {
		go done(fmt.Errorf("call %q: %w", r.Name, errNoDatabase))
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, r.Name)
	go done(nil)
}

// Recorded returns a result that the test has given.
func (h *host) Recorded(name string, n int64) (engine.Record, bool, error) {
	results := h.given[name]
	if n >= int64(len(results)) {
		return engine.Record{}, false, nil
	}
	return engine.Record{Name: name, N: n, Value: results[n]}, true, nil
}

// Signal returns the signal that the test has given.
func (h *host) Signal() (engine.Delivered, bool, error) { return h.signal, h.signal.Name != "", nil }

// Children returns the children that the test has given, on one page.
func (h *host) Children(after int64) ([]engine.Run, error) {
	return h.children[min(after+1, int64(len(h.children))):], nil
}

// Progress keeps what the step tells.
func (h *host) Progress(done, total int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.progress = engine.Progress{Done: done, Total: total}
}

// Annotate keeps a note.
func (h *host) Annotate(name string, value json.RawMessage) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.notes[name] = value
}

// Folder is a temporary folder.
func (h *host) Folder() (string, error) { return h.folder(), nil }

// Logger is where Context.Log writes to.
func (h *host) Logger() *slog.Logger { return h.log }
