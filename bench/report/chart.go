package report

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/durable-wf/wf/bench/workload"
)

// bar is a subject in a chart.
type bar struct {
	label, text string
	value       float64
	key         string
}

// chart draws the first figure of a workload for all subjects that have it, and reports whether it was worth it. The
// background is white, so that it can be read on a dark page, too.
func (f figures) chart(w *workload.Workload, path string) (bool, error) {
	bars := f.bars(w)
	if len(bars) < 2 {
		return false, nil
	}
	p := plot.New()
	p.Title.Text = w.Title
	p.Title.TextStyle.Font.Variant, p.Title.Padding = "Sans", vg.Points(6)
	m := &w.Metrics[0]
	p.X.Label.Text = axis(m)
	p.X.Label.TextStyle.Font.Variant, p.X.Tick.Label.Font.Variant, p.Y.Tick.Label.Font.Variant = "Sans", "Sans", "Sans"
	low := scale(p, bars)
	names := make([]string, len(bars))
	for i, b := range bars {
		if err := add(p, float64(i), low, &b); err != nil {
			return false, err
		}
		names[i] = b.label
	}
	p.NominalY(names...)
	const room = 18 // points: names are wider in the fonts that some browsers put in the place of ours
	p.Y.LineStyle.Width, p.Y.Tick.LineStyle.Width, p.Y.Padding = 0, 0, vg.Points(room)
	return true, save(p, path, vg.Points(680), vg.Points(82+26*float64(len(bars))))
}

// bars are from the bottom to the top of the picture.
func (f figures) bars(w *workload.Workload) (list []bar) {
	m := &w.Metrics[0]
	for i := len(f.Subjects) - 1; i >= 0; i-- {
		d := &f.Subjects[i]
		if v, ok := f.median(w.Name, d.Key, m.Name); ok && v > 0 {
			b := bar{label: d.Key, text: m.Text(v), value: v, key: d.Key}
			if f.gaveUp(w.Name, d.Key) {
				b.text = "> " + b.text
			}
			list = append(list, b)
		}
	}
	return list
}

// axis says what is counted, and which end is the good one.
func axis(m *workload.Metric) string {
	text := m.Heading()
	switch m.Unit {
	case "s":
		text += " (s)"
	case "bytes":
		text += " (bytes)"
	case "1":
	}
	if m.Less {
		return text + "; less is better"
	}
	return text + "; more is better"
}

// scale sets the X axis, logarithmic where the bars differ much, and returns where bars begin.
func scale(p *plot.Plot, bars []bar) (low float64) {
	least, most := bars[0].value, bars[0].value
	for _, b := range bars {
		least, most = min(least, b.value), max(most, b.value)
	}
	p.X.Min, p.X.Max = 0, most*1.2
	if most > 20*least {
		p.X.Min, p.X.Max = math.Pow(10, math.Floor(math.Log10(least)-0.3)), most*math.Pow(most/least, 0.15)
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
		p.X.Label.Text += " (logarithmic)"
	}
	return p.X.Min
}

// add draws a bar and writes its value beside it.
func add(p *plot.Plot, y, low float64, b *bar) error {
	const half = 0.34
	box, err := plotter.NewPolygon(plotter.XYs{{X: low, Y: y - half}, {X: b.value, Y: y - half}, {X: b.value, Y: y + half}, {X: low, Y: y + half}})
	if err != nil {
		return err
	}
	box.Color, box.LineStyle.Width = colour(b.key), 0
	label, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: b.value, Y: y}}, Labels: []string{b.text}})
	if err != nil {
		return err
	}
	label.Offset = vg.Point{X: vg.Points(4)}
	label.TextStyle[0].YAlign, label.TextStyle[0].Font.Variant = draw.YCenter, "Sans"
	p.Add(box, label)
	return nil
}

func colour(key string) color.Color {
	switch key {
	case ours:
		return color.RGBA{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}
	case baseline:
		return color.RGBA{R: 0x99, G: 0x99, B: 0x99, A: 0xff}
	default:
		return color.RGBA{R: 0xe6, G: 0x9f, B: 0x00, A: 0xff}
	}
}

func save(p *plot.Plot, path string, width, height font.Length) error {
	c := vgsvg.New(width, height)
	p.Draw(draw.Crop(draw.New(c), vg.Points(8), vg.Points(-8), vg.Points(6), vg.Points(-6)))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return err
	}
	// Arial and Helvetica have the same widths.
	svg := bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif"))
	svg = bytes.Replace(svg, []byte("<g "), fmt.Appendf(nil, "<rect width=\"%g\" height=\"%g\" fill=\"#fff\"/>\n<g ", width.Points(), height.Points()), 1)
	return os.WriteFile(path, svg, 0o644) //nolint:gosec // a document
}
