//go:build !linux

package child

import "syscall"

// attributes makes the program the leader of a group. That it dies with its parent is the guard's affair.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func maxRSS(usage *syscall.Rusage) int64 { return usage.Maxrss }
