package wf_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// arrows says which packages of the module each package imports, tests aside. A new edge fails until
// it stands here, so that it is decided and does not just happen. A new package needs a line, too.
var arrows = map[string][]string{
	"cli": {
		"engine", "export", "export/hdf5", "export/npz", "export/parquet", "export/pickle", "export/runs",
		"export/sqlite", "export/xlsx",
		"internal/gitstate", "internal/runlog", "plot",
	},
	"cmd/wf": {"cli", "steps"},
	"engine": {
		"engine/internal/clock", "engine/internal/codec", "engine/internal/cron", "engine/internal/fault",
		"engine/internal/input", "engine/internal/oslock", "engine/internal/pack", "engine/internal/preserve",
		"engine/internal/store", "engine/internal/where",
	},
	"engine/enginetest": {
		"engine", "engine/internal/clock", "engine/internal/codec", "engine/internal/fault", "engine/internal/input",
	},
	"engine/internal/clock":    nil,
	"engine/internal/costs":    {"engine/internal/tally"},
	"engine/internal/codec":    nil,
	"engine/internal/cron":     nil,
	"engine/internal/fault":    nil,
	"engine/internal/input":    {"engine/internal/codec"},
	"engine/internal/oslock":   nil,
	"engine/internal/pack":     nil,
	"engine/internal/preserve": nil,
	"engine/internal/store": {
		"engine/internal/clock", "engine/internal/codec", "engine/internal/fault", "engine/internal/oslock",
		"engine/internal/preserve", "engine/internal/tally", "engine/internal/where", "migrations", "sql",
	},
	"engine/internal/tally": nil,
	"engine/internal/where": nil,
	"examples/order":        {"cli", "engine"},
	"examples/outbox":       {"engine"},
	"examples/own":          {"cli", "engine"},
	"examples/report":       {"engine"},
	"examples/shards":       {"engine"},
	"internal/gitstate":     nil,
	"internal/peer":         nil,
	"export":                nil,
	"migrations":            nil,
	"plot":                  nil,
	"sql":                   nil,
	"steps":                 {"engine", "steps/program"},

	"export/internal/sample": {"export"},
	"export/parquet":         {"export"},
	"export/runs":            {"engine", "export"},
	"export/sqlite":          {"export"},
	"export/xlsx":            {"export"},

	"export/hdf5":            {"export", "export/internal/numpy", "export/internal/pieces", "export/internal/survey"},
	"export/internal/numpy":  {"export"},
	"export/internal/pieces": nil,
	"export/internal/survey": {"export"},
	"export/npz":             {"export", "export/internal/numpy", "export/internal/pieces", "export/internal/survey"},
	"export/pickle":          {"export", "export/internal/numpy"},

	"internal/runlog":          nil,
	"steps/internal/child":     nil,
	"steps/internal/statefile": nil,
	"steps/program":            {"engine", "internal/gitstate", "internal/runlog", "steps/internal/child", "steps/internal/statefile"},
}

// libraries says which packages import each library, and who may use SQL: only the store, so that web
// pages, exporters and commands cannot; engine names its types in Tx, and export/sqlite writes files of its own. A library sits in the package that needs it, so that a program
// that imports engine alone does not carry those of the command line.
var libraries = map[string][]string{
	"database/sql":                          {"engine", "engine/internal/store", "export/sqlite"},
	"github.com/PlakarKorp/go-cdc-chunkers": {"engine/internal/store"},
	"github.com/agnivade/levenshtein":       {"cli", "engine/internal/input", "engine/internal/where"},
	"github.com/alecthomas/participle/v2":   {"engine/internal/where"},
	"github.com/dustin/go-humanize":         {"cli"},
	"github.com/fsnotify/fsnotify":          {"engine/internal/oslock", "steps/internal/statefile"},
	"github.com/fxamacker/cbor/v2":          {"engine/internal/codec"},
	"github.com/go-json-experiment/json":    {"engine/internal/codec", "engine/internal/input", "export", "export/pickle", "export/runs"},
	"github.com/google/go-cmp":              {"engine/enginetest"},
	"github.com/google/uuid":                {"engine"},
	"github.com/jmoiron/sqlx":               {"engine/internal/store"},
	"github.com/klauspost/compress":         {"engine/internal/codec", "engine/internal/pack", "export/hdf5", "export/npz"},
	"github.com/mattn/go-runewidth":         {"cli"},
	"github.com/parquet-go/parquet-go":      {"export/parquet"},
	"github.com/pressly/goose/v3":           {"engine/internal/store"},
	"github.com/robfig/cron/v3":             {"engine/internal/cron"},
	"github.com/spf13/cobra":                {"cli"},
	"github.com/spf13/pflag":                {"cli"},
	"github.com/vbauerster/mpb/v8":          {"cli"},
	"github.com/xhit/go-str2duration/v2":    {"cli", "engine/internal/where"},
	"github.com/xuri/excelize/v2":           {"export/xlsx"},
	"golang.org/x/sync":                     {"cli", "engine/internal/store"},
	"golang.org/x/sys":                      {"engine/internal/oslock", "engine/internal/store", "steps/internal/child", "steps/internal/statefile"},
	"golang.org/x/term":                     {"cli"},
	"gonum.org/v1/plot":                     {"plot"},
	"modernc.org/sqlite":                    {"engine/internal/store", "export/sqlite"},
}

func TestPackagesImportOnlyWhatTheMapSays(t *testing.T) {
	t.Parallel()
	got := map[string][]string{}
	for _, p := range packages(t) {
		var edges []string
		for _, path := range p.Imports {
			if strings.HasPrefix(path, module+"/") {
				edges = append(edges, inside(path))
			}
		}
		got[p.name()] = edges
	}
	if diff := cmp.Diff(arrows, got); diff != "" {
		t.Errorf("imports within the module (- allowed, + found):\n%s", diff)
	}
}

func TestLibrariesAreImportedOnlyWhereTheMapSays(t *testing.T) {
	t.Parallel()
	users := map[string]map[string]bool{}
	for _, p := range packages(t) {
		for _, path := range p.Imports {
			name := library(path)
			if name == "" {
				continue
			}
			if users[name] == nil {
				users[name] = map[string]bool{}
			}
			users[name][p.name()] = true
		}
	}
	got := map[string][]string{}
	for name, set := range users {
		got[name] = slices.Sorted(maps.Keys(set))
	}
	if diff := cmp.Diff(libraries, got); diff != "" {
		t.Errorf("who imports a library (- allowed, + found):\n%s", diff)
	}
}

// library returns the library that a package belongs to, "" for those that anybody may import.
func library(path string) string {
	if strings.HasPrefix(path, module+"/") {
		return ""
	}
	for name := range libraries {
		if path == name || strings.HasPrefix(path, name+"/") {
			return name
		}
	}
	if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
		return path // not in the map
	}
	return ""
}

// A program that imports the engine must not carry the command line, not even through a library.
func TestEngineCarriesNoCommandLine(t *testing.T) {
	t.Parallel()
	refused := []string{"github.com/spf13/", "github.com/vbauerster/", "golang.org/x/term", "net/http", "gonum.org/"}
	for _, p := range packages(t) {
		if p.name() != "engine" {
			continue
		}
		for _, dep := range p.Deps {
			for _, prefix := range refused {
				if strings.HasPrefix(dep, prefix) {
					t.Errorf("engine depends on %s", dep)
				}
			}
		}
	}
}
