package plot

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Colors is how many colours there are for lines.
const Colors = 7

// lineColor is one of the colours of Okabe and Ito ("Color Universal Design", 2008), which people with any kind of
// colour vision tell apart.
func lineColor(i int) color.Color {
	return [Colors]color.Color{
		color.NRGBA{0x00, 0x72, 0xb2, 0xff}, color.NRGBA{0xd5, 0x5e, 0x00, 0xff}, color.NRGBA{0x00, 0x9e, 0x73, 0xff},
		color.NRGBA{0xcc, 0x79, 0xa7, 0xff}, color.NRGBA{0xe6, 0x9f, 0x00, 0xff}, color.NRGBA{0x56, 0xb4, 0xe9, 0xff},
		color.NRGBA{0x44, 0x44, 0x44, 0xff},
	}[i%Colors]
}

func white() color.Color { return color.White }
func ink() color.Color   { return color.Gray{0x30} }
func faint() color.Color { return color.Gray{0xe4} } // of the grid

// shade is the colour of a line's gaps.
func shade(of color.Color) color.Color {
	r, g, b, _ := of.RGBA()
	return color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 0x26}
}

func stroke(i int) draw.LineStyle {
	return draw.LineStyle{Color: lineColor(i), Width: vg.Points(1.4)}
}

func markStyle(i int) draw.LineStyle {
	return draw.LineStyle{Color: lineColor(i), Width: vg.Points(0.8), Dashes: []vg.Length{vg.Points(3), vg.Points(3)}}
}

func rugStyle(i int) draw.LineStyle {
	return draw.LineStyle{Color: lineColor(i), Width: vg.Points(0.6)}
}

// letters are text of a size.
func letters(size vg.Length) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	return text.Style{Color: ink(), Font: f, Handler: plot.DefaultTextHandler, YAlign: text.YCenter}
}
