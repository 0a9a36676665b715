package program

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestWordsOfALine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		line string
		want []word
	}{
		{"::wf done=3 of=10 loss=0.5", []word{{"done", "3"}, {"of", "10"}, {"loss", "0.5"}}},
		{`::wf note="two words" a=b`, []word{{"note", `"two words"`}, {"a", "b"}}},
		{`::wf result={"x": [1, 2], "y": "a b"} done=1`, []word{{"result", `{"x": [1, 2], "y": "a b"}`}, {"done", "1"}}},
		{"::wf   no-equals  =x 1=2 ok=1 ", []word{{"ok", "1"}}},
		{`::wf broken="no end`, []word{{"broken", `"no`}}},
		{"::wf empty=", []word{{"empty", ""}}},
		{"::wf ", nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, wordsOf(tt.line), cmp.AllowUnexported(word{})); diff != "" {
			t.Errorf("%q (- want, + got):\n%s", tt.line, diff)
		}
	}
}

// However the output is cut into pieces, our lines are taken out, all else goes through, and all is in the log.
func TestSieveTakesOutOurLines(t *testing.T) {
	t.Parallel()
	text := "one\n::wf done=1\n\n::wfx two\n ::wf three\nfour ::wf done=9\n::wf done=2\r\n::w\npart"
	want := "one\n\n::wfx two\n ::wf three\nfour ::wf done=9\n::w\npart"
	for _, whole := range []bool{true, false} {
		var log, pass bytes.Buffer
		var told []string
		s := &sieve{log: &log, pass: &pass, tell: func(line string) { told = append(told, line) }}
		r := strings.NewReader(text)
		if whole {
			_, _ = s.Write([]byte(text))
		} else {
			buffer := make([]byte, 1)
			for one := iotest.OneByteReader(r); ; {
				n, err := one.Read(buffer)
				if err != nil {
					break
				}
				_, _ = s.Write(buffer[:n])
			}
		}
		if shown := pass.String(); shown != want {
			t.Errorf("whole %v: passes %q before the end, want %q", whole, shown, want)
		}
		s.end()
		if diff := cmp.Diff([]string{"::wf done=1", "::wf done=2"}, told); diff != "" {
			t.Errorf("whole %v (- want, + got):\n%s", whole, diff)
		}
		if log.String() != text {
			t.Errorf("whole %v: the log is %q", whole, log.String())
		}
		if line, ok := s.tail.line(); !ok || line != "part" {
			t.Errorf("whole %v: the last line is %q, %v", whole, line, ok)
		}
	}
}

func TestSieveHasAnEnd(t *testing.T) {
	t.Parallel()
	var log, pass bytes.Buffer
	var told []string
	s := &sieve{log: &log, pass: &pass, tell: func(line string) { told = append(told, line) }}
	long := prefix + strings.Repeat("x", 2*longWords)
	_, _ = s.Write([]byte(long))
	if pass.Len() != len(long) {
		t.Errorf("of a line of %d bytes without an end %d are passed", len(long), pass.Len())
	}
	_, _ = s.Write([]byte("\n::wf done=3"))
	s.end()
	if len(told) != 1 || told[0] != "::wf done=3" {
		t.Errorf("told %q; want the last line, though it has no end", told)
	}
	if _, ok := s.tail.line(); ok {
		t.Error("a line that is not kept whole is a last line")
	}
}

func TestParamsAreOneObject(t *testing.T) {
	t.Parallel()
	s := State{Params: json.RawMessage(`{"n": 1, "deep": {"x": [1]}}`), Param: map[string]string{"n": "2", "word": "two", "flag": "true", "empty": ""}}
	got, err := s.params()
	if want := `{"deep":{"x":[1]},"empty":"","flag":true,"n":2,"word":"two"}`; err != nil || got != want {
		t.Errorf("params: %s, %v; want %s", got, err, want)
	}
	for _, bad := range []string{`[1]`, `1`, `"x"`} {
		if _, err := (&State{Params: json.RawMessage(bad)}).params(); err == nil {
			t.Errorf("%s is taken for an object", bad)
		}
	}
	if got, err := (&State{Params: json.RawMessage("null")}).params(); err != nil || got != "{}" {
		t.Errorf("no params: %s, %v", got, err)
	}
}

func TestVersionIsShort(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{86: "86 B", 1500: "1.5 kB", 25_000_000: "25 MB", 3_000_000_000: "3 GB"} {
		if got := bytesText(n); got != want {
			t.Errorf("%d bytes are %q, want %q", n, got, want)
		}
	}
	if got := (Version{}).text(); got != "nothing" {
		t.Errorf("no version is %q", got)
	}
}
