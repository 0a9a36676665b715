package subject

import (
	"runtime/debug"
	"strings"
)

// Version returns the version of a module in this program, from its build info: "v1.8.0", or for one that is
// replaced by a folder (wf itself) the commit of the program's own build.
func Version(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, dep := range info.Deps {
		if dep.Path == module && dep.Replace == nil {
			return dep.Version
		}
	}
	return commit(info)
}

func commit(info *debug.BuildInfo) string {
	version := "unknown commit"
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			version = strings.Replace(version, "unknown commit", "commit "+s.Value[:min(12, len(s.Value))], 1)
		case s.Key == "vcs.modified" && s.Value == "true":
			version += ", changed"
		}
	}
	return version
}
