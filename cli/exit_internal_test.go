package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine"
)

func TestExitCode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		want int
	}{
		{"none", nil, 0},
		{"any other", errors.New("disk on fire"), 1},
		{"storage", engine.ErrStorage, 1},
		{"no file", engine.ErrNoFile, 1},
		{"usage", usagef("bad flag"), 2},
		{"unknown workflow", fmt.Errorf("%w: x", engine.ErrWorkflowUnknown), 2},
		{"unknown run", engine.ErrRunNotFound, 2},
		{"input", &engine.InputError{Workflow: "w", Err: errors.New("bad")}, 2},
		{"key", engine.ErrKeyConflict, 2},
		{"transition", &engine.TransitionError{RunID: 1, From: engine.Completed, To: engine.Paused}, 2},
		{"failed", &engine.RunError{RunID: 1, Status: engine.Failed}, 3},
		{"cancelled", &engine.RunError{RunID: 1, Status: engine.Cancelled}, 4},
		{"blocked", &engine.RunError{RunID: 1, Status: engine.Blocked}, 5},
		{"owned", fmt.Errorf("run 1: %w", engine.ErrRunOwned), 6},
		{"suspended", &engine.RunError{RunID: 1, Status: engine.Suspended}, 75},
		{"interrupted", fmt.Errorf("begin: %w", context.Canceled), 75},
		{"a code", codeError(85), 85},
		{"joined", errors.Join(codeError(3), nil), 3},
		{"hinted", hinted(usagef("bad"), "do better"), 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := exitCode(test.err); got != test.want {
				t.Errorf("exitCode(%v) = %d, want %d", test.err, got, test.want)
			}
		})
	}
}

func TestEveryStatusHasItsCode(t *testing.T) {
	t.Parallel()
	for _, s := range engine.Statuses() {
		if statusCode(s) == ExitError {
			t.Errorf("status %s has no exit code", s)
		}
	}
}

func TestWorse(t *testing.T) {
	t.Parallel()
	order := []int{ExitOK, ExitRunning, ExitSuspended, ExitCancelled, ExitFailed, ExitBlocked, ExitUsage, ExitError}
	for i, a := range order {
		for j, b := range order {
			if got, want := worse(a, b), order[max(i, j)]; got != want {
				t.Errorf("worse(%d, %d) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestMessageIsOneLine(t *testing.T) {
	t.Parallel()
	err := hinted(errors.Join(errors.New("first\r\n\tgoroutine 1"), errors.New("second\x1b[2J")), "run %q", "x")
	got := message(err)
	if want := `first; goroutine 1; second [2J; run "x"`; got != want || strings.ContainsAny(got, "\n\x1b") {
		t.Errorf("message = %q, want %q", got, want)
	}
}

func TestShellWord(t *testing.T) {
	t.Parallel()
	tests := []struct{ word, want string }{
		{"wf.db", "wf.db"},
		{"/tmp/my runs/wf.db", "'/tmp/my runs/wf.db'"},
		{"it's", `'it'\''s'`},
		{"", "''"},
	}
	for _, test := range tests {
		if got := shellWord(test.word); got != test.want {
			t.Errorf("shellWord(%q) = %s, want %s", test.word, got, test.want)
		}
	}
}
