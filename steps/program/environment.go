package program

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// choosing are the variables that choose programs and libraries. What they are at the first start holds for
// later ones on the same host: a resume by another shell, or by a worker, is to run the same program.
func choosing() []string {
	return []string{
		"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV",
		"PYTHONPATH", "PYTHONHOME", "R_HOME", "R_LIBS", "R_LIBS_USER", "JULIA_PROJECT", "JULIA_DEPOT_PATH",
		"JULIA_LOAD_PATH", "NODE_PATH", "PERL5LIB", "LANG", "LC_ALL",
	}
}

// around returns the variables that choose programs, as they are here.
func around() []string {
	var found []string
	for _, name := range choosing() {
		if value, ok := os.LookupEnv(name); ok {
			found = append(found, name+"="+value)
		}
	}
	return found
}

// environment is that of the program on this host: ours, with what was recorded and what was asked for. Python
// is told not to hold its output back, which would be lost with it.
func (s *State) environment(host string) []string {
	env := append([]string{"PYTHONUNBUFFERED=1"}, os.Environ()...)
	if s.Origin.Host == host && len(s.Origin.Around) > 0 {
		env = slices.DeleteFunc(env, func(word string) bool {
			name, _, _ := strings.Cut(word, "=")
			return slices.Contains(choosing(), name)
		})
		env = append(env, s.Origin.Around...)
	}
	return append(env, s.Env...)
}

// lookUp finds the executable, as a shell in the program's folder would with the program's PATH.
func (s *State) lookUp(env []string) (string, error) {
	name := s.Cmd[0]
	if strings.Contains(name, "/") {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(s.Dir, path)
		}
		if err := executable(path); err != nil {
			return "", fmt.Errorf("program %s: %w", name, err)
		}
		return path, nil
	}
	search := ""
	for _, word := range env { // the last one counts
		if value, ok := strings.CutPrefix(word, "PATH="); ok {
			search = value
		}
	}
	for _, dir := range filepath.SplitList(search) {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(s.Dir, dir)
		}
		if path := filepath.Join(dir, name); executable(path) == nil {
			return path, nil
		}
	}
	if executable(filepath.Join(s.Dir, name)) == nil {
		return "", fmt.Errorf("program %s is not found in PATH; the one in %s is called ./%s", name, s.Dir, name)
	}
	return "", fmt.Errorf("program %s is not found in PATH", name)
}

// executable reports why a file cannot be executed.
func executable(path string) error {
	_, err := exec.LookPath(path)
	if inner, ok := errors.AsType[*exec.Error](err); ok {
		err = inner.Err
	}
	return err
}
