package wf_test

import (
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// documented lists the packages that others read: each exported name in them has a comment.
var documented = []string{"cli", "engine", "engine/enginetest", "export/hdf5", "export/npz", "export/pickle", "migrations", "sql", "steps"}

func TestPackagesHaveAComment(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		found := slices.ContainsFunc(p.files(), func(path string) bool {
			_, file := parse(t, path)
			return file.Doc.Text() != ""
		})
		if !found {
			t.Errorf("package %s has no comment", p.name())
		}
	}
}

func TestExportedNamesHaveAComment(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if !slices.Contains(documented, p.name()) {
			continue
		}
		for _, path := range p.files() {
			set, file := parse(t, path)
			for _, decl := range file.Decls {
				for _, name := range undocumented(t, filepath.Dir(path), decl) {
					t.Errorf("%s: %s has no comment", set.Position(name.Pos()), name.Name)
				}
			}
		}
	}
}

// undocumented returns the exported names that decl declares without a comment.
func undocumented(t *testing.T, dir string, decl ast.Decl) []*ast.Ident {
	t.Helper()
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc.Text() == "" && !ofUnexported(d) && !selfExplaining(d) {
			return []*ast.Ident{d.Name}
		}
	case *ast.GenDecl:
		return undocumentedSpecs(t, dir, d)
	}
	return nil
}

func undocumentedSpecs(t *testing.T, dir string, d *ast.GenDecl) []*ast.Ident {
	t.Helper()
	var names []*ast.Ident
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && d.Doc.Text()+s.Doc.Text() == "" {
				names = append(names, s.Name)
			}
		case *ast.ValueSpec:
			if d.Doc.Text()+s.Doc.Text()+s.Comment.Text() != "" || embedsDocumented(t, dir, s.Doc) {
				continue
			}
			for _, name := range s.Names {
				if name.IsExported() {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// selfExplaining reports whether fn is a method whose name says all there is to say.
func selfExplaining(fn *ast.FuncDecl) bool {
	return fn.Recv != nil && slices.Contains([]string{"Error", "Unwrap"}, fn.Name.Name)
}

// ofUnexported reports whether fn is a method of a type that nobody outside can name.
func ofUnexported(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return false
	}
	for typ := fn.Recv.List[0].Type; ; {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return !x.IsExported()
		default:
			return false
		}
	}
}

// embedsDocumented reports whether doc embeds a SQL statement: the comment is in its file then.
func embedsDocumented(t *testing.T, dir string, doc *ast.CommentGroup) bool {
	t.Helper()
	if doc == nil {
		return false
	}
	for _, line := range doc.List {
		name, ok := strings.CutPrefix(line.Text, "//go:embed ")
		if !ok || !strings.HasSuffix(name, ".sql") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.HasPrefix(string(text), "-- ")
	}
	return false
}

func TestUndocumentedNamesAreFound(t *testing.T) {
	t.Parallel()
	const src = `package p
// A is said.
type A int
type B int
func (B) Said() {}
func (B) Error() string { return "" }
func (b) Hidden() {}
// Both are said.
const (
	C = 1
	D = 2
)
var E, f int
var (
	G int // said
)
`
	path := filepath.Join(t.TempDir(), "p.go")
	if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	_, file := parse(t, path)
	var got []string
	for _, decl := range file.Decls {
		for _, name := range undocumented(t, "", decl) {
			got = append(got, name.Name)
		}
	}
	if want := []string{"B", "Said", "E"}; !slices.Equal(got, want) {
		t.Errorf("undocumented = %v, want %v", got, want)
	}
}
