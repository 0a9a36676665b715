package enginetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine"
)

const misspelt = `package p

import (
	"cmp"

	wf "github.com/durable-wf/wf/engine"
)

const home, away = "begin", "aback"

func steps() {
	_ = wf.Goto("begin")
	_ = wf.Goto("bgin")
	_ = wf.Goto(home)
	_ = wf.Goto(away)
	_ = wf.Sleep(1, "ende")
	_ = wf.SleepUntil(now, "end")
	_ = wf.Spawn(children, "gather")
	_ = packed.Await("end").Within(1, "late").Or(other, "end")
	_ = packed.Await("end").Within(1, "end").Or(other, "others")
	_ = cmp.Or("x", "y")
	_ = wf.Goto("be" + suffix)
}
`

func TestCheckNamesFindsMisspeltSteps(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := map[string]string{"p.go": misspelt, "other.go": "package p\n\nfunc f() { x.Await(\"nothing to do with it\") }\n"}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	def := engine.Workflow[struct{}, int]{Name: "w", Steps: []engine.Step[struct{}]{{Name: "begin"}, {Name: "end"}}}
	got := failures(t, func(t testing.TB) { checkNames(t, dir, def) })
	want := []string{
		`p.go:13:14: no workflow has a step "bgin"; the nearest is "begin"`,
		`p.go:15:14: no workflow has a step "aback"`,
		`p.go:16:18: no workflow has a step "ende"; the nearest is "end"`,
		`p.go:18:25: no workflow has a step "gather"`,
		`p.go:19:36: no workflow has a step "late"`,
		`p.go:20:53: no workflow has a step "others"`,
	}
	lines := strings.Split(got, "\n")
	if len(lines) != len(want) {
		t.Fatalf("found %d names, want %d:\n%s", len(lines), len(want), got)
	}
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("not found: %s\nin:\n%s", w, got)
		}
	}
}
