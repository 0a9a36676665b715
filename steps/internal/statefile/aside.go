package statefile

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// asideKept is how many files that had to make way are kept.
const asideKept = 8

// SetAside moves a file out of the way, to a folder in which it is kept for inspection, with the few that
// came there last.
func SetAside(path, folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	to := filepath.Join(folder, time.Now().UTC().Format("20060102-150405.000000-")+filepath.Base(path))
	err := os.Rename(path, to)
	if errors.Is(err, syscall.EXDEV) {
		err = moveAcross(path, to)
	}
	return errors.Join(err, keepNewest(folder))
}

// moveAcross moves a file to another file system.
func moveAcross(path, to string) error {
	data, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		return err
	}
	return os.Remove(path)
}

func keepNewest(folder string) error {
	entries, err := os.ReadDir(folder) // their names begin with the time
	for i := 0; err == nil && i < len(entries)-asideKept; i++ {
		err = os.Remove(filepath.Join(folder, entries[i].Name()))
	}
	return err
}
