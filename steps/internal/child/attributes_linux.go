package child

import "syscall"

// attributes makes the program the leader of a group, and the kernel kill it when its parent dies.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func maxRSS(usage *syscall.Rusage) int64 { return usage.Maxrss << 10 }
