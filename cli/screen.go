package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"

	"github.com/durable-wf/wf/engine"
)

// screen is a part of a terminal that is drawn anew in place.
type screen struct {
	out   io.Writer
	drawn int // lines of the last page
}

// screenPage is what a screen shows at a time.
type screenPage struct{ bytes.Buffer }

// draw replaces what the screen shows by what fn writes. Lines that do not fit are cut, since a line
// that wraps could not be taken back.
func (s *screen) draw(fn func(*screenPage) error) error {
	var page screenPage
	if err := fn(&page); err != nil {
		return err
	}
	width, height := s.size()
	lines := strings.Split(strings.TrimRight(page.String(), "\n"), "\n")
	if extra := len(lines) - (height - 1); extra > 0 {
		lines = append(lines[:height-2], fmt.Sprintf("… %d more", extra+1))
	}
	var b strings.Builder
	if s.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", s.drawn)
	}
	for _, line := range lines {
		b.WriteString("\r\x1b[2K" + runewidth.Truncate(line, width-1, "…") + "\n")
	}
	b.WriteString("\x1b[J") // what is left of a longer page
	s.drawn = len(lines)
	_, err := io.WriteString(s.out, b.String())
	return err
}

// size is that of the terminal; what cannot be told is taken to be 80 × 24.
func (s *screen) size() (width, height int) {
	if f, ok := s.out.(*os.File); ok {
		if w, h, err := term.GetSize(int(f.Fd())); err == nil && w > 1 && h > 3 {
			return w, h
		}
	}
	return 80, 24
}

// lines writes lines of text.
func (p *screenPage) lines(lines []string) error {
	for _, line := range lines {
		p.WriteString(printable(line) + "\n")
	}
	return nil
}

// grid writes runs as a table.
func (p *screenPage) grid(columns []column[runRow], rows []runRow) error {
	return (&rowsWriter[runRow]{out: p, format: asTable, columns: columns}).All(rows)
}

// bar draws how far a run is, if its end is known.
func bar(p engine.Progress) string {
	if p.Total <= 0 {
		return ""
	}
	full := int(min(max(p.Done, 0), p.Total) * barWidth / p.Total)
	return "[" + strings.Repeat("=", full) + strings.Repeat(" ", barWidth-full) + "] "
}
