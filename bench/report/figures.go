package report

import (
	"cmp"
	"slices"

	"github.com/durable-wf/wf/bench/results"
	"github.com/durable-wf/wf/bench/trial"
	"github.com/durable-wf/wf/bench/workload"
)

// Keys of the two subjects that the others are compared with.
const (
	baseline = "raw"
	ours     = "wf"
)

// figures finds what was measured.
type figures struct{ *results.File }

// of returns the trials of a workload on a subject, in the order of repetitions.
func (f figures) of(workload, subject string) (list []results.Trial) {
	for _, t := range f.Trials {
		if t.Workload == workload && t.Subject == subject {
			list = append(list, t)
		}
	}
	return list
}

// values returns a figure of each repetition in which it was measured.
func (f figures) values(workload, subject, metric string) (list []float64) {
	for _, t := range f.of(workload, subject) {
		if v, ok := t.Sample[metric]; ok && t.Error == "" {
			list = append(list, v)
		}
	}
	return list
}

// median returns the median of all repetitions.
func (f figures) median(workload, subject, metric string) (float64, bool) {
	return median(f.values(workload, subject, metric))
}

// ratio is the median over the repetitions of a figure divided by another one of the same repetition.
func (f figures) ratio(workload, subject, metric, other, otherMetric string) (float64, bool) {
	var list []float64
	for _, a := range f.of(workload, subject) {
		for _, b := range f.of(workload, other) {
			v, ok := a.Sample[metric]
			w, okay := b.Sample[otherMetric]
			if a.Campaign == b.Campaign && a.Rep == b.Rep && ok && okay && w != 0 && a.Error == "" && b.Error == "" {
				list = append(list, v/w)
			}
		}
	}
	return median(list)
}

// about is the ratio. If the two have no repetition in common, because one of them was measured again apart, it is that
// of the medians, and the mark says so.
func (f figures) about(workload, subject, metric, other, otherMetric string) (v float64, mark string, ok bool) {
	if v, ok = f.ratio(workload, subject, metric, other, otherMetric); ok {
		return v, "", true
	}
	v, ok = f.median(workload, subject, metric)
	if w, okay := f.median(workload, other, otherMetric); ok && okay && w != 0 {
		return v / w, "≈ ", true
	}
	return 0, "", false
}

// times is a ratio of two subjects, or the other way round, in text.
func (f figures) times(workload, metric, a, b string, inverse bool) string {
	if a == b {
		return ""
	}
	v, mark, ok := f.about(workload, a, metric, b, metric)
	if !ok || v == 0 {
		return "–"
	}
	if inverse {
		v = 1 / v
	}
	return mark + factor(v)
}

func median(list []float64) (float64, bool) {
	n := len(list)
	if n == 0 {
		return 0, false
	}
	s := slices.Sorted(slices.Values(list))
	return (s[(n-1)/2] + s[n/2]) / 2, true
}

// failing says why there are no figures, or what is wrong with them; "" if nothing is.
func (f figures) failing(workload, subject string) string {
	trials := f.of(workload, subject)
	if len(trials) == 0 {
		return "not measured"
	}
	for _, t := range trials {
		for _, why := range []string{t.Unable, t.GaveUp, t.Error} {
			if why != "" {
				return why
			}
		}
	}
	return ""
}

// durability is what was read from the connection in the trials of a workload, or of all if its name is "".
func (f figures) durability(workload, subject string) string {
	var list []string
	for _, t := range f.Trials {
		if t.Subject == subject && (workload == "" || t.Workload == workload) {
			list = append(list, t.Durability)
		}
	}
	return cmp.Or(distinct(list), "–")
}

// best is the peer with the best median of a figure.
func (f figures) best(workload string, m *workload.Metric) (d *trial.Description, v float64) {
	for i := range f.Subjects {
		s := &f.Subjects[i]
		if s.Key == ours || s.Key == baseline {
			continue
		}
		got, ok := f.median(workload, s.Key, m.Name)
		if ok && !f.gaveUp(workload, s.Key) && (d == nil || m.Less == (got < v)) {
			d, v = s, got
		}
	}
	return d, v
}

// measured are the workloads of which there are trials.
func (f figures) measured() (list []workload.Workload) {
	for _, w := range workload.All() {
		if slices.ContainsFunc(f.Trials, func(t results.Trial) bool { return t.Workload == w.Name }) {
			list = append(list, w)
		}
	}
	return list
}
