package statefile

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// Set is the state files of one program.
type Set struct {
	dir      string            // the working folder
	patterns []string          // relative to dir, or absolute; may be globs
	named    map[string]string // paths of files outside of dir, by the names under which they are recorded
	seen     map[string]Stamp  // by path: files whose stamp has not changed need no second look
	last     map[string]Stamp  // by path, as Moved has found them
}

// NewSet returns the files that the patterns match in the folder dir, and those that have names.
func NewSet(dir string, patterns []string, named map[string]string) (*Set, error) {
	for _, p := range patterns {
		if err := CheckPattern(p); err != nil {
			return nil, err
		}
	}
	return &Set{dir: dir, patterns: patterns, named: named, seen: map[string]Stamp{}}, nil
}

// CheckPattern reports why no file could match.
func CheckPattern(pattern string) error {
	if _, err := filepath.Match(pattern, ""); err != nil {
		return fmt.Errorf("%q is no pattern of file names: a bracket is not closed", pattern)
	}
	if pattern == "" || strings.HasSuffix(pattern, "/") {
		return fmt.Errorf("%q names no file", pattern)
	}
	return nil
}

// IsGlob reports whether a pattern may match several files.
func IsGlob(pattern string) bool { return strings.ContainsAny(pattern, `*?[\`) }

// Path returns where the file of that name is.
func (s *Set) Path(name string) string {
	if path, ok := s.named[name]; ok {
		return path
	}
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.dir, name)
}

// Names returns the names of the files that may be there, sorted: all of those that are no globs, and
// what the globs match now.
func (s *Set) Names() []string {
	var names []string
	for name := range s.named {
		names = append(names, name)
	}
	for _, p := range s.patterns {
		if !IsGlob(p) {
			names = append(names, filepath.Clean(p))
			continue
		}
		matches, _ := filepath.Glob(s.Path(p)) // NewSet has looked at the pattern
		for _, path := range matches {
			if strings.HasPrefix(filepath.Base(path), ".wf-") {
				continue // one that Put is writing
			}
			if !filepath.IsAbs(p) {
				path, _ = filepath.Rel(s.dir, path) // both are absolute
			}
			names = append(names, path)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Folders returns the folders in which files of the set appear, as far as they can be known.
func (s *Set) Folders() []string {
	var dirs []string
	for _, path := range s.named {
		dirs = append(dirs, filepath.Dir(path))
	}
	for _, p := range s.patterns {
		if dir := filepath.Dir(s.Path(p)); !IsGlob(dir) {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// Moved reports whether any of the files has changed since the last call. It only looks at names, sizes and times.
func (s *Set) Moved() bool {
	now := map[string]Stamp{}
	for _, name := range s.Names() {
		path := s.Path(name)
		if stamp := StampOf(path); stamp != (Stamp{}) {
			now[path] = stamp
		}
	}
	moved := !maps.Equal(now, s.last)
	s.last = now
	return moved
}

// Found is what a look at the files has found.
type Found struct {
	Files   []File   // the newest good version of each, sorted by name
	Changed bool     // they are not those of the look before
	Busy    []string // names of files that are being written
	Torn    []string // names of files that are not whole
	Doubted []string // names of files that were not believed: see Look
}

// Look returns the newest good version of each file, given the ones before. A file that is torn or being
// written counts as it was before. One whose format does not show its end is believed only if trust is
// set, that is while its program lives or if it has ended in order. A file that is gone is still
// recorded, unless it is one of several that a glob has matched and another one of them is there: a
// program that deletes its state by mistake, or just before its end, is not helped by our forgetting it.
func (s *Set) Look(before []File, trust bool) (Found, error) {
	var found Found
	for _, name := range s.Names() {
		old, known := find(before, name)
		file, err := s.look(name, old, known, trust, &found)
		if err != nil {
			return found, err
		}
		if file.SHA256 != nil {
			found.Files = append(found.Files, file)
			found.Changed = found.Changed || !known || !old.Same(file)
		}
	}
	for _, old := range before {
		if _, here := find(found.Files, old.Name); here {
			continue
		}
		if s.replaced(old.Name, found.Files) {
			found.Changed = true
		} else {
			found.Files = append(found.Files, old)
		}
	}
	slices.SortFunc(found.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}

// Forget makes the next Look look at every file again, since what the one before has found does not count.
func (s *Set) Forget() { clear(s.seen) }

// look is Look at one file. A File without a hash means that there is none.
func (s *Set) look(name string, old File, known, trust bool, found *Found) (File, error) {
	path := s.Path(name)
	stamp := StampOf(path)
	if stamp == (Stamp{}) || known && s.seen[path] == stamp {
		return old, nil
	}
	file, err := Read(path)
	switch {
	case errors.Is(err, ErrUnstable):
		found.Busy = append(found.Busy, name)
		return old, nil
	case errors.Is(err, fs.ErrNotExist):
		return old, nil
	case err != nil:
		return old, err
	}
	file.Name = name
	whole, _ := Check(file.Data)
	switch {
	case whole == Torn:
		found.Torn = append(found.Torn, name)
		return old, nil
	case known && old.Same(file):
		file.Time = old.Time
	case whole == Unknown && !trust:
		found.Doubted = append(found.Doubted, name)
		return old, nil
	}
	s.seen[path] = stamp
	return file, nil
}

// replaced reports whether a file that is gone was one of several, of which another one is there.
func (s *Set) replaced(name string, here []File) bool {
	for _, p := range s.patterns {
		if !IsGlob(p) || !s.matches(p, name) {
			continue
		}
		for _, f := range here {
			if s.matches(p, f.Name) {
				return true
			}
		}
	}
	return false
}

func (s *Set) matches(pattern, name string) bool {
	ok, err := filepath.Match(filepath.Clean(pattern), name)
	return ok && err == nil
}

// Has reports whether the path is that of a file of the set.
func (s *Set) Has(path string) bool {
	for _, p := range s.named {
		if p == path {
			return true
		}
	}
	for _, p := range s.patterns {
		if s.matches(s.Path(p), path) {
			return true
		}
	}
	return false
}

func find(files []File, name string) (File, bool) {
	i := slices.IndexFunc(files, func(f File) bool { return f.Name == name })
	if i < 0 {
		return File{}, false
	}
	return files[i], true
}
