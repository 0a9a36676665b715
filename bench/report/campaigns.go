package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/durable-wf/wf/bench/results"
	"github.com/durable-wf/wf/bench/workload"
)

// campaignTable says when it was measured, and what the machine was doing then.
func (f figures) campaignTable() table {
	t := table{{"campaign", "began (UTC)", "took", "repetitions", "commit of wf", "load average before", "cores busy before each repetition", "fdatasync after 4 KiB", "of"}}
	seconds := workload.Metric{Unit: "s"}
	for _, i := range f.counting() {
		c := &f.Campaigns[i]
		var busy, syncs []string
		for _, v := range c.Busy {
			busy = append(busy, strconv.FormatFloat(v, 'f', 2, 64))
		}
		for _, v := range c.SyncSec {
			syncs = append(syncs, seconds.Text(v))
		}
		t = append(t, []string{
			f.number(i), c.Began.Format("2006-01-02 15:04"), c.Took.Round(time.Second).String(), strconv.Itoa(c.Reps), c.Commit, fmt.Sprintf("%.2f", c.Load),
			strings.Join(busy, ", "), strings.Join(syncs, ", "), f.covered(i),
		})
	}
	return t.dense()
}

// counting are the campaigns of which figures count; all that others have measured has been measured again.
func (f figures) counting() (list []int) {
	for i := range f.Campaigns {
		if len(f.part(i, "")) > 0 {
			list = append(list, i)
		}
	}
	return list
}

// number is what a campaign is called on the page, "" if there is only one.
func (f figures) number(campaign int) string {
	list := f.counting()
	if len(list) < 2 {
		return ""
	}
	return strconv.Itoa(slices.Index(list, campaign) + 1)
}

// measuredIn names the campaign of the figures of a workload on a subject, "" if there is only one.
func (f figures) measuredIn(workload, subject string) string {
	for _, t := range f.of(workload, subject) {
		return f.number(t.Campaign) // it has taken the place of all before
	}
	return ""
}

// facts says what it was measured on: all there was, if something has changed between campaigns.
func (f figures) facts() table {
	t := table{{"machine", ""}}
	bytesOf := workload.Metric{Unit: "bytes"}
	for _, fact := range []struct {
		name string
		of   func(m *results.Machine) string
	}{
		{"CPU", func(m *results.Machine) string { return fmt.Sprintf("%s, %d cores", m.CPU, m.Cores) }},
		{"memory", func(m *results.Machine) string { return bytesOf.Text(float64(m.Memory)) }},
		{"system", func(m *results.Machine) string { return m.OS + ", " + m.Kernel }},
		{"file system", func(m *results.Machine) string { return m.FileSystem }},
		{"Go", func(m *results.Machine) string { return m.Go }},
	} {
		var all []string
		for _, i := range f.counting() {
			all = append(all, fact.of(&f.Campaigns[i].Machine))
		}
		t = append(t, []string{fact.name, distinct(all)})
	}
	return t
}

// distinct lists what there is, each once.
func distinct(list []string) string {
	var once []string
	for _, text := range list {
		if text != "" && !slices.Contains(once, text) {
			once = append(once, text)
		}
	}
	return strings.Join(once, ", then ")
}

// part returns the trials of a campaign that count, of all subjects or of one.
func (f figures) part(campaign int, subject string) (list []results.Trial) {
	for _, t := range f.Trials {
		if t.Campaign == campaign && (subject == "" || t.Subject == subject) {
			list = append(list, t)
		}
	}
	return list
}

// covered names what a campaign has measured, "" if there is only one.
func (f figures) covered(campaign int) string {
	list := f.part(campaign, "")
	if len(list) == len(f.Trials) {
		return ""
	}
	var works, subjects []string
	for _, t := range list {
		if !slices.Contains(works, t.Workload) {
			works = append(works, t.Workload)
		}
		if !slices.Contains(subjects, t.Subject) {
			subjects = append(subjects, t.Subject)
		}
	}
	return strings.Join(works, ", ") + ": " + strings.Join(subjects, ", ")
}

// disturbed reports whether the machine had something else to do when the figures were measured.
func (f figures) disturbed() bool {
	return slices.ContainsFunc(f.counting(), func(i int) bool { return f.Campaigns[i].Disturbed() })
}
