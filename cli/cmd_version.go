package cli

import (
	"cmp"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build says what this program was built from.
type build struct {
	program, module, version, revision, goVersion, platform string
	modified                                                bool
}

func buildColumns() []column[build] {
	return []column[build]{
		{Name: "program", Head: "program", Value: func(b build) any { return b.program }},
		{Name: "version", Head: "version", Value: func(b build) any { return b.version }},
		{Name: "module", Head: "module", Value: func(b build) any { return b.module }},
		{Name: "revision", Head: "revision", Value: func(b build) any { return b.revision }},
		{Name: "modified", Value: func(b build) any { return b.modified }},
		{Name: "go", Head: "go", Value: func(b build) any { return b.goVersion }},
		{Name: "platform", Head: "platform", Value: func(b build) any { return b.platform }},
	}
}

// versionCommand is wf version.
func (a *app) versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Show what this program was built from",
		GroupID: groupAdmin,
		Args:    arguments(0, 0),
		RunE:    func(*cobra.Command, []string) error { return writeRecord(a, buildColumns(), a.build()) },
	}
	a.addOutput(cmd)
	return cmd
}

func (a *app) build() build {
	b := build{program: a.name, version: "unknown", goVersion: runtime.Version(), platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.module, b.version = info.Main.Path, cmp.Or(info.Main.Version, "(devel)")
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.revision = s.Value
		case "vcs.modified":
			b.modified = s.Value == "true"
		}
	}
	return b
}
