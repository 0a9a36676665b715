package enginetest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/internal/input"
)

const enginePath = "github.com/durable-wf/wf/engine"

// CheckNames reads the Go files of the package that is tested, tests included, and fails the test for each step
// named in a transition that none of the workflows has: in Goto, Sleep, SleepUntil and Spawn, and in Await,
// Within and Or. It looks at string literals and at the package's constants; what a program computes it cannot
// see. Give it all workflows whose steps are written in the package.
func CheckNames(t testing.TB, defs ...engine.Definition) {
	t.Helper()
	checkNames(t, ".", defs...)
}

func checkNames(t testing.TB, dir string, defs ...engine.Definition) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no Go files in %s: %v", dir, err)
	}
	n := names{set: token.NewFileSet(), known: map[string]bool{}, consts: map[string]string{}}
	for _, def := range defs {
		for _, step := range def.Describe().Steps {
			n.known[step.Name] = true
			n.steps = append(n.steps, step.Name)
		}
	}
	for _, path := range paths {
		file, err := parser.ParseFile(n.set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		n.files = append(n.files, file)
		n.addConsts(file)
	}
	for _, file := range n.files {
		n.check(t, file)
	}
}

// names is what is known while names are checked.
type names struct {
	set    *token.FileSet
	files  []*ast.File
	known  map[string]bool
	steps  []string
	consts map[string]string // of the package, those that are plain strings
}

func (n *names) addConsts(file *ast.File) {
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.CONST {
			continue
		}
		for _, spec := range gen.Specs {
			values := spec.(*ast.ValueSpec)
			for i, name := range values.Names {
				if i < len(values.Values) {
					if text, ok := n.text(values.Values[i]); ok {
						n.consts[name.Name] = text
					}
				}
			}
		}
	}
}

// text returns the string that an expression plainly stands for.
func (n *names) text(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		text, ok := n.consts[e.Name]
		return text, ok
	}
	return "", false
}

// check fails the test for the names in one file.
func (n *names) check(t testing.TB, file *ast.File) {
	t.Helper()
	alias := aliasOf(file)
	if alias == "" {
		return
	}
	ast.Inspect(file, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		arg := stepArg(call, alias)
		if arg == nil {
			return true
		}
		if name, ok := n.text(arg); ok && !n.known[name] {
			hint := ""
			if near := input.Nearest(name, n.steps); near != "" {
				hint = "; the nearest is " + strconv.Quote(near)
			}
			t.Errorf("%s: no workflow has a step %q%s", n.set.Position(arg.Pos()), name, hint)
		}
		return true
	})
}

// aliasOf returns under which name a file imports the engine, "" if it does not.
func aliasOf(file *ast.File) string {
	for _, imp := range file.Imports {
		if strings.Trim(imp.Path.Value, `"`) != enginePath {
			continue
		}
		if imp.Name != nil {
			return imp.Name.Name
		}
		return path.Base(enginePath)
	}
	return ""
}

// stepArg returns the argument of a call that names a step; nil if there is none.
func stepArg(call *ast.CallExpr, alias string) ast.Expr {
	fun, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	places := map[string]int{"Await": 0} // of a signal
	switch of := fun.X.(type) {
	case *ast.Ident:
		if of.Name == alias {
			places = map[string]int{"Goto": 0, "Sleep": 1, "SleepUntil": 1, "Spawn": 1}
		}
	case *ast.CallExpr: // of a transition
		places = map[string]int{"Await": 0, "Within": 1, "Or": 1}
	}
	place, ok := places[fun.Sel.Name]
	if !ok || len(call.Args) != place+1 {
		return nil
	}
	return call.Args[place]
}
