package campaign

import (
	"bytes"
	"context"
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

// loadAverage is that of the last minute, 0 where it is not known.
func loadAverage() (load float64) {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	if n, _ := fmt.Sscan(string(data), &load); n == 0 {
		return 0
	}
	return load
}

// lookFor is how long it is looked whether the machine is idle.
const lookFor = 2 * time.Second

// busyCores is how many cores are at work for others, on average over a time in which we do nothing. It is 0 where it is not known.
func busyCores(ctx context.Context, d time.Duration) float64 {
	used, all, ok := ticks()
	if !ok {
		return 0
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return 0
	}
	usedThen, allThen, _ := ticks()
	if allThen <= all {
		return 0
	}
	return float64(usedThen-used) / float64(allThen-all) * float64(runtime.NumCPU())
}

// ticks are those of all cores since the machine was started: at work, or taken by other machines on the same hardware, and in all.
func ticks() (used, all int64, ok bool) {
	f, err := os.Open("/proc/stat")
	if err != nil {
		return 0, 0, false
	}
	defer f.Close() //nolint:errcheck // it was only read
	var user, nice, system, idle, waiting, irq, softirq, steal int64
	_, err = fmt.Fscanf(f, "cpu %d %d %d %d %d %d %d %d", &user, &nice, &system, &idle, &waiting, &irq, &softirq, &steal)
	used = user + nice + system + irq + softirq + steal
	return used, used + idle + waiting, err == nil
}
