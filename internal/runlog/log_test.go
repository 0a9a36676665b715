package runlog_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/internal/runlog"
)

func newWriter(t *testing.T, run string, n int, limit int64) *runlog.Writer {
	t.Helper()
	w, err := runlog.Create(run, n, limit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func newReader(t *testing.T, run string, n int) *runlog.Reader {
	t.Helper()
	r, err := runlog.Open(run, n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func mustWrite(t *testing.T, w io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
}

// rest reads what there is so far: the stream, a plus if the line goes on, the text.
func rest(t *testing.T, r *runlog.Reader) []string {
	t.Helper()
	var all []string
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		mark := " "
		if record.Open {
			mark = "+"
		}
		all = append(all, string(rune(record.Stream))+mark+record.Text)
	}
}

func TestStreamsKeepTheirOrderAndAreReadWhileTheyAreWritten(t *testing.T) {
	t.Parallel()
	run := t.TempDir()
	w := newWriter(t, run, 1, 1<<20)
	out, errs := w.Stream(runlog.Stdout), w.Stream(runlog.Stderr)
	mustWrite(t, out, "one\ntwo\n\nthr")
	mustWrite(t, errs, "oops\n")
	r := newReader(t, run, 1)
	if diff := cmp.Diff([]string{"o one", "o two", "o ", "o+thr", "e oops"}, rest(t, r)); diff != "" {
		t.Errorf("first look (- want, + got):\n%s", diff)
	}
	mustWrite(t, out, "ee\n")
	if diff := cmp.Diff([]string{"o ee"}, rest(t, r)); diff != "" {
		t.Errorf("second look (- want, + got):\n%s", diff)
	}
}

func TestLogIsBoundedAndItsReaderFollowsIt(t *testing.T) {
	t.Parallel()
	const limit, lines = 64 << 10, 20_000
	run := t.TempDir()
	w := newWriter(t, run, 1, limit)
	mustWrite(t, w.Stream(runlog.Stdout), "line 0\n")
	follower := newReader(t, run, 1)
	var followed []string
	for i := 1; i <= lines; i++ {
		mustWrite(t, w.Stream(runlog.Stdout), fmt.Sprintf("line %d\n", i))
		if i%100 == 0 {
			followed = append(followed, rest(t, follower)...)
		}
	}
	if len(followed) != lines+1 || followed[lines] != fmt.Sprintf("o line %d", lines) {
		t.Errorf("the follower has seen %d lines, the last %q; want %d", len(followed), followed[len(followed)-1], lines+1)
	}
	var size int64
	files, err := filepath.Glob(filepath.Join(run, "logs", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if size > limit || size < limit/2 {
		t.Errorf("%d files of %d bytes in all; want between %d and %d", len(files), size, limit/2, limit)
	}
	kept := rest(t, newReader(t, run, 1))
	if last := kept[len(kept)-1]; last != fmt.Sprintf("o line %d", lines) {
		t.Errorf("the last line that is kept is %q", last)
	}
}

func TestLongLineIsCutAndNotLost(t *testing.T) {
	t.Parallel()
	run := t.TempDir()
	long := strings.Repeat("x", 200_000)
	w := newWriter(t, run, 1, 10<<20)
	mustWrite(t, w.Stream(runlog.Stdout), long+"\nnext\n")
	var text strings.Builder
	for _, part := range rest(t, newReader(t, run, 1)) {
		text.WriteString(part[2:])
		if part[1] == ' ' {
			text.WriteByte('\n')
		}
	}
	if text.String() != long+"\nnext\n" {
		t.Errorf("%d bytes come back, want %d", text.Len(), len(long)+6)
	}
}

func TestOldestLogsAreRemoved(t *testing.T) {
	t.Parallel()
	run := t.TempDir()
	for n := 1; n <= runlog.Kept+3; n++ {
		newWriter(t, run, n, 1<<20)
	}
	starts := runlog.Starts(run)
	if len(starts) != runlog.Kept || starts[0] != 4 {
		t.Errorf("logs of %d starts are kept from %d on; want %d from 4 on", len(starts), starts[0], runlog.Kept)
	}
}
