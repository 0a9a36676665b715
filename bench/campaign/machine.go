package campaign

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/durable-wf/wf/bench/results"
)

// machine tells what there is to know of this machine, and of the file system of dir.
func machine(dir string) results.Machine {
	m := results.Machine{
		CPU: fact("/proc/cpuinfo", "model name"), Cores: runtime.NumCPU(), OS: fact("/etc/os-release", "PRETTY_NAME"),
		Go: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH, FileSystem: fileSystem(dir),
	}
	var uts unix.Utsname
	if unix.Uname(&uts) == nil {
		m.Kernel = unix.ByteSliceToString(uts.Sysname[:]) + " " + unix.ByteSliceToString(uts.Release[:])
	}
	var kib uint64
	if n, _ := fmt.Sscanf(fact("/proc/meminfo", "MemTotal"), "%d kB", &kib); n == 1 {
		m.Memory = kib * 1024
	}
	return m
}

// fact returns the value of the first line "name: value" or "name=value" of a file, "" if there is none.
func fact(path, name string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range bytes.Lines(data) {
		if i := bytes.IndexAny(line, ":="); i > 0 && strings.TrimSpace(string(line[:i])) == name {
			return strings.Trim(strings.TrimSpace(string(line[i+1:])), `"`)
		}
	}
	return ""
}

// fileSystem asks stat, which knows the names of the types.
func fileSystem(dir string) string {
	out, err := exec.Command("stat", "-f", "-c", "%T", dir).Output() //nolint:noctx // it looks, and returns
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// syncTime is the median time of an fdatasync after a write of 4 KiB to the end of a file in dir.
func syncTime(dir string) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // the folder goes, too
	defer f.Close()           //nolint:errcheck // its content does not matter
	var list []time.Duration
	for range 200 {
		begun := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		if err := datasync(f); err != nil {
			return 0, err
		}
		list = append(list, time.Since(begun))
	}
	slices.Sort(list)
	return list[len(list)/2], nil
}
