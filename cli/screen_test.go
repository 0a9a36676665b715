package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine"
)

func TestScreenDrawsInPlace(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := &screen{out: &out} // no terminal, so 80 × 24
	draw := func(lines ...string) string {
		out.Reset()
		if err := s.draw(func(p *screenPage) error { return p.lines(lines) }); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if got, want := draw("a", "b"), "\r\x1b[2Ka\n\r\x1b[2Kb\n\x1b[J"; got != want {
		t.Errorf("first page = %q, want %q", got, want)
	}
	if got, want := draw("c"), "\x1b[2A\r\x1b[2Kc\n\x1b[J"; got != want {
		t.Errorf("second page = %q, want %q", got, want)
	}
	if got, want := draw("\x1b[31mred\x07"), "\x1b[1A\r\x1b[2K [31mred \n\x1b[J"; got != want {
		t.Errorf("page with control characters = %q, want %q", got, want)
	}
	if got := draw(strings.Repeat("x", 100)); !strings.Contains(got, strings.Repeat("x", 78)+"…\n") {
		t.Errorf("long line = %q, want it cut to 79 cells", got)
	}
	var many []string
	for i := range 30 {
		many = append(many, fmt.Sprint("line ", i))
	}
	if got := draw(many...); strings.Count(got, "\n") != 23 || !strings.Contains(got, "… 8 more") || strings.Contains(got, "line 22") {
		t.Errorf("long page = %q, want 22 lines and one about 8 more", got)
	}
}

func TestBar(t *testing.T) {
	t.Parallel()
	tests := []struct {
		done, total int64
		want        int // cells that are full; -1 for no bar
	}{
		{0, 100, 0}, {50, 100, barWidth / 2}, {100, 100, barWidth}, {150, 100, barWidth}, {-1, 100, 0}, {5, -1, -1}, {5, 0, -1},
	}
	for _, tt := range tests {
		got := bar(engine.Progress{Done: tt.done, Total: tt.total})
		if tt.want < 0 && got != "" || tt.want >= 0 && got != "["+strings.Repeat("=", tt.want)+strings.Repeat(" ", barWidth-tt.want)+"] " {
			t.Errorf("bar(%d of %d) = %q, want %d full cells", tt.done, tt.total, got, tt.want)
		}
	}
}
