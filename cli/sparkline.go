package cli

import (
	"cmp"
	"context"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/plot"
)

// sparkWidth is how many points a sparkline has at most: as many are read, however long the series is.
const sparkWidth = 40

// The signs of a sparkline, from the lowest to the highest, for terminals that show UTF-8 and for others.
const (
	sparkUnicode = "▁▂▃▄▅▆▇█"
	sparkASCII   = "_.-~=+*#"
)

// sparkline draws values as a line of signs: on a logarithmic scale if they are positive and span more than two
// decades. What is no number is a gap; infinities are at the edges.
func sparkline(values []float64, signs string) string {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			low, high = min(low, v), max(high, v)
		}
	}
	scale := func(v float64) float64 { return v }
	if low > 0 && high/low > 100 {
		scale = func(v float64) float64 { return math.Log10(max(v, 0)) }
	}
	levels := []rune(signs)
	var b strings.Builder
	for _, v := range values {
		if math.IsNaN(v) {
			b.WriteByte(' ')
			continue
		}
		share := 0.5 // of a series that stays as it is
		if high > low {
			share = (scale(v) - scale(low)) / (scale(high) - scale(low))
		} else if math.IsInf(v, 0) {
			share = v
		}
		level := math.Floor(min(max(share, 0), 1) * float64(len(levels)))
		b.WriteRune(levels[min(int(level), len(levels)-1)])
	}
	return strings.TrimRight(b.String(), " ")
}

// sparkSigns are those that the terminal shows, by its locale.
func sparkSigns() string {
	locale := strings.ToUpper(cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_CTYPE"), os.Getenv("LANG")))
	if strings.Contains(locale, "UTF-8") || strings.Contains(locale, "UTF8") {
		return sparkUnicode
	}
	return sparkASCII
}

// seriesRow is a series of a run in short.
type seriesRow struct {
	name          string
	points        int64
	first, newest float64
	trend         []float64 // some of its values, evenly spread
}

// shortLife is up to how many events the rate is read from the history, which knows it exactly; it is guessed from
// the series of a longer run.
const shortLife = 2000

// readSeries reads the series of a run in short; latest are their newest points. The last is the rate at which
// the run went on, if that is known.
func readSeries(ctx context.Context, eng *engine.Engine, run engine.Run, latest []engine.Metric) ([]seriesRow, error) {
	var rows []seriesRow
	var longest []engine.Metric
	for _, m := range latest {
		points, err := eng.MetricSample(ctx, run.ID, m.Name, sparkWidth)
		if err != nil || len(points) == 0 {
			return rows, err
		}
		row := seriesRow{name: m.Name, points: m.N + 1, first: points[0].Value, newest: points[len(points)-1].Value}
		for _, p := range points {
			row.trend = append(row.trend, p.Value)
		}
		rows = append(rows, row)
		if len(points) > len(longest) {
			longest = points
		}
	}
	rates := sampleRates(longest)
	if run.Seq <= shortLife {
		l, err := readLife(ctx, eng, run)
		if err != nil {
			return nil, err
		}
		rates = thinRates(l.rates())
	}
	if len(rates) >= fewRates {
		rows = append(rows, seriesRow{name: rateName, first: rates[0], newest: rates[len(rates)-1], trend: rates})
	}
	return rows, nil
}

// thinRates averages rates so that a sparkline has room for them.
func thinRates(points []plot.Point) (rates []float64) {
	each := (len(points) + sparkWidth - 1) / sparkWidth
	for part := range slices.Chunk(points, max(each, 1)) {
		sum := 0.0
		for _, p := range part {
			sum += p.Y
		}
		rates = append(rates, sum/float64(len(part)))
	}
	return rates
}

// fewRates is from how many values on a rate is shown: fewer say nothing.
const fewRates = 5

// rateName names the series that is derived from the others.
const rateName = "rate"

// sampleRates is how fast the progress rose between points, in units a second. Points of one commit have one time.
func sampleRates(points []engine.Metric) (rates []float64) {
	if len(points) == 0 {
		return nil
	}
	last := points[0]
	for _, p := range points[1:] {
		if elapsed := p.Time.Sub(last.Time); elapsed > 0 && p.X >= 0 && last.X >= 0 {
			if p.X >= last.X {
				rates = append(rates, float64(p.X-last.X)/elapsed.Seconds())
			}
			last = p
		}
	}
	return rates
}

func seriesColumns() []column[seriesRow] {
	return []column[seriesRow]{
		{Name: "name", Head: "SERIES", Value: func(r seriesRow) any { return r.name },
			Show: func(r seriesRow) string {
				if r.points == 0 {
					return r.name + " (1/s)"
				}
				return r.name
			}},
		{Name: "points", Head: "POINTS", Value: func(r seriesRow) any { return numberOrNull(r.points) }},
		{Name: "first", Head: "FIRST", Value: func(r seriesRow) any { return r.first }, Show: func(r seriesRow) string { return short(r.first) }},
		{Name: "newest", Head: "NEWEST", Value: func(r seriesRow) any { return r.newest }, Show: func(r seriesRow) string { return short(r.newest) }},
		{Name: "trend", Head: "TREND", Value: func(r seriesRow) any { return trendOf(r) }, Show: func(r seriesRow) string { return sparkline(r.trend, sparkSigns()) }},
	}
}

// trendOf are the values of a trend with null for those that JSON has no numbers for.
func trendOf(r seriesRow) []any {
	list := []any{}
	for _, v := range r.trend {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			list = append(list, nil)
		} else {
			list = append(list, v)
		}
	}
	return list
}

// short is a number with four digits that count, or all those before the point.
func short(f float64) string {
	if abs := math.Abs(f); abs >= 1000 && abs < 1e12 {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strings.Replace(strconv.FormatFloat(f, 'g', 4, 64), "e-0", "e-", 1)
}

// showSeries shows the series of a run below it.
func (a *app) showSeries(ctx context.Context, eng *engine.Engine, run engine.Run, latest []engine.Metric) error {
	rows, err := readSeries(ctx, eng, run, latest)
	if err != nil || len(rows) == 0 {
		return err
	}
	if _, err := io.WriteString(a.stdout, "\n"); err != nil {
		return err
	}
	return newRows(a, seriesColumns()).All(rows)
}
