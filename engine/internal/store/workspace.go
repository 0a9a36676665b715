package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/durable-wf/wf/engine/internal/oslock"
)

const workspaceLock = "workspace-" // of the lock that says that its maker lives

// workspaces is how the paths of a database's workspaces begin.
func workspaces(database string) string {
	return filepath.Join(filepath.Dir(database), "."+filepath.Base(database)+"-unpack-")
}

// Workspace makes a folder beside the database for what is needed for a while, and removes those that processes have left
// which died. The caller calls release in the end, which removes the folder with all that is in it.
func (s *Store) Workspace() (dir string, release func() error, err error) {
	if err := s.removeWorkspaces(); err != nil {
		return "", nil, err
	}
	name := rand.Text()
	unlock, free, err := oslock.Sole(s.lockDir, workspaceLock+name) // first, so that nobody takes the folder for a dead one's
	if err != nil || !free {
		return "", nil, errors.Join(err, fmt.Errorf("workspace %s is taken", name))
	}
	dir = workspaces(s.path) + name
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", nil, errors.Join(err, unlock())
	}
	return dir, func() error { return errors.Join(os.RemoveAll(dir), unlock()) }, nil
}

// removeWorkspaces removes those whose makers have died.
func (s *Store) removeWorkspaces() error {
	prefix := workspaces(s.path)
	entries, err := os.ReadDir(filepath.Dir(s.path))
	if err != nil {
		return wrap("remove workspaces", s.path, err)
	}
	for _, entry := range entries {
		name, ok := strings.CutPrefix(entry.Name(), filepath.Base(prefix))
		if !ok || !entry.IsDir() {
			continue
		}
		unlock, free, err := oslock.Sole(s.lockDir, workspaceLock+name)
		if err != nil {
			return err
		}
		if !free {
			continue // it is in use
		}
		if err := errors.Join(os.RemoveAll(prefix+name), unlock()); err != nil {
			return wrap("remove workspaces", s.path, err)
		}
	}
	return nil
}
