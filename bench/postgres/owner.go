package postgres

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// owner is who the server runs as: whoever runs this program, but never root, which Postgres refuses.
type owner struct {
	other    bool // it is somebody else
	uid, gid uint32
}

// asOwner chooses the owner, and lets it pass through the folders above dir as far as they are temporary.
func asOwner(dir string) (owner, error) {
	if os.Geteuid() != 0 {
		return owner{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return owner{}, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return owner{}, err
		}
		return owner{other: true, uid: uint32(uid), gid: uint32(gid)}, letThrough(dir)
	}
	return owner{}, fmt.Errorf("%w: it does not run as root, and there is no user postgres or nobody", ErrAbsent)
}

// letThrough lets everybody pass through dir and the folders above it, up to the one for temporary files.
func letThrough(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	top := filepath.Clean(os.TempDir())
	for ; strings.HasPrefix(dir, top+string(filepath.Separator)); dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if err := os.Chmod(dir, info.Mode().Perm()|0o011); err != nil {
			return err
		}
	}
	return nil
}

// mkdir makes a folder that belongs to the owner.
func (o owner) mkdir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if !o.other {
		return nil
	}
	return os.Chown(dir, int(o.uid), int(o.gid))
}

// run has a command run as the owner.
func (o owner) run(cmd *exec.Cmd) {
	cmd.SysProcAttr = new(syscall.SysProcAttr)
	cmd.Dir = "/"
	if o.other {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: o.uid, Gid: o.gid}
	}
}
