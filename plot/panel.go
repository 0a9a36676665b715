package plot

import (
	"cmp"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// plot makes the axes of a panel and what is between them.
func (p *Panel) plot() *plot.Plot {
	unit, length := "", 1.0
	box := p.bounds()
	if p.Elapsed {
		unit, length = timeUnit(box.Max.X)
		unit = " (" + unit + ")"
	}
	out := plot.New()
	style(&out.X, p.X+unit)
	style(&out.Y, p.Y)
	out.X.Min, out.X.Max = box.Min.X/length, box.Max.X/length
	out.Y.Min, out.Y.Max = box.Min.Y, box.Max.Y
	switch low, high := box.Min.Y, box.Max.Y; {
	case p.Zero && low >= 0:
		out.Y.Min, out.Y.Max = 0, high+cmp.Or(high, 1)*0.05
	case logarithmic(low, high):
		out.Y.Scale, out.Y.Tick.Marker = plot.LogScale{}, plot.TickerFunc(powerTicks)
		out.Y.Min, out.Y.Max = out.Y.Min/1.3, out.Y.Max*1.3
	default:
		out.Y.Min, out.Y.Max = loosen(low, high)
	}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = faint(), faint()
	for i := range p.Lines {
		out.Add(foot{&p.Lines[i], length})
	}
	out.Add(grid)
	for i := range p.Lines {
		out.Add(curve{&p.Lines[i], length})
	}
	return out
}

// box is what the axes of a panel span.
type box struct{ Min, Max Point }

// bounds returns what the lines of the panel span; what happened to them counts for X.
func (p *Panel) bounds() box {
	b := box{Point{math.Inf(1), math.Inf(1)}, Point{math.Inf(-1), math.Inf(-1)}}
	wide := func(x float64) { b.Min.X, b.Max.X = min(b.Min.X, x), max(b.Max.X, x) }
	for _, l := range p.Lines {
		for _, at := range l.Points {
			wide(at.X)
			if finite(at.Y) {
				b.Min.Y, b.Max.Y = min(b.Min.Y, at.Y), max(b.Max.Y, at.Y)
			}
		}
		for _, x := range l.Rug {
			wide(x)
		}
		for _, g := range l.Gaps {
			wide(g.From)
			wide(g.To)
		}
	}
	if b.Min.X > b.Max.X {
		b.Min.X, b.Max.X = 0, 1
	}
	if b.Min.Y > b.Max.Y {
		b.Min.Y, b.Max.Y = 0, 1
	}
	if p.Elapsed {
		b.Min.X = min(b.Min.X, 0)
	}
	if b.Min.X == b.Max.X { // a single point is in the middle
		room := max(math.Abs(b.Min.X)*0.05, 1)
		b.Min.X, b.Max.X = b.Min.X-room, b.Max.X+room
	}
	return b
}

// loosen gives a linear axis some room, and the zero if that is near.
func loosen(low, high float64) (float64, float64) {
	span := high - low
	if span == 0 {
		span = cmp.Or(math.Abs(high), 1)
	}
	from, to := low-span*0.05, high+span*0.05
	if low >= 0 && low < span {
		from = 0
	}
	return from, to
}

// extreme is beyond what axes are computed with: their spans stay numbers.
const extreme = 1e300

// finite reports whether a value can be drawn.
func finite(x float64) bool { return math.Abs(x) < extreme } // NaN is not

// foot draws what lies behind the lines: gaps, marks and the rug.
type foot struct {
	*Line
	unit float64 // of X
}

// Plot draws onto a canvas.
func (f foot) Plot(c draw.Canvas, p *plot.Plot) {
	at, _ := p.Transforms(&c)
	for _, g := range f.Gaps {
		from, to := at(g.From/f.unit), at(g.To/f.unit)
		to = max(to, from+vg.Points(0.7)) // a short one is seen, too
		c.FillPolygon(shade(lineColor(f.Color)), corners(vg.Rectangle{Min: vg.Point{X: from, Y: c.Min.Y}, Max: vg.Point{X: to, Y: c.Max.Y}}))
	}
	for _, x := range f.Marks {
		c.StrokeLine2(markStyle(f.Color), at(x/f.unit), c.Min.Y, at(x/f.unit), c.Max.Y)
	}
	for _, x := range f.Rug {
		c.StrokeLine2(rugStyle(f.Color), at(x/f.unit), c.Min.Y, at(x/f.unit), c.Min.Y+vg.Points(6))
	}
}

// curve draws the points of a line.
type curve struct {
	*Line
	unit float64
}

// Plot draws onto a canvas.
func (l curve) Plot(c draw.Canvas, p *plot.Plot) {
	atX, atY := p.Transforms(&c)
	for _, piece := range l.pieces() {
		path := make([]vg.Point, len(piece))
		for i, pt := range piece {
			path[i] = vg.Point{X: atX(pt.X / l.unit), Y: atY(pt.Y)}
		}
		if len(path) == 1 { // alone between gaps
			c.DrawGlyph(draw.GlyphStyle{Color: lineColor(l.Color), Radius: vg.Points(1.5), Shape: draw.CircleGlyph{}}, path[0])
			continue
		}
		c.StrokeLines(stroke(l.Color), path)
	}
}

// pieces cuts the line where a value is missing and where a gap lies between two points.
func (l *Line) pieces() [][]Point {
	var all [][]Point
	var piece []Point
	end := func() {
		if len(piece) > 0 {
			all, piece = append(all, piece), nil
		}
	}
	gaps := l.Gaps
	for _, pt := range l.Points {
		if !finite(pt.Y) {
			end()
			continue
		}
		for len(gaps) > 0 && pt.X >= gaps[0].To {
			end()
			gaps = gaps[1:]
		}
		piece = append(piece, pt)
	}
	end()
	return all
}
