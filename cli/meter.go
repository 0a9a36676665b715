package cli

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/durable-wf/wf/engine"
)

// unknown stands for a figure that is not known yet.
const unknown = "--"

// meter measures the progress of a run since this process executes it: what was done before, perhaps
// on another machine, says nothing about the rate here.
type meter struct {
	begun time.Time // of the first reading; zero before it
	first int64     // Done at the first reading
	last  engine.Progress
	now   time.Time

	since time.Time // of the first reading of a run that tells no progress
	brief string    // of what such a run has saved last
}

// observeBrief takes a reading of a run that tells no progress.
func (m *meter) observeBrief(now time.Time, brief string) {
	if m.since.IsZero() {
		m.since = now
	}
	m.now, m.brief = now, brief
}

// observe takes a reading. Progress that goes back, as in the next step, begins anew.
func (m *meter) observe(now time.Time, p engine.Progress) {
	if p.Done < 0 {
		return
	}
	if m.begun.IsZero() || p.Done < m.last.Done {
		m.begun, m.first = now, p.Done
	}
	m.now, m.last = now, p
}

// rate is units per second, NaN until known.
func (m *meter) rate() float64 {
	elapsed := m.now.Sub(m.begun).Seconds()
	if m.begun.IsZero() || elapsed <= 0 || m.last.Done == m.first {
		return math.NaN()
	}
	return float64(m.last.Done-m.first) / elapsed
}

// eta is the time that is left, negative until known.
func (m *meter) eta() time.Duration {
	seconds := float64(m.last.Total-m.last.Done) / m.rate()
	if !(seconds >= 0 && seconds < math.MaxInt64/float64(time.Second)) {
		return -1
	}
	return time.Duration(seconds * float64(time.Second))
}

// String is the progress in words: share, counts, rate, time left.
func (m *meter) String() string {
	rate, eta := unknown, unknown
	if r := m.rate(); !math.IsNaN(r) {
		rate = humanRate(r)
	}
	if d := m.eta(); d >= 0 {
		eta = humanETA(d)
	}
	switch {
	case m.begun.IsZero() && m.brief != "":
		return fmt.Sprintf("for %s  %s", humanETA(m.now.Sub(m.since)), m.brief)
	case m.begun.IsZero():
		return fmt.Sprintf("%s  %s  ETA %s", unknown, rate, eta)
	case m.last.Total <= 0:
		return fmt.Sprintf("%s done  %s  ETA %s", humanize.Comma(m.last.Done), rate, eta)
	}
	share := math.Floor(1000*float64(m.last.Done)/float64(m.last.Total)) / 10
	if m.last.Done < m.last.Total {
		share = min(share, 99.9) // not all until it is all
	}
	return fmt.Sprintf("%.1f %%  %s of %s  %s  ETA %s",
		share, humanize.Comma(m.last.Done), humanize.Comma(m.last.Total), rate, eta)
}

// humanRate shows units per second, and slow ones by the time that each takes.
func humanRate(perSecond float64) string {
	switch each := 1 / perSecond; {
	case each <= 1:
		return humanize.SIWithDigits(perSecond, 1, "/s")
	case each < 60:
		return strconv.FormatFloat(math.Round(10*each)/10, 'f', -1, 64) + " s each"
	default:
		return humanETA(time.Duration(each*float64(time.Second))) + " each"
	}
}

// humanETA shows the time left in its two greatest units.
func humanETA(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(math.Ceil(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < day:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%02dh", d/day, d%day/time.Hour)
}
