package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/durable-wf/wf/bench/trial"
	"github.com/durable-wf/wf/bench/workload"
)

// table is rows of cells, the first of them the heading.
type table [][]string

// String is the table in Markdown. Columns are as wide as their widest cell.
func (t table) String() string {
	width := make([]int, len(t[0]))
	for _, row := range t {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for n, row := range t {
		for i, cell := range row {
			fmt.Fprintf(&b, "| %s%s ", cell, strings.Repeat(" ", width[i]-len([]rune(cell))))
		}
		b.WriteString("|\n")
		if n == 0 {
			for i := range row {
				fmt.Fprintf(&b, "|%s", strings.Repeat("-", width[i]+2))
			}
			b.WriteString("|\n")
		}
	}
	return b.String()
}

// workloadTable has a row for each subject that has figures. The notes say why others have none.
func (f figures) workloadTable(w *workload.Workload) (t table, notes []string) {
	metrics := f.present(w)
	head := []string{"name", "engine and configuration", "durability", "N"}
	for _, m := range metrics {
		head = append(head, m.Heading())
	}
	first := &w.Metrics[0]
	head = append(head, "spread of "+first.Heading(), "beside raw", "wf is better by", "campaign")
	t = table{head}
	reasons := map[string][]string{}
	for i := range f.Subjects {
		d := &f.Subjects[i]
		if why := f.failing(w.Name, d.Key); why != "" {
			reasons[why] = append(reasons[why], d.Key)
		}
		if len(f.values(w.Name, d.Key, first.Name)) > 0 {
			t = append(t, f.row(w, d, metrics))
		}
	}
	for why, who := range reasons {
		notes = append(notes, strings.Join(who, ", ")+": "+oneLine(why)+".")
	}
	slices.Sort(notes)
	return t.dense(), notes
}

// dense is the table without the columns that say nothing.
func (t table) dense() (d table) {
	for i := range t {
		d = append(d, nil)
		for j, cell := range t[i] {
			if len(t) == 1 || slices.ContainsFunc(t[1:], func(row []string) bool { return row[j] != "" && row[j] != "–" }) {
				d[i] = append(d[i], cell)
			}
		}
	}
	return d
}

// present are the metrics that some subject has.
func (f figures) present(w *workload.Workload) (list []*workload.Metric) {
	for i := range w.Metrics {
		for _, d := range f.Subjects {
			if len(f.values(w.Name, d.Key, w.Metrics[i].Name)) > 0 {
				list = append(list, &w.Metrics[i])
				break
			}
		}
	}
	return list
}

func (f figures) row(w *workload.Workload, d *trial.Description, metrics []*workload.Metric) []string {
	n := workload.Metric{Unit: "count"}
	row := []string{d.Key, label(d), f.durability(w.Name, d.Key), n.Text(float64(f.size(w.Name, d.Key)))}
	for _, m := range metrics {
		cell := "–"
		if v, ok := f.median(w.Name, d.Key, m.Name); ok {
			cell = m.Text(v)
		}
		if f.gaveUp(w.Name, d.Key) && m == metrics[0] {
			cell = "> " + cell
		}
		row = append(row, cell)
	}
	first := metrics[0]
	values := f.values(w.Name, d.Key, first.Name)
	spread := "–"
	if len(values) > 1 {
		spread = first.Text(slices.Min(values)) + " – " + first.Text(slices.Max(values))
	}
	return append(row, spread, f.times(w.Name, first.Name, d.Key, baseline, false), f.times(w.Name, first.Name, ours, d.Key, first.Less),
		f.measuredIn(w.Name, d.Key))
}

func (f figures) gaveUp(workload, subject string) bool {
	return slices.ContainsFunc(f.of(workload, subject), func(t result) bool { return t.GaveUp != "" })
}

// factor is a ratio for people: "0.93 ×", "210 ×".
func factor(v float64) string {
	if v < 100 {
		return fmt.Sprintf("%.2f ×", v)
	}
	return fmt.Sprintf("%.0f ×", v)
}

func label(d *trial.Description) string { return d.Engine + " (" + d.Config + ")" }

// oneLine makes a message fit into a sentence.
func oneLine(text string) string {
	text = strings.TrimPrefix(strings.Join(strings.Fields(text), " "), "not done: ")
	if r := []rune(text); len(r) > 300 {
		text = string(r[:300]) + "…"
	}
	return strings.TrimSuffix(text, ".")
}
