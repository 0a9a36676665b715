package plot_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/durable-wf/wf/plot"
)

// converging is a figure of a residual that falls over seven decades, with a gap in its second half.
func converging() *plot.Figure {
	l := plot.Line{Name: "run 1", Gaps: []plot.Span{{From: 600, To: 800}}, Rug: []float64{100, 200, 300}}
	for x := 0.0; x <= 1000; x++ {
		if x <= 600 || x >= 800 {
			l.Points = append(l.Points, plot.Point{X: x, Y: 3 * math.Exp(-x/60)})
		}
	}
	return &plot.Figure{Title: "heat: residual", Subtitle: "run 1", Panels: []plot.Panel{
		{X: "time since the first attempt", Elapsed: true, Y: "residual", Lines: []plot.Line{l}},
	}}
}

// write writes the figure and returns the file's content.
func write(t *testing.T, f *plot.Figure, name string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := f.Write(path); err != nil {
		t.Fatalf("Write %s: %v", name, err)
	}
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("beside %s are %v, %v; want nothing", name, left, err)
	}
	return doc
}

// texts returns the text elements of an SVG.
func texts(t *testing.T, doc []byte) (found []string) {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(doc))
	inText := false
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatalf("no XML: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			inText = token.Name.Local == "text"
		case xml.CharData:
			if inText && strings.TrimSpace(string(token)) != "" {
				found = append(found, strings.TrimSpace(string(token)))
			}
		}
	}
}

func TestPictureNamesWhatItShows(t *testing.T) {
	t.Parallel()
	all := strings.Join(texts(t, write(t, converging(), "x.svg")), "\n")
	for _, want := range []string{"heat: residual", "run 1", "time since the first attempt (min)", "residual", "interrupted", "checkpoints",
		"1e-5", "0.001", "15"} {
		if !strings.Contains("\n"+all+"\n", "\n"+want+"\n") {
			t.Errorf("no text %q in the picture; it has:\n%s", want, all)
		}
	}
}

func TestLinearAxisBelowTwoDecades(t *testing.T) {
	t.Parallel()
	f := &plot.Figure{Panels: []plot.Panel{{X: "progress", Y: "energy", Lines: []plot.Line{
		{Name: "a", Points: []plot.Point{{0, 1}, {2_000_000, 5}}}, {Name: "b", Color: 1, Points: []plot.Point{{0, 2}, {10, 3}}},
	}}}}
	all := strings.Join(texts(t, write(t, f, "x.svg")), "\n")
	for _, want := range []string{"0", "4", "1M", "500k", "a", "b"} {
		if !strings.Contains("\n"+all+"\n", "\n"+want+"\n") {
			t.Errorf("no text %q in the picture; it has:\n%s", want, all)
		}
	}
}

// blue counts the pixels of a column that have the first line's colour.
func blue(img image.Image, x int) (n int) {
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
		if c.R < 0x40 && c.B > 0x90 {
			n++
		}
	}
	return n
}

func TestLineIsBrokenWhereNobodyWorked(t *testing.T) {
	t.Parallel()
	f := converging()
	f.Panels[0].Lines[0].Rug = nil
	img, err := png.Decode(bytes.NewReader(write(t, f, "x.png")))
	if err != nil {
		t.Fatal(err)
	}
	var drawn []bool // from the first column with the line to the last
	first, last := -1, 0
	for x := range img.Bounds().Max.X {
		on := blue(img, x) > 0
		if on && first < 0 {
			first = x
		}
		if on {
			last = x
		}
		drawn = append(drawn, on)
	}
	if first < 0 {
		t.Fatal("there is no line")
	}
	for share, want := range map[float64]bool{0.3: true, 0.55: true, 0.65: false, 0.75: false, 0.9: true} {
		if x := first + int(share*float64(last-first)); drawn[x] != want {
			t.Errorf("the line is drawn at %v of its length: %v, want %v", share, drawn[x], want)
		}
	}
}

func TestPDFIsComplete(t *testing.T) {
	t.Parallel()
	doc := write(t, converging(), "x.PDF")
	if !bytes.HasPrefix(doc, []byte("%PDF-")) || !bytes.HasSuffix(bytes.TrimSpace(doc), []byte("%%EOF")) {
		t.Errorf("%d bytes that are no PDF", len(doc))
	}
}

func TestNoNumbersAreNoFault(t *testing.T) {
	t.Parallel()
	for name, points := range map[string][]plot.Point{
		"none": nil, "one": {{1, 1}}, "the same": {{1, 0}, {1, 0}}, "NaN": {{1, math.NaN()}, {2, math.Inf(1)}, {3, math.Inf(-1)}},
		"huge": {{0, math.MaxFloat64}, {math.MaxInt64, -math.MaxFloat64}}, "tiny": {{0, math.SmallestNonzeroFloat64}, {1, math.MaxFloat64}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &plot.Figure{Panels: []plot.Panel{{X: "x", Y: "y", Lines: []plot.Line{{Name: "l", Points: points}}}}}
			write(t, f, "x.svg")
		})
	}
}

func TestFailureLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := converging().Write(filepath.Join(dir, "x.gif")); !errors.Is(err, plot.ErrFormat) {
		t.Errorf("a .gif: %v, want %v", err, plot.ErrFormat)
	}
	if err := converging().Write(filepath.Join(dir, "none", "x.svg")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in a folder that is not there: %v, want %v", err, os.ErrNotExist)
	}
	if err := os.Mkdir(filepath.Join(dir, "x.svg"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := converging().Write(filepath.Join(dir, "x.svg")); err == nil {
		t.Error("a folder was replaced by a file")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v is left, %v; want the folder alone", left, err)
	}
}

// A single small value is in the middle of axes that say how large it is.
func TestSinglePoint(t *testing.T) {
	t.Parallel()
	doc := write(t, &plot.Figure{Title: "one", Panels: []plot.Panel{
		{X: "progress", Y: "residual", Lines: []plot.Line{{Points: []plot.Point{{X: 10000, Y: 2.2e-5}}}}},
	}}, "one.svg")
	labels := texts(t, doc)
	for _, want := range []string{"10k", "2.2e-5"} {
		if !slices.Contains(labels, want) {
			t.Errorf("the axes are labelled %q, want %q among them", labels, want)
		}
	}
}

// A rate is seen against zero, however little it varies.
func TestZeroIsOnTheAxis(t *testing.T) {
	t.Parallel()
	line := plot.Line{Points: []plot.Point{{X: 0, Y: 100}, {X: 1, Y: 180}}}
	labels := texts(t, write(t, &plot.Figure{Title: "rate", Panels: []plot.Panel{{X: "time", Y: "rate", Zero: true, Lines: []plot.Line{line}}}}, "zero.svg"))
	if !slices.Contains(labels, "50") {
		t.Errorf("the axes are labelled %q, want 50 among them", labels)
	}
}
