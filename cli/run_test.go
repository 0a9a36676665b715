package cli_test

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/durable-wf/wf/cli"
)

// invoke runs a command line in this process.
func invoke(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = cli.Run(ctx, args, strings.NewReader(""), &out, &errs, definitions()...)
	return code, out.String(), errs.String()
}

// TestRun runs two command lines at the same time, each with its own streams.
func TestRun(t *testing.T) {
	t.Parallel()
	for _, n := range []string{"10", "20"} {
		t.Run(n, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := invoke(t.Context(), "start", "--db", filepath.Join(t.TempDir(), "wf.db"), "sum", "--n", n)
			want := map[string]string{"10": "55\n", "20": "210\n"}[n]
			if code != cli.ExitOK || stdout != want || stderr != "run 1 (sum) started\n" {
				t.Errorf("code %d, stdout %q, stderr %q; want 0, %q and that it started", code, stdout, stderr, want)
			}
		})
	}
}

// TestInterruptedWait ends a wait for a retry in an orderly way, and tells how to go on.
func TestInterruptedWait(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "my wf.db")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out bytes.Buffer
	errs := &watched{word: "waits until", seen: cancel}
	code := cli.Run(ctx, []string{"start", "--db", db, "flaky", "--until", "/nowhere/at/all"}, strings.NewReader(""), &out, errs, definitions()...)
	if code != cli.ExitSuspended || out.Len() > 0 {
		t.Errorf("code %d, stdout %q; want %d and nothing", code, &out, cli.ExitSuspended)
	}
	if want := "go on with: wf resume 1 --db '" + db + "'\n"; !strings.HasSuffix(errs.String(), want) {
		t.Errorf("stderr = %q, want it to end with %q", errs, want)
	}
}

// TestInterruptedBeforeStart starts nothing.
func TestInterruptedBeforeStart(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, stdout, stderr := invoke(ctx, "start", "--db", filepath.Join(t.TempDir(), "wf.db"), "sum", "--n", "3")
	if code != cli.ExitSuspended || stdout != "" || stderr != "wf: interrupted\n" {
		t.Errorf("code %d, stdout %q, stderr %q; want %d and that it was interrupted", code, stdout, stderr, cli.ExitSuspended)
	}
}

// watched is a stream that tells when a word has been written to it.
type watched struct {
	bytes.Buffer
	word string
	seen func()
}

func (w *watched) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if strings.Contains(w.String(), w.word) {
		w.seen()
	}
	return n, err
}
