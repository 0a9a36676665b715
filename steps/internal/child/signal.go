package child

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// signalName is such as SIGSEGV.
func signalName(s syscall.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", int(s))
}
