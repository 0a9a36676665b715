//go:build unix

package wf_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A run whose process was killed goes on in another folder, with another database, from its checkpoint, and comes
// home when it is done. Both histories verify. While it is executed it is not packed.
func TestKilledRunIsPackedAndGoesOnElsewhere(t *testing.T) {
	t.Parallel()
	home, there := t.TempDir(), t.TempDir()
	p := slowSum(t, home)
	refused := launch(t, home, wf(t), "pack", "1", "-o", filepath.Join(there, "run.wf"))
	refused.expect(6)
	mustContain(t, refused.stderr.String(), "another process executes the run")
	mustContain(t, refused.stderr.String(), "; wf pause 1")
	p.kill()

	mustRun(t, home, wf(t), "pack", "1", "-o", filepath.Join(there, "run.wf"))
	if got := mustRun(t, there, wf(t), "unpack", "run.wf", "--db", "other.db"); got != "1\n" {
		t.Errorf("unpack printed %q, want the run's number", got)
	}
	text, err := os.ReadFile(filepath.Join(there, "run.wf"))
	if err != nil || strings.Contains(string(text), home) {
		t.Errorf("the pack names the folder it comes from, or cannot be read: %v", err)
	}
	said := launch(t, there, wf(t), "resume", "1", "--db", "other.db")
	said.expect(0)
	if got := strings.TrimSpace(said.stdout.String()); got != "78" {
		t.Errorf("there the sum is %q, want 78", got)
	}
	mustContain(t, said.stderr.String(), "goes on from i=5 total=15")
	mustRun(t, there, wf(t), "verify", "--db", "other.db")
	mustRun(t, there, wf(t), "check", "--db", "other.db")

	stays := launch(t, home, wf(t), "resume", "1")
	stays.expect(2)
	mustContain(t, stays.stderr.String(), "was packed and may go on elsewhere")
	mustRun(t, there, wf(t), "pack", "1", "-o", "back.wf", "--db", "other.db")
	mustRun(t, home, wf(t), "unpack", filepath.Join(there, "back.wf"))
	if got := mustRun(t, home, wf(t), "show", "1"); !strings.Contains(got, "78") {
		t.Errorf("at home it shows %s", got)
	}
	mustRun(t, home, wf(t), "verify")
	mustRun(t, home, wf(t), "check")
}
