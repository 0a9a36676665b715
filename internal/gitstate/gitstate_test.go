package gitstate_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/durable-wf/wf/internal/gitstate"
)

// git runs git in a folder, without what the machine's owner has configured.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mustBe(t *testing.T, what, dir string, want gitstate.State) {
	t.Helper()
	if got, err := gitstate.Of(t.Context(), dir); err != nil || got != want {
		t.Errorf("%s: %+v, %v; want %+v", what, got, err, want)
	}
}

func TestStateOfAWorkingTree(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	git(t, dir, "init", "-q", "-b", "main")
	mustBe(t, "before the first commit", dir, gitstate.State{Branch: "main"})
	write(t, filepath.Join(dir, "sum.py"), "print(1)\n")
	mustBe(t, "with a file that git does not know", dir, gitstate.State{Branch: "main"})
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-q", "-m", "sum")
	head := git(t, dir, "rev-parse", "HEAD")
	mustBe(t, "committed", dir, gitstate.State{Commit: head, Branch: "main"})
	sub := filepath.Join(dir, "results")
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(sub, "result.csv"), "1\n")
	mustBe(t, "in a folder of results", sub, gitstate.State{Commit: head, Branch: "main"})
	write(t, filepath.Join(dir, "sum.py"), "print(2)\n")
	mustBe(t, "changed", sub, gitstate.State{Commit: head, Branch: "main", Dirty: true})
	git(t, dir, "checkout", "-q", "--detach")
	mustBe(t, "on no branch", dir, gitstate.State{Commit: head, Dirty: true})
	if got, want := (gitstate.State{Commit: head, Dirty: true}).String(), head[:12]+"+dirty"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

func TestNoWorkingTree(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none")} {
		if got, err := gitstate.Of(t.Context(), dir); !errors.Is(err, gitstate.ErrNone) || got != (gitstate.State{}) {
			t.Errorf("%s: %+v, %v; want %v", dir, got, err, gitstate.ErrNone)
		}
	}
}

// Outside of working trees git is not started: that would cost each short run as much as itself.
func TestGitIsNotStartedForNothing(t *testing.T) {
	bin, dir := t.TempDir(), t.TempDir()
	script := "#!/bin/sh\ntouch '" + filepath.Join(bin, "started") + "'\nexit 128\n"
	if err := os.WriteFile(filepath.Join(bin, "git"), []byte(script), 0o700); err != nil { //nolint:gosec // it is a program
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	if _, err := gitstate.Of(t.Context(), dir); !errors.Is(err, gitstate.ErrNone) {
		t.Errorf("Of() = %v, want %v", err, gitstate.ErrNone)
	}
	if _, err := os.Stat(filepath.Join(bin, "started")); err == nil {
		t.Error("git was started in a folder that is in no working tree")
	}
}

func TestGitThatTakesTooLong(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := gitstate.Of(ctx, t.TempDir()); !errors.Is(err, context.Canceled) || errors.Is(err, gitstate.ErrNone) {
		t.Errorf("after its time: %v, want %v", err, context.Canceled)
	}
}
