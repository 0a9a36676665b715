package child

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Identity names a process beyond the reuse of its number.
type Identity struct {
	PID     int    `json:"pid"`               // also the number of its group
	Started string `json:"started,omitempty"` // when, in the kernel's terms; "" where that is not known
}

func identify(pid int) Identity { return Identity{PID: pid, Started: startTime(pid)} }

// Alive reports whether that very process is there and has not ended; where its start is not known, whether its
// group is there.
func (i Identity) Alive() bool {
	if i.PID <= 1 {
		return false
	}
	if i.Started == "" {
		return syscall.Kill(-i.PID, 0) == nil
	}
	return startTime(i.PID) == i.Started
}

// Record writes down who runs, for whoever takes over from us.
func (i Identity) Record(path string) error {
	doc, err := json.Marshal(i)
	if err != nil {
		return err
	}
	tmp := path + ".part"
	if err := os.WriteFile(tmp, doc, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// Recorded reads what Record has written; the zero Identity if there is nothing to read.
func Recorded(path string) (Identity, error) {
	doc, err := os.ReadFile(filepath.Clean(path))
	if errors.Is(err, fs.ErrNotExist) {
		return Identity{}, nil
	}
	var i Identity
	if err != nil || json.Unmarshal(doc, &i) != nil { // half a record names nobody
		return Identity{}, err
	}
	return i, nil
}

// KillGroup kills the group of a recorded process if that is still it.
func (i Identity) KillGroup() {
	if i.Alive() {
		_ = syscall.Kill(-i.PID, syscall.SIGKILL) // it may be gone by now
	}
}

// KillRemains kills the group of a recorded process that itself is dead. It is to be called while a lock shows that
// somebody of the group lives: then no other process can have got its number.
func (i Identity) KillRemains() {
	if i.PID > 1 && i.sameBoot() && startTime(i.PID) == "" {
		_ = syscall.Kill(-i.PID, syscall.SIGKILL) // it may be gone by now
	}
}
