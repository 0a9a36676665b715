package child

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// startTime is the boot of the machine and the time of the process's start in ticks since: field 22 of
// /proc/PID/stat, counted behind the name, which may hold anything but ends with the last bracket.
func startTime(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 || fields[0][0] == 'Z' {
		return ""
	}
	boot := bootID()
	if boot == "" {
		return ""
	}
	return boot + "/" + string(fields[19])
}

func bootID() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(boot))
}

// sameBoot reports whether the process was started since the machine was.
func (i Identity) sameBoot() bool {
	boot, _, _ := strings.Cut(i.Started, "/")
	return boot != "" && boot == bootID()
}
