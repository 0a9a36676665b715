package workload

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Heading is what a column of the metric is called.
func (m *Metric) Heading() string {
	if m.Label == "" {
		return m.Unit
	}
	return m.Label
}

// Text is a value with a unit that fits, to three digits.
func (m *Metric) Text(v float64) string {
	switch m.Unit {
	case "s":
		return scaled(v, 1000, []unit{{1e-9, "ns"}, {1e-6, "µs"}, {1e-3, "ms"}, {1, "s"}})
	case "bytes":
		return scaled(v, 1000, []unit{{1, "B"}, {1e3, "KB"}, {1e6, "MB"}, {1e9, "GB"}})
	case "ns":
		return hundredths(v) + " ns"
	case "%":
		return strconv.FormatFloat(v, 'g', 2, 64) + " %"
	case "1":
		return hundredths(v)
	case "count":
		return grouped(math.Round(v))
	default: // rates
		return grouped(v)
	}
}

type unit struct {
	factor float64
	name   string
}

func scaled(v, limit float64, units []unit) string {
	u := units[len(units)-1]
	for i := range units {
		if math.Abs(v) < limit*units[i].factor*0.9995 {
			u = units[i]
			break
		}
	}
	return digits(v/u.factor) + " " + u.name
}

// hundredths is a number with two digits after the point. What is nothing then has no sign.
func hundredths(v float64) string {
	return strings.Replace(strconv.FormatFloat(v, 'f', 2, 64), "-0.00", "0.00", 1)
}

// digits is a number with three digits, or all of its integer part.
func digits(v float64) string {
	switch a := math.Abs(v); {
	case a >= 100 || a == 0:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
}

// grouped is a number with a comma between thousands.
func grouped(v float64) string {
	if math.Abs(v) < 100 && v != math.Trunc(v) {
		return digits(v)
	}
	text, sign := strconv.FormatFloat(math.Abs(v), 'f', 0, 64), ""
	if v < 0 {
		sign = "-"
	}
	var parts []string
	for ; len(text) > 3; text = text[:len(text)-3] {
		parts = append([]string{text[len(text)-3:]}, parts...)
	}
	return fmt.Sprint(sign, strings.Join(append([]string{text}, parts...), ","))
}
