package wf_test

import (
	"go/ast"
	"testing"
)

// What is longer than this is more than one thing. The linter warns about functions earlier.
const (
	maxFileLines     = 500
	maxFunctionLines = 80
)

func TestFilesAndFunctionsAreShort(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, path := range p.files() {
			set, file := parse(t, path)
			if n := set.File(file.Pos()).LineCount(); n > maxFileLines {
				t.Errorf("%s has %d lines, at most %d are allowed", path, n, maxFileLines)
			}
			ast.Inspect(file, func(node ast.Node) bool {
				fn, ok := node.(*ast.FuncDecl)
				if !ok {
					return true
				}
				if n := set.Position(fn.End()).Line - set.Position(fn.Pos()).Line + 1; n > maxFunctionLines {
					t.Errorf("%s: %s has %d lines, at most %d are allowed", set.Position(fn.Pos()), fn.Name.Name, n, maxFunctionLines)
				}
				return false
			})
		}
	}
}
