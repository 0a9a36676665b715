package engine

import (
	"fmt"
	"os"
)

// Folder returns a folder of the run's own beside the database, for what does not belong into a state: logs,
// scratch files. It is there when Folder returns, and readable for its owner only. It is not part of a
// checkpoint, so nothing that the run must find again should be in it alone. Prune removes it with the run;
// Archive, Backup and a pack take it along.
func (c *Context) Folder() (string, error) {
	if c.attempt == nil || c.attempt.ended.Load() {
		return "", ErrAttemptEnded
	}
	return c.attempt.host.Folder()
}

// Folder makes the run's folder, see [Host].
func (x *execution) Folder() (string, error) {
	id, err := x.born()
	if err != nil {
		return "", err
	}
	dir := x.eng.Folder(id)
	if err = os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("run %d: its folder: %w", id, err)
	}
	return dir, nil
}

// Folder returns where the folder of a run is that [Context.Folder] makes. It may not be there.
func (e *Engine) Folder(run int64) string { return e.store.Folder(run) }
