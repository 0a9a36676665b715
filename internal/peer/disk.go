package peer

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// Disk is a file system in memory that fills up as a disk does. Only programs started by Command see it.
type Disk struct {
	Dir string // where it is mounted
	pid int    // of the process whose namespace it is in
}

// NewDisk mounts a disk of so many megabytes, until the test ends. An ordinary user may do that in a namespace of his
// own, unless the kernel is told to forbid it: then the test is skipped, and in CI it fails.
func NewDisk(t testing.TB, megabytes int) *Disk {
	t.Helper()
	Command(t, "nsenter")
	d := &Disk{Dir: t.TempDir()}
	cmd := exec.CommandContext(t.Context(), Command(t, "unshare"), "--map-root-user", "--mount", "sh", "-c",
		fmt.Sprintf(`mount -t tmpfs -o size=%dm none "$0" && echo mounted && exec cat`, megabytes), d.Dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // ends it
		_ = cmd.Wait() // of which it is told
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "mounted\n" {
		forbidden(t, fmt.Sprintf("no disk of one's own can be mounted here: %v", err))
	}
	d.pid = cmd.Process.Pid
	return d
}

// forbidden ends a test for which the kernel does not allow enough.
func forbidden(t testing.TB, why string) {
	t.Helper()
	why += "; it needs root, or: sysctl kernel.apparmor_restrict_unprivileged_userns=0 user.max_user_namespaces=1000"
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip("NOT TESTED: " + why)
}

// Command returns a command line that runs a program in the folder where the disk is.
func (d *Disk) Command(program string, args ...string) (name string, all []string) {
	return "nsenter", append([]string{"--target", strconv.Itoa(d.pid), "--user", "--mount", "--preserve-credentials", "--wdns=" + d.Dir, program}, args...)
}

// Fill fills the disk but for so many kilobytes.
func (d *Disk) Fill(t testing.TB, but int) {
	t.Helper()
	d.sh(t, fmt.Sprintf("head -c %dk </dev/zero >room; dd if=/dev/zero of=filler bs=4k 2>/dev/null; rm room", but))
}

// Free makes room again.
func (d *Disk) Free(t testing.TB) {
	t.Helper()
	d.sh(t, "rm filler")
}

func (d *Disk) sh(t testing.TB, script string) {
	t.Helper()
	name, args := d.Command("sh", "-c", script)
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}
