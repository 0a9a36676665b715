package steps_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/steps"
)

func newEngine(t *testing.T, own ...engine.Definition) *engine.Engine {
	t.Helper()
	eng, err := engine.Open(t.Context(), engine.Config{Path: filepath.Join(t.TempDir(), "wf.db")}, steps.All(own...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := eng.Close(); err != nil {
			t.Error(err)
		}
	})
	return eng
}

// visit runs a step of a workflow once.
func visit[S, R any](ctx context.Context, t testing.TB, def engine.Workflow[S, R], step string, h *host, from S, every int64) engine.Outcome {
	t.Helper()
	doc, err := json.Marshal(from)
	if err != nil {
		t.Fatal(err)
	}
	return def.RunStep(ctx, engine.Visit{
		Ref:    engine.Ref{ID: 1, Workflow: string(def.Name), Step: step, Visit: 1, Attempt: 1},
		From:   engine.Snapshot{State: engine.Payload{Codec: "json", Data: doc}},
		Wrote:  def.Version,
		Policy: engine.Checkpoint{Every: every},
		MTBF:   24 * time.Hour,
	}, h)
}

// mustRefuse starts a workflow from inputs that are wrong, and compares what it says.
func mustRefuse(t *testing.T, def engine.Definition, inputs map[string]string) {
	t.Helper()
	for in, want := range inputs {
		_, err := def.Complete(json.RawMessage(in))
		if _, ok := errors.AsType[*engine.InputError](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("input %s: %v, want an InputError about %q", in, err, want)
		}
	}
}

// host is an engine.Host that keeps what it is given.
type host struct {
	saved       []string
	done, total int64
	progressed  func(done int64)
}

func (h *host) Save(s engine.Snapshot, done func(error)) {
	h.saved = append(h.saved, string(s.State.Data))
	go done(nil) // ends at once; the saver waits for it
}

func (h *host) Record(_ engine.Record, done func(error)) { go done(nil) }

func (h *host) Recorded(string, int64) (engine.Record, bool, error) {
	return engine.Record{}, false, nil
}

func (h *host) Progress(done, total int64) {
	h.done, h.total = done, total
	if h.progressed != nil {
		h.progressed(done)
	}
}

func (h *host) Signal() (engine.Delivered, bool, error) { return engine.Delivered{}, false, nil }

func (h *host) Children(int64) ([]engine.Run, error) { return nil, nil }

func (h *host) Annotate(string, json.RawMessage) {}

func (h *host) Folder() (string, error) { return "", errors.New("this host has no folders") }
