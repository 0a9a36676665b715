package program

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/steps/internal/child"
)

// The names of what lies in a run's folder.
const (
	lockName  = "lock"     // held by a program of the run and its descendants
	childName = "child"    // says which process that is
	stateName = "state"    // the default WF_STATE
	asideName = "aside"    // state files that had to make way
	startName = "versions" // hashes of the versions with which the program was started
)

const (
	atOnce   = 200 * time.Millisecond // in which a program that has been killed is usually gone
	takeover = 10 * time.Second       // how long a program may take to die that was killed
	strange  = time.Second            // how long one of another run is waited for
)

// lock makes this attempt the only one that writes the state: it kills what an owner before has left running,
// and takes the lock of the run, and one for each state file that others may name, too. The program
// inherits them.
func (a *attempt) lock() error {
	old, err := child.Recorded(filepath.Join(a.folder, childName))
	if err != nil {
		return err
	}
	old.KillGroup()
	holder := fmt.Sprintf("run %d of %s", a.ctx.Run().ID, a.database())
	f, err := child.Lock(a.ctx, filepath.Join(a.folder, lockName), holder, atOnce)
	if errors.Is(err, child.ErrHeld) {
		old.KillRemains()
		f, err = child.Lock(a.ctx, filepath.Join(a.folder, lockName), holder, takeover)
	}
	if errors.Is(err, child.ErrHeld) {
		return fmt.Errorf("a program of an earlier attempt lives on, outside of its process group: end it (fuser %s tells which it is)",
			filepath.Join(a.folder, lockName))
	}
	if err != nil {
		return err
	}
	a.locks = append(a.locks, f)
	for _, pattern := range a.s.State {
		f, err := a.lockPath(a.set.Path(filepath.Clean(pattern)), holder)
		if err != nil {
			return err
		}
		a.locks = append(a.locks, f)
	}
	return nil
}

// lockPath takes the lock that stands for a state file on this machine.
func (a *attempt) lockPath(path, holder string) (*os.File, error) {
	dir, err := lockFolder()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(path))
	f, err := child.Lock(a.ctx, filepath.Join(dir, hex.EncodeToString(sum[:16])), holder, strange)
	if errors.Is(err, child.ErrHeld) {
		_, who, _ := strings.Cut(err.Error(), ": ")
		return nil, engine.Permanent(fmt.Errorf("%s is written by %s: wait for its end, or give this run another --state", path, who))
	}
	return f, err
}

// lockFolder is where this user's locks of state files are; nobody else may write there.
func lockFolder() (string, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("wf-locks-%d", os.Getuid()))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(sys.Uid) != os.Getuid() || info.Mode().Perm()&0o022 != 0 {
		return "", fmt.Errorf("%s belongs to somebody else; set TMPDIR to a folder of yours", dir)
	}
	return dir, nil
}

// database is the path of the run's database, for people.
func (a *attempt) database() string { return strings.TrimSuffix(filepath.Dir(a.folder), "-runs") }

// unlock gives the locks up: those of a program that lives stay with it.
func (a *attempt) unlock() error {
	var err error
	for _, f := range a.locks {
		err = errors.Join(err, f.Close())
	}
	a.locks = nil
	return err
}
