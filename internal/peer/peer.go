// Package peer finds the independent programs that tests hold this project against: readers of file formats,
// interpreters and compilers of the languages in which people write their computations.
//
// Where one is missing the test is skipped, with the command that installs it. In CI, where the
// environment variable CI is "true", the test fails instead, so that nothing goes untested unseen.
package peer

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// python is where Debian's packages for Python belong to; the first python3 of the path may be another one.
const python = "/usr/bin/python3"

// debian names the packages of the programs that differ from them.
func debian(program string) string {
	switch program {
	case "h5dump", "h5repack", "h5diff", "h5ls":
		return "hdf5-tools"
	case "Rscript":
		return "r-base-core"
	case "cc", "gcc":
		return "gcc"
	case "ps":
		return "procps"
	case "setsid", "unshare", "nsenter":
		return "util-linux"
	case "node":
		return "nodejs"
	}
	return program
}

// Command returns the path of a program, such as h5dump, Rscript or cc.
func Command(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		Missing(t, err.Error(), debian(program))
	}
	return path
}

// Python returns the path of a Python 3 that has the given modules, such as numpy and h5py.
func Python(t testing.TB, modules ...string) string {
	t.Helper()
	path := python
	if _, err := os.Stat(path); err != nil {
		path = Command(t, "python3")
	}
	if len(modules) == 0 {
		return path
	}
	out, err := exec.CommandContext(t.Context(), path, "-c", "import "+strings.Join(modules, ", ")).CombinedOutput()
	if err != nil {
		Missing(t, strings.TrimSpace(string(out)), "python3-"+strings.Join(modules, " python3-"))
	}
	return path
}

// Node returns the paths of node and of a JavaScript module that .ci/peers installs.
func Node(t testing.TB, name string) (node, module string) {
	t.Helper()
	node = Command(t, "node")
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil || dir == filepath.Dir(dir) {
			break
		}
	}
	module = filepath.Join(dir, ".cache", "peers", "node_modules", name)
	if _, err := os.Stat(module); err != nil {
		Missing(t, err.Error(), "nodejs npm, then .ci/peers")
	}
	return node, module
}

// Missing ends a test for want of what Debian's packages bring, and says why: somebody who tries things out may lack a
// program, CI may not.
func Missing(t testing.TB, why, packages string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s; .ci/peers installs it", why)
	}
	t.Skipf("%s; install it with: apt-get install %s", why, packages)
}
