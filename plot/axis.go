package plot

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// logDecades is how many decades positive values must span to get a logarithmic axis.
const logDecades = 2

// style makes an axis look like the others.
func style(a *plot.Axis, label string) {
	a.Label.Text = label
	a.Label.TextStyle.Font = letters(10).Font
	a.Label.TextStyle.Color = ink()
	a.Label.Padding = vg.Points(4)
	a.Tick.Label.Font = letters(9).Font
	a.Tick.Label.Color = ink()
	a.Tick.Color, a.Tick.Length = ink(), vg.Points(4)
	a.Color, a.Padding = ink(), 0
	a.Tick.Marker = plot.TickerFunc(roundTicks)
}

// timeUnit is a unit for a time axis: the largest of which it has a few.
func timeUnit(seconds float64) (unit string, length float64) {
	switch {
	case seconds < 180:
		return "s", 1
	case seconds < 3*3600:
		return "min", 60
	case seconds < 72*3600:
		return "h", 3600
	}
	return "days", 86400
}

// roundTicks marks multiples of 1, 2 or 5 times a power of ten, some six of them, with the fewest digits that tell them apart.
func roundTicks(from, to float64) []plot.Tick {
	span := to - from
	if span <= 0 || math.IsInf(span, 0) || math.IsNaN(span) {
		return []plot.Tick{{Value: from, Label: number(from)}}
	}
	step := math.Pow(10, math.Floor(math.Log10(span/6)))
	for _, f := range [...]float64{2, 2.5, 2} { // 1, 2, 5, 10
		if span/step <= 7 {
			break
		}
		step *= f
	}
	var ticks []plot.Tick
	for k := math.Ceil(from/step-1e-9) + 0; k*step <= to+step*1e-9; k++ { // + 0 makes 0 of -0
		ticks = append(ticks, plot.Tick{Value: k * step, Label: number(k * step)})
	}
	return ticks
}

// powerTicks marks powers of ten, with at most some eight labels.
func powerTicks(from, to float64) []plot.Tick {
	low, high := math.Floor(math.Log10(from)), math.Ceil(math.Log10(to))
	each := max(1, math.Ceil((high-low)/8))
	var ticks []plot.Tick
	for e := low; e <= high; e++ {
		tick := plot.Tick{Value: math.Pow(10, e)}
		if math.Mod(e-low, each) == 0 {
			tick.Label = power(e)
		}
		ticks = append(ticks, tick)
	}
	return ticks
}

// power is 10 to the e: as a number where that is short.
func power(e float64) string {
	if e >= -3 && e <= 4 {
		return strconv.FormatFloat(math.Pow(10, e), 'f', -1, 64)
	}
	return "1e" + strconv.Itoa(int(e))
}

// number shortens a number: thousands as k, millions as M, and so on.
func number(v float64) string {
	for _, u := range [...]struct {
		from float64
		unit string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e4, "k"}} {
		if abs := math.Abs(v); abs >= u.from && abs < 1e15 {
			size := u.from
			if u.unit == "k" {
				size = 1e3
			}
			return strconv.FormatFloat(v/size, 'g', 6, 64) + u.unit
		}
	}
	return strings.Replace(strconv.FormatFloat(v, 'g', 8, 64), "e-0", "e-", 1)
}

// logarithmic reports whether values, all of them positive, span so much that only a logarithmic axis shows them.
func logarithmic(low, high float64) bool {
	return low > 1/extreme && math.Log10(high/low) > logDecades
}
