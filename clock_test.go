package wf_test

import (
	"go/ast"
	"path/filepath"
	"slices"
	"testing"
)

// measuring lists the files of the engine and its store that ask Go for the time: for how long something takes,
// how old a file is, or how long this process may live. What is due is asked of the clock, or else it is not due
// in a test's own time.
var measuring = []string{
	"ahead.go", "attempt.go", "backup.go", "birth.go", "call.go", "collect.go", "commit.go", "compensation.go",
	"execution.go", "execution_host.go", "hook_fire.go", "knownfiles.go", "learned.go", "limits.go", "observe.go",
	"pace.go", "patience.go", "payloadfile.go", "payloadput.go", "pulse.go", "saver.go", "schema.go", "settle.go",
	"stall.go", "stop.go", "timelimit.go", "watchdog.go",
}

func TestWhatIsDueIsAskedOfTheClock(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if p.name() != "engine" && p.name() != "engine/internal/store" {
			continue
		}
		for _, path := range p.files() {
			set, file := parse(t, path)
			ast.Inspect(file, func(node ast.Node) bool {
				use, ok := node.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				of, ok := use.X.(*ast.Ident)
				asks := ok && of.Name == "time" && slices.Contains([]string{"Now", "Since", "Until"}, use.Sel.Name)
				if asks && !slices.Contains(measuring, filepath.Base(path)) {
					t.Errorf("%s asks Go for the time: ask the engine's clock, or list the file as one that measures", set.Position(use.Pos()))
				}
				return true
			})
		}
	}
}
