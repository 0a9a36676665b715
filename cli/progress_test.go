package cli_test

import (
	"bytes"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// TestProgressOnTerminal sees a bar on a terminal, with the result beside it on stdout.
func TestProgressOnTerminal(t *testing.T) {
	t.Parallel()
	screen, stdout := beside(t, "start", "--db", filepath.Join(t.TempDir(), "wf.db"), "--every", "1", "sum", "--n", "400", "--delay", "2ms")
	if stdout != "80200\n" {
		t.Errorf("stdout = %q, want the result alone", stdout)
	}
	for _, want := range []string{`run 1 \(sum\) started`, `run 1 \(sum\) .* % +\d+ of 400 +[0-9.]+ /s +ETA \d+s`} {
		if !regexp.MustCompile(want).MatchString(screen) {
			t.Errorf("the screen does not match %q: %q", want, screen)
		}
	}
}

// TestResultOnTerminal leaves the result on a screen that the bar was on.
func TestResultOnTerminal(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "wf", "start", "--db", filepath.Join(t.TempDir(), "wf.db"), "sum", "--n", "300", "--delay", "2ms")
	screen := onTerminal(t, cmd)
	const erase = "\x1b[J"
	if i := strings.LastIndex(screen, erase); i < 0 || !strings.Contains(screen[i:], "45150") {
		t.Errorf("the result does not come after the bar: %q", screen)
	}
}

// TestFamilyOnTerminal sees how many of a run's children have ended.
func TestFamilyOnTerminal(t *testing.T) {
	t.Parallel()
	screen, _ := beside(t, "start", "--db", filepath.Join(t.TempDir(), "wf.db"), "sweep", "--workflow", "sum",
		"--grid", "n=60..67", "--set", "delay=3ms", "--limit", "1")
	if want := `run 1 \(sweep\) .* % +[1-8] of 8 +[0-9.]+ /s`; !regexp.MustCompile(want).MatchString(screen) {
		t.Errorf("the screen does not match %q: %q", want, screen)
	}
}

// TestQuietOnTerminal sees nothing.
func TestQuietOnTerminal(t *testing.T) {
	t.Parallel()
	screen, stdout := beside(t, "start", "--quiet", "--db", filepath.Join(t.TempDir(), "wf.db"), "sum", "--n", "100", "--delay", "2ms")
	if stdout != "5050\n" || screen != "" {
		t.Errorf("stdout = %q, screen = %q; want the result and nothing", stdout, screen)
	}
}

// onTerminal runs wf on a terminal, but for what cmd sends elsewhere, and returns what was shown.
func onTerminal(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 120})
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close() //nolint:errcheck // read to its end
	var shown bytes.Buffer
	_, _ = io.Copy(&shown, terminal) // ends with an error when the process has ended
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %v: %s", cmd.Args, err, &shown)
	}
	return shown.String()
}

// beside runs wf with its stderr on a terminal and its stdout elsewhere, and returns both.
func beside(t *testing.T, args ...string) (screen, stdout string) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "wf", args...)
	cmd.Stdout = &out
	screen = onTerminal(t, cmd)
	return screen, out.String()
}
