package report

import (
	"fmt"

	"github.com/durable-wf/wf/bench/workload"
)

// budget is what we want of wf: a figure, or its ratio to one of the baseline, and the bound that it has to keep.
type budget struct {
	doc      string
	workload string
	metric   string
	raw      string  // the baseline's figure that it is divided by; "" for none
	bound    float64 // inclusive
	less     bool    // the figure may not be above the bound; else not below
}

// budgets are those of the engine, in the order of the page.
func budgets() []budget {
	return []budget{
		{"a question whether to save, over the bare loop", "loop", "add", "", 0.1, true},
		{"one save a second: time for which a step stands still", "loop", "stalled", "", 0.02, true},
		{"sequential steps with effects", "seq", "rate", "rate", 0.9, false},
		{"sequential pure steps", "pure", "rate", "", 50_000, false},
		{"runs of 5 steps, 100 in flight", "many100", "rate", "", 10_000, false},
		{"the same, beside the baseline's group commit of 100", "many100", "rate", "rate", 0.8, false},
		{"start to completed, one step, in the foreground, beside two commits", "startlat", "fg50", "p50", 1.1, true},
		{"start to completed, one step, by a worker, beside two commits", "startlat", "p50", "p50", 1.1, true},
		{"start to completed, one pure step, beside one commit", "startlat", "pure50", "pure50", 1.1, true},
		{"kill -9 with 1,000 runs in the middle, until all have completed", "recover", "recovery", "", 0.3, true},
		{"a step at the end of a run of 10,000, beside one at its beginning", "long", "ratio", "", 1.1, true},
		{"going on with a run of 10⁶ transitions, the opening of the file included", "resume", "resumed", "", 0.01, true},
		{"10⁶ sleeping runs: resident memory", "sleepers", "resident", "", 50e6, true},
		{"10⁶ sleeping runs: how late a due one begins, p99", "sleepers", "late99", "", 0.01, true},
		{"resident memory at 100 runs in flight", "many100", "peak", "", 30e6, true},
	}
}

// budgetTable compares what we want with what was measured, and with the best of the peers.
func (f figures) budgetTable() table {
	t := table{{"what", "our budget", "measured", "met", "the best peer"}}
	for _, b := range budgets() {
		m := b.find()
		got, ok := f.median(b.workload, ours, b.metric)
		mark := ""
		if b.raw != "" {
			got, mark, ok = f.about(b.workload, ours, b.metric, baseline, b.raw)
		}
		measured, met := "–", "–"
		if ok {
			measured, met = mark+b.text(m, got), "no"
		}
		if ok && (got == b.bound || b.less == (got < b.bound)) {
			met = "yes"
		}
		sign := "≥ "
		if b.less {
			sign = "≤ "
		}
		t = append(t, []string{b.doc, sign + b.text(m, b.bound), measured, met, f.rival(&b, m)})
	}
	return t
}

// size is N.
func (f figures) size(workload, subject string) int {
	for _, t := range f.of(workload, subject) {
		return t.Size
	}
	return 0
}

func (b *budget) find() *workload.Metric {
	for _, w := range workload.All() {
		for i := range w.Metrics {
			if w.Name == b.workload && w.Metrics[i].Name == b.metric {
				return &w.Metrics[i]
			}
		}
	}
	return &workload.Metric{Name: b.metric, Unit: "1", Less: b.less}
}

func (b *budget) text(m *workload.Metric, v float64) string {
	if b.raw != "" {
		return factor(v) + " raw"
	}
	return m.Text(v)
}

// rival is the same figure of the best peer, with N if that is another one than ours. Latencies through a worker count for those that have no other.
func (f figures) rival(b *budget, m *workload.Metric) string {
	if b.metric == "fg50" {
		m = &workload.Metric{Name: "p50", Unit: m.Unit, Less: true}
	}
	d, v := f.best(b.workload, m)
	if d == nil {
		return "–"
	}
	text := m.Text(v)
	if b.raw != "" {
		if r, mark, ok := f.about(b.workload, d.Key, m.Name, baseline, b.raw); ok {
			text = mark + factor(r) + " raw"
		}
	}
	if n := f.size(b.workload, d.Key); n != f.size(b.workload, ours) {
		return fmt.Sprintf("%s (%s, N = %d)", text, d.Key, n)
	}
	return fmt.Sprintf("%s (%s)", text, d.Key)
}
