package program

import (
	"bytes"
	"io"
	"strings"
)

// longWords is the longest line that can speak to us; longer ones are output like any other.
const longWords = 64 << 10

// sieve takes the lines that begin with prefix out of a program's output. It holds nothing else back, not even a
// line that has not ended. It is not safe for concurrent use.
type sieve struct {
	log  io.Writer         // gets everything
	pass io.Writer         // gets what is not for us
	tell func(line string) // gets what is

	within bool   // a line that is not for us
	held   []byte // the beginning of a line that may be
	out    []byte
	tail   tail
}

func (s *sieve) Write(p []byte) (int, error) {
	_, _ = s.log.Write(p) // it never fails
	s.out = s.out[:0]
	for rest := p; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n') + 1
		piece := rest[:end]
		if end == 0 {
			piece = rest
		}
		rest = rest[len(piece):]
		s.take(piece, end > 0)
	}
	s.tail.add(s.out)
	if _, err := s.pass.Write(s.out); err != nil {
		s.pass = io.Discard // nobody reads it any more; the log goes on
	}
	return len(p), nil
}

// take takes a line, or a part of one.
func (s *sieve) take(piece []byte, ended bool) {
	if s.within {
		s.out = append(s.out, piece...)
		s.within = !ended
		return
	}
	s.held = append(s.held, piece...)
	n := min(len(s.held), len(prefix))
	ours := string(s.held[:n]) == prefix[:n] && len(s.held) < longWords
	switch {
	case ours && ended && n == len(prefix):
		s.tell(strings.TrimRight(string(s.held), "\r\n"))
	case ours && !ended:
		return
	default:
		s.out = append(s.out, s.held...)
		s.within = !ended
	}
	s.held = s.held[:0]
}

// end passes on what is held, at the end of the output.
func (s *sieve) end() {
	if len(s.held) == 0 {
		return
	}
	if bytes.HasPrefix(s.held, []byte(prefix)) {
		s.tell(string(s.held))
		return
	}
	s.tail.add(s.held)
	_, _ = s.pass.Write(s.held) // as in Write
}

// tail keeps the last bytes of what goes through.
type tail struct{ kept []byte }

// longTail is how many bytes at least.
const longTail = 4 << 10

func (t *tail) add(p []byte) {
	if len(p) > longTail {
		p = p[len(p)-longTail:]
	}
	t.kept = append(t.kept, p...)
	if len(t.kept) > 2*longTail {
		t.kept = append(t.kept[:0], t.kept[len(t.kept)-longTail:]...)
	}
}

// line returns the last line that is not blank, if there is one that is short enough to be kept whole.
func (t *tail) line() (string, bool) {
	lines := t.lines(2)
	if len(lines) == 0 || len(lines) == 1 && len(t.kept) >= longTail {
		return "", false
	}
	return lines[len(lines)-1], true
}

// lines returns the last lines that are not blank, n at most, the oldest first.
func (t *tail) lines(n int) []string {
	text := t.kept[max(0, len(t.kept)-longTail):]
	var found []string
	for _, line := range strings.Split(strings.ToValidUTF8(string(text), "�"), "\n") {
		if line = strings.TrimRight(line, "\r\t "); line != "" {
			found = append(found, line)
		}
	}
	return found[max(0, len(found)-n):]
}
