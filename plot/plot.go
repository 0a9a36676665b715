// Package plot draws series of numbers over the life of a computation: what it measured, how fast it went,
// when it was saved, and when nobody worked on it. It knows no runs and no database.
//
// Pictures are SVG, PNG or PDF. The fonts are part of the program; nothing is fetched.
package plot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Figure is a picture: panels below each other, under one title and one key to their lines.
type Figure struct {
	Title    string
	Subtitle string // a smaller line below the title; "" for none
	Panels   []Panel
}

// Panel is a pair of axes with what is drawn between them.
type Panel struct {
	X, Y    string // what the axes count, with the unit in parentheses
	Elapsed bool   // X is a time in seconds: it gets a unit that fits, and the axis says which
	Zero    bool   // the Y axis begins at 0, if no value is below
	Lines   []Line
}

// Line is a series of one colour, with what happened to it.
type Line struct {
	Name   string  // in the key; lines of one name are explained once
	Color  int     // which of the colours, from 0; they repeat after Colors
	Points []Point // by X; a value that is no finite number interrupts the line
	Gaps   []Span  // while nothing was executed: shaded, and the line is broken there
	Marks  []float64
	Rug    []float64 // small ticks at the foot, such as the times of checkpoints
}

// Point is a pair of numbers.
type Point struct{ X, Y float64 }

// Span is a part of the X axis.
type Span struct{ From, To float64 }

// ErrFormat says that the ending of a file's name is that of no format.
var ErrFormat = errors.New("no picture format")

// Formats are the endings of file names that Write knows, without their dots.
func Formats() []string { return []string{"svg", "png", "pdf"} }

// FormatOf returns the format that the ending of a file's name stands for, or ErrFormat.
func FormatOf(path string) (string, error) {
	format := strings.ToLower(strings.TrimPrefix(filepath.Ext(path), "."))
	if !slices.Contains(Formats(), format) {
		return "", fmt.Errorf("%q: %w: must end in .%s", path, ErrFormat, strings.Join(Formats(), ", ."))
	}
	return format, nil
}

const (
	width       = 18 * vg.Centimeter
	panelHeight = 7 * vg.Centimeter
	margin      = 5 * vg.Millimeter
	resolution  = 144 // of PNG, in dots an inch
)

// Write draws the figure into a file, in the format that the ending of its name says, or returns ErrFormat.
// The file is complete or not there: it is written beside the place, synced and renamed.
func (f *Figure) Write(path string) (err error) {
	format, err := FormatOf(path)
	if err != nil {
		return err
	}
	height := panelHeight*vg.Length(len(f.Panels)) + f.headHeight() + 2*margin
	canvas := blank(format, height)
	page := draw.New(canvas)
	page.FillPolygon(white(), corners(page.Rectangle))
	f.draw(draw.Crop(page, margin, -margin, margin, -margin))

	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temp.Name()))
		}
	}()
	_, err = canvas.WriteTo(temp)
	if err := errors.Join(err, temp.Chmod(0o644), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

// blank is an empty page in a format.
func blank(format string, height vg.Length) vg.CanvasWriterTo {
	switch format {
	case "png":
		return vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(resolution))}
	case "pdf":
		return vgpdf.New(width, height)
	}
	return vgsvg.New(width, height)
}

// draw draws the heading and, below it, the panels, whose Y axes stand in one line.
func (f *Figure) draw(page draw.Canvas) {
	f.drawHead(page)
	body := draw.Crop(page, 0, 0, 0, -f.headHeight())
	grid := make([][]*plot.Plot, len(f.Panels))
	for i := range f.Panels {
		grid[i] = []*plot.Plot{f.Panels[i].plot()}
	}
	tiles := draw.Tiles{Rows: len(grid), Cols: 1, PadY: 4 * vg.Millimeter}
	for i, canvases := range plot.Align(grid, tiles, body) {
		grid[i][0].Draw(canvases[0])
	}
}

func corners(r vg.Rectangle) []vg.Point {
	return []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}}
}
