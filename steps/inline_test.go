package steps_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Each loop that asks whether a save is due asks inline.
func TestDueIsInlined(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "build", "-gcflags=-m", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	asked := 0
	for _, path := range sources(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			column := strings.Index(line, "ctx.Due()")
			if column < 0 {
				continue
			}
			asked++
			want := fmt.Sprintf("%s:%d:%d: inlining call to engine.(*Context).Due", path, i+1, column+len("ctx.Due")+1)
			if !strings.Contains(string(out), want) {
				t.Errorf("go build -gcflags=-m does not say %q", want)
			}
		}
	}
	if asked == 0 {
		t.Error("no loop asks")
	}
}

func sources(t *testing.T) (paths []string) {
	t.Helper()
	all, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		if !strings.HasSuffix(path, "_test.go") {
			paths = append(paths, path)
		}
	}
	return paths
}
