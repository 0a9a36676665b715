//go:build unix

package wf_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/durable-wf/wf/internal/peer"
)

// A page that says "type this, and you will see that" is a test: its console blocks are typed, one after the
// other, in an empty folder, and what is seen is what the page shows. In the page … stands for anything
// within a line, and alone on a line for any lines.
func TestPagesAreTrueWordByWord(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"docs/science.md"} {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			typePage(t, string(text))
		})
	}
}

// The helper that the page shows is the one that is there to copy.
func TestPageShowsTheHelper(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/science.md")
	if err != nil {
		t.Fatal(err)
	}
	helper, err := os.ReadFile(example(t, "wf.py"))
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(helper), "\n") // the first line is a comment
	if !strings.Contains(string(page), "$ cat > wf.py <<'END'\n"+code+"END\n") {
		t.Errorf("docs/science.md does not show examples/exec/wf.py as it is:\n%s", code)
	}
}

// typed is a command of a page and what it shows below it.
type typed struct{ command, shown string }

func typePage(t *testing.T, page string) {
	t.Helper()
	dir, bin := t.TempDir(), t.TempDir()
	for name, path := range map[string]string{"wf": wf(t), "python3": peer.Python(t, "h5py", "pandas"), "Rscript": peer.Command(t, "Rscript")} {
		if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	commands := consoleBlocks(page)
	if len(commands) == 0 {
		t.Fatal("the page has no console blocks")
	}
	for _, c := range commands {
		cmd := exec.CommandContext(t.Context(), peer.Command(t, "bash"), "-c", c.command)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "WF_DB=")
		out, _ := cmd.CombinedOutput() // some are to fail: what is shown tells
		if !shows(string(out), c.shown) {
			t.Fatalf("$ %s\nshows\n%swant\n%s", c.command, out, c.shown)
		}
	}
}

// consoleBlocks returns what is typed in the console blocks of a page. A command goes on where a here-document or a
// backslash says so.
func consoleBlocks(page string) (list []typed) {
	block := regexp.MustCompile("(?ms)^```console\n(.*?)^```")
	for _, m := range block.FindAllStringSubmatch(page, -1) {
		heredoc := false
		for line := range strings.Lines(m[1]) {
			last := len(list) - 1
			switch command, isCommand := strings.CutPrefix(line, "$ "); {
			case isCommand && !heredoc:
				list = append(list, typed{command: command})
				heredoc = strings.Contains(command, "<<'END'")
			case heredoc || strings.HasSuffix(list[last].command, "\\\n") && list[last].shown == "":
				list[last].command += line
				heredoc = heredoc && line != "END\n"
			default:
				list[last].shown += line
			}
		}
	}
	return list
}

// shows reports whether an output is as a page shows it. Spaces at the ends of lines do not count.
func shows(out, shown string) bool {
	trail := regexp.MustCompile(`(?m)[ \t]+$`)
	pattern := regexp.QuoteMeta(trail.ReplaceAllString(shown, ""))
	pattern = regexp.MustCompile(`(?m)^…\n`).ReplaceAllString(pattern, `(?:.*\n)*?`)
	pattern = strings.ReplaceAll(pattern, "…", ".*")
	return regexp.MustCompile(`^` + pattern + `$`).MatchString(trail.ReplaceAllString(out, ""))
}

func TestPagesAreCompared(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		out, shown string
		want       bool
	}{
		{"a\nb\n", "a\nb\n", true},
		{"a\nb\n", "a\n", false},
		{"", "", true},
		{"x", "", false},
		{"took 3.2s, done\n", "took …, done\n", true},
		{"took 3.2s, not\n", "took …, done\n", false},
		{"1\n2\n3\nend\n", "1\n…\nend\n", true},
		{"1\nend\n", "1\n…\nend\n", true},
		{"1\n2\nfin\n", "1\n…\nend\n", false},
	} {
		if got := shows(test.out, test.shown); got != test.want {
			t.Errorf("shows(%q, %q) = %t", test.out, test.shown, got)
		}
	}
	got := consoleBlocks("x\n```console\n$ cat >f <<'END'\n$ no command\nEND\n$ a \\\n  b\nout\n```\n```console\n$ c\n```\n")
	want := []typed{{"cat >f <<'END'\n$ no command\nEND\n", ""}, {"a \\\n  b\n", "out\n"}, {"c\n", ""}}
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("command %d = %q, want %q", i, got[i], want[i])
		}
	}
}
