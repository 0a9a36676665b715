package peer_test

import (
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/durable-wf/wf/internal/peer"
)

// recorder is a testing.TB that notes how a test would have ended.
type recorder struct {
	testing.TB
	fatal, skip string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.fatal = format
	runtime.Goexit()
}

func (r *recorder) Skipf(format string, args ...any) {
	r.skip = format
	runtime.Goexit()
}

// try runs fn with a recorder, as the testing package would.
func try(t *testing.T, fn func(testing.TB)) *recorder {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() { // ends with fn
		defer close(done)
		fn(r)
	}()
	<-done
	return r
}

func TestMissingProgramFailsInCI(t *testing.T) {
	look := func(r testing.TB) { peer.Command(r, "no-such-program-anywhere") }
	t.Setenv("CI", "true")
	if r := try(t, look); r.fatal == "" || r.skip != "" {
		t.Errorf("in CI: fatal %q, skip %q; want fatal", r.fatal, r.skip)
	}
	t.Setenv("CI", "")
	if r := try(t, look); r.skip == "" || r.fatal != "" {
		t.Errorf("elsewhere: fatal %q, skip %q; want skip", r.fatal, r.skip)
	}
}

func TestMissingModuleFailsInCI(t *testing.T) {
	t.Setenv("CI", "true")
	if r := try(t, func(r testing.TB) { peer.Python(r, "no_such_module_anywhere") }); r.fatal == "" {
		t.Error("a missing module is not fatal in CI")
	}
}

func TestPythonIsOne(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), peer.Python(t, "json"), "-c", "print(6*7)").Output()
	if err != nil || strings.TrimSpace(string(out)) != "42" {
		t.Errorf("python: %q, %v", out, err)
	}
}
