package cli

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The build ID is that which Go's own tool reads, and what is no program of Go has none.
func TestBuildID(t *testing.T) {
	t.Parallel()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // only read from
	got, err := buildID(file)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "tool", "buildid", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.TrimSpace(string(out)); got != want || want == "" {
		t.Errorf("buildID of this test = %q, go tool buildid says %q", got, want)
	}
	others := map[string]string{
		"nothing":        "",
		"a script":       "#!/bin/sh\n",
		"a torn note":    "\x53\x00\x00\x00\x04\x00\x00\x00Go\x00\x00abc",
		"a note, no ID":  "\x00\x00\x00\x00\x04\x00\x00\x00Go\x00\x00abc",
		"half a program": "\xff Go build ID: \"abc",
	}
	for name, text := range others {
		if got, err := buildID(strings.NewReader(text)); got != "" || err != nil {
			t.Errorf("buildID of %s = %q, %v; want none", name, got, err)
		}
	}
	if got, err := buildID(strings.NewReader("MZ\xff Go build ID: \"a/b\"\n \xff")); got != "a/b" || err != nil {
		t.Errorf("buildID of a text = %q, %v; want a/b", got, err)
	}
}
