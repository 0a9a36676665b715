package cli

import (
	"bufio"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// grid writes rows as aligned columns, two spaces apart. Its columns never become narrower from one
// page to the next, and the heading is written once.
type grid struct {
	widths []int
	headed bool
}

const gap = "  " // between two columns

// write writes a page of rows below heads, which may be nil. A column of numbers is aligned right.
func (g *grid) write(out io.Writer, heads []string, rows [][]string) error {
	for _, row := range rows {
		g.widen(row)
	}
	right := numeric(rows)
	b := bufio.NewWriter(out)
	if !g.headed && heads != nil {
		g.widen(heads)
		g.line(b, heads, right)
	}
	g.headed = true
	for _, row := range rows {
		g.line(b, row, right)
	}
	return b.Flush()
}

func (g *grid) widen(row []string) {
	for i, cell := range row {
		if i == len(g.widths) {
			g.widths = append(g.widths, 0)
		}
		g.widths[i] = max(g.widths[i], width(cell))
	}
}

func (g *grid) line(b *bufio.Writer, row []string, right []bool) {
	var line strings.Builder
	for i, cell := range row {
		if i > 0 {
			line.WriteString(gap)
		}
		pad := strings.Repeat(" ", g.widths[i]-width(cell))
		if right[i] {
			line.WriteString(pad + cell)
		} else {
			line.WriteString(cell + pad)
		}
	}
	b.WriteString(strings.TrimRight(line.String(), " ") + "\n") // its error shows at Flush
}

// width is how many columns of a terminal a text takes. Nearly every cell is plain ASCII, of which no table of Unicode
// need be asked.
func width(text string) int {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return runewidth.StringWidth(text)
		}
	}
	return len(text)
}

// numeric tells which columns hold nothing but numbers.
func numeric(rows [][]string) []bool {
	var columns []bool
	for _, row := range rows {
		for i, cell := range row {
			if i == len(columns) {
				columns = append(columns, true)
			}
			columns[i] = columns[i] && strings.Trim(cell, "0123456789.-") == ""
		}
	}
	return columns
}
