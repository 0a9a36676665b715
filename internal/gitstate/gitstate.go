// Package gitstate tells which commit a folder has checked out, by asking git.
package gitstate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// State is the state of the working tree that a folder is in. The zero value stands for no such tree.
type State struct {
	Commit string `json:"commit,omitempty"` // the full name; "" before the first commit
	Branch string `json:"branch,omitempty"` // "" if none is checked out
	Dirty  bool   `json:"dirty"`            // a file that git knows was changed since
}

// ErrNone says that there is nothing to know: the folder is in no working tree, or there is no git.
var ErrNone = errors.New("no git working tree")

// Limit is how long git may take: a folder on a slow network is no reason to wait.
const Limit = 5 * time.Second

// Of returns the state of the working tree that dir is in ("" for the process's own folder), or ErrNone. It starts
// git, which gets Limit and ctx, takes no locks, writes nothing and starts no helpers of the tree's own.
// Files that git does not know do not count: results beside a program do not make it another program.
func Of(ctx context.Context, dir string) (State, error) {
	if ctx.Err() != nil {
		return State{}, fmt.Errorf("git status: %w", context.Cause(ctx))
	}
	if !inside(dir) {
		return State{}, ErrNone
	}
	limited, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	cmd := exec.CommandContext(limited, "git", "--no-optional-locks", "-c", "core.fsmonitor=false",
		"status", "--porcelain=v2", "--branch", "--untracked-files=no", "--ignore-submodules=none")
	cmd.Dir = dir
	cmd.WaitDelay = time.Second // for what git has started
	out, err := cmd.Output()
	switch {
	case limited.Err() != nil:
		return State{}, fmt.Errorf("git status: %w", context.Cause(limited))
	case err != nil:
		return State{}, fmt.Errorf("%w: %w", ErrNone, err)
	}
	return parse(string(out)), nil
}

// inside reports whether git may find a working tree: most folders are in none, and starting git to hear that costs as
// much as a short run.
func inside(dir string) bool {
	if os.Getenv("GIT_DIR") != "" {
		return true
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return true // let git find out
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	for {
		_, err := os.Lstat(filepath.Join(dir, ".git"))
		switch up := filepath.Dir(dir); {
		case err == nil:
			return true
		case up == dir:
			return false
		default:
			dir = up
		}
	}
}

// parse reads the output of git status in its porcelain format, version 2 (git-status(1)).
func parse(out string) (s State) {
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		switch oid, isOID := strings.CutPrefix(line, "# branch.oid "); {
		case isOID && oid != "(initial)":
			s.Commit = oid
		case strings.HasPrefix(line, "# branch.head "):
			if head := strings.TrimPrefix(line, "# branch.head "); head != "(detached)" {
				s.Branch = head
			}
		case line != "" && !strings.HasPrefix(line, "#"):
			s.Dirty = true
		}
	}
	return s
}

// String is the commit, shortened, with "+dirty" if it is not what was executed; "" for none.
func (s State) String() string {
	text := s.Commit[:min(len(s.Commit), 12)]
	if s.Dirty {
		text += "+dirty"
	}
	return text
}
