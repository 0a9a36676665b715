package postgres_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/durable-wf/wf/bench/postgres"
	"github.com/durable-wf/wf/internal/peer"
)

func TestServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start := func() (*postgres.Server, string) {
		t.Helper()
		s, err := postgres.Start(t.Context(), dir)
		if errors.Is(err, postgres.ErrAbsent) {
			peer.Missing(t, err.Error(), "postgresql")
		}
		if err != nil {
			t.Fatalf("Start: %v", err)
		}
		status, err := os.ReadFile(filepath.Join(dir, "postgres", "data", "postmaster.pid"))
		if err != nil {
			t.Fatal(err)
		}
		pid, _, _ := strings.Cut(string(status), "\n")
		return s, pid
	}
	_, first := start()
	s, second := start()
	if first != second {
		t.Errorf("a server that runs has process id %s, and %s when it is started again, want the same one", first, second)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatalf("Stop: %v", err)
	}
	s, third := start()
	if third == first {
		t.Errorf("a server that was stopped and started again has process id %s still", first)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
}
