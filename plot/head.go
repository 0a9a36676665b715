package plot

import (
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const (
	titleHeight    = 8 * vg.Millimeter
	subtitleHeight = 5 * vg.Millimeter
	keyHeight      = 6 * vg.Millimeter
	headGap        = 2 * vg.Millimeter // below it all
	keySample      = 6 * vg.Millimeter // length of the sample of a line
)

// headHeight is the height of the title, the subtitle and the key.
func (f *Figure) headHeight() vg.Length {
	height := vg.Length(0)
	if f.Title != "" {
		height += titleHeight
	}
	if f.Subtitle != "" {
		height += subtitleHeight
	}
	return height + headGap + keyHeight*vg.Length(len(f.keyRows(width-2*margin)))
}

// drawHead draws them at the top of the page.
func (f *Figure) drawHead(page draw.Canvas) {
	y := page.Max.Y
	if f.Title != "" {
		page.FillText(letters(14), vg.Point{X: page.Min.X, Y: y - titleHeight/2}, f.Title)
		y -= titleHeight
	}
	if f.Subtitle != "" {
		page.FillText(letters(9), vg.Point{X: page.Min.X, Y: y - subtitleHeight/2}, f.Subtitle)
		y -= subtitleHeight
	}
	for _, row := range f.keyRows(page.Max.X - page.Min.X) {
		x := page.Min.X
		for _, e := range row {
			e.sample(page, x, y-keyHeight/2)
			page.FillText(letters(9), vg.Point{X: x + keySample + vg.Millimeter, Y: y - keyHeight/2}, e.name)
			x += e.width()
		}
		y -= keyHeight
	}
}

// entry explains one sign of the picture.
type entry struct {
	name   string
	sample func(c draw.Canvas, x, y vg.Length)
}

func (e entry) width() vg.Length {
	return keySample + letters(9).Width(e.name) + 5*vg.Millimeter
}

// keyRows are the entries of the key, in rows that fit into a width: one for each name of a line if there are several,
// and for the other signs that occur.
func (f *Figure) keyRows(room vg.Length) (rows [][]entry) {
	used := room // so that the first begins a row
	for _, e := range f.key() {
		if used+e.width() > room {
			rows, used = append(rows, nil), 0
		}
		last := len(rows) - 1
		rows[last] = append(rows[last], e)
		used += e.width()
	}
	return rows
}

func (f *Figure) key() (list []entry) {
	named := map[string]bool{}
	var gaps, marks, rug bool
	for _, p := range f.Panels {
		for _, l := range p.Lines {
			gaps, marks, rug = gaps || len(l.Gaps) > 0, marks || len(l.Marks) > 0, rug || len(l.Rug) > 0
			if !named[l.Name] {
				named[l.Name] = true
				list = append(list, entry{l.Name, lineSample(stroke(l.Color))})
			}
		}
	}
	if len(named) == 1 { // the title says what it is
		list = nil
	}
	neutral := func(s draw.LineStyle) draw.LineStyle { s.Color = ink(); return s }
	if gaps {
		list = append(list, entry{"interrupted", boxSample(shade(ink()))})
	}
	if marks {
		list = append(list, entry{"resumed", lineSample(neutral(markStyle(0)))})
	}
	if rug {
		list = append(list, entry{"checkpoints", rugSample(neutral(rugStyle(0)))})
	}
	return list
}

func lineSample(s draw.LineStyle) func(c draw.Canvas, x, y vg.Length) {
	return func(c draw.Canvas, x, y vg.Length) { c.StrokeLine2(s, x, y, x+keySample, y) }
}

func boxSample(fill color.Color) func(c draw.Canvas, x, y vg.Length) {
	return func(c draw.Canvas, x, y vg.Length) {
		half := vg.Points(4)
		c.FillPolygon(fill, corners(vg.Rectangle{Min: vg.Point{X: x, Y: y - half}, Max: vg.Point{X: x + keySample, Y: y + half}}))
	}
}

func rugSample(s draw.LineStyle) func(c draw.Canvas, x, y vg.Length) {
	return func(c draw.Canvas, x, y vg.Length) {
		for i := range 4 {
			at := x + vg.Length(i)*keySample/4 + vg.Points(2)
			c.StrokeLine2(s, at, y-vg.Points(3), at, y+vg.Points(3))
		}
	}
}
