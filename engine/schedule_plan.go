package engine

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"time"

	"github.com/durable-wf/wf/engine/internal/cron"
	"github.com/durable-wf/wf/engine/internal/store"
)

const (
	firedAtOnce  = 100  // starts of one schedule in one transaction
	countedSkips = 1000 // of one gap, so that years of missed seconds do not have to be counted
)

// schedulePlan is what the rule of a schedule says about a moment.
type schedulePlan struct {
	starts []int64 // nominal times that are due, oldest first
	skips  int64   // that were left out: too late, or older than one that is made up for
	late   string  // why there is nothing to start although something was due
	nextUS int64   // nominal time that follows; 0 for none
}

// planSchedule finds what is due of a schedule, from its next time on. It is a function of its arguments
// alone, and takes no longer after a year of downtime than after an hour.
func planSchedule(row *store.Schedule, rule cron.Rule, nowUS int64) schedulePlan {
	p := schedulePlan{nextUS: row.NextUS}
	newest := newestDue(row, rule, nowUS)
	if newest == 0 {
		return p
	}
	p.nextUS = nominal(rule.Next(timeOf(newest)))
	earliest := row.NextUS // that may still be made up for; what its jitter delays is not late
	if limit := nowUS - catchUpUS(row) - row.JitterUS; earliest < limit {
		earliest = nominal(rule.Next(timeOf(limit - 1)))
	}
	if earliest == 0 || earliest > newest {
		p.skips = countTimes(rule, row.NextUS, newest)
		p.late = fmt.Sprintf("missed by %v, and may be made up for within %v",
			microseconds(nowUS-newest).Round(time.Millisecond), microseconds(catchUpUS(row)))
		return p
	}
	if Overlap(row.Overlap) != OverlapAllow {
		p.starts = []int64{newest}
		p.skips = countTimes(rule, row.NextUS, newest) - 1
		return p
	}
	p.skips = countTimes(rule, row.NextUS, earliest) - 1
	for t := earliest; t != 0 && t <= newest; t = nominal(rule.Next(timeOf(t))) {
		if len(p.starts) == firedAtOnce {
			p.nextUS = t // the rest is still due
			break
		}
		p.starts = append(p.starts, t)
	}
	return p
}

// newestDue is the newest nominal time from the next one on that is due, its jitter included; 0 for none.
func newestDue(row *store.Schedule, rule cron.Rule, nowUS int64) int64 {
	if row.NextUS == 0 {
		return 0
	}
	before := timeOf(row.NextUS - 1)
	for until := timeOf(nowUS); ; {
		t := rule.Last(before, until)
		if t.IsZero() || jittered(row, t.UnixMicro()) <= nowUS {
			return nominal(t)
		}
		until = t.Add(-time.Microsecond)
	}
}

// jittered is when the start for a nominal time is to be made. The delay is drawn from the name and the
// time, so it is the same for all who ask.
func jittered(row *store.Schedule, nominalUS int64) int64 {
	if row.JitterUS <= 0 || nominalUS == 0 {
		return nominalUS
	}
	h := fnv.New64a()
	h.Write([]byte(row.Name))
	h.Write(binary.LittleEndian.AppendUint64(nil, uint64(nominalUS)))
	// The high bits of FNV hardly differ between neighbours: they are mixed once more.
	mixed := h.Sum64()
	mixed ^= mixed >> 33
	mixed *= 0xff51afd7ed558ccd
	mixed ^= mixed >> 33
	return nominalUS + int64(mixed%uint64(row.JitterUS+1))
}

// catchUpUS is how late a start may be made up for.
func catchUpUS(row *store.Schedule) int64 {
	switch {
	case row.CatchUpUS > 0:
		return row.CatchUpUS
	case row.Kind == ruleAt:
		return math.MaxInt64 / 2
	}
	return DefaultCatchUp.Microseconds()
}

// countTimes counts the times of a rule from one of them to another, both included, up to a bound.
func countTimes(rule cron.Rule, from, to int64) int64 {
	n := int64(0)
	for t := from; t != 0 && t <= to && n < countedSkips; t = nominal(rule.Next(timeOf(t))) {
		n++
	}
	return n
}

// nominal is a time of a rule as it is stored; 0 for none.
func nominal(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}
