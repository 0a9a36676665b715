package statefile

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// written reports whether somebody has the file open for writing. A read lease is granted only if nobody
// has (fcntl(2), F_SETLEASE); it is given back at once, and whoever opens the file meanwhile waits for
// that. Where there are no leases (a network file system, another owner's file) nothing is known.
func written(f *os.File) bool {
	_, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
	if err == nil {
		_, err = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_UNLCK)
	}
	return errors.Is(err, unix.EAGAIN)
}
