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
	t := table{{"began (UTC)", "took", "repetitions", "load average before", "cores busy before each repetition", "fdatasync after 4 KiB", "of"}}
	seconds := workload.Metric{Unit: "s"}
	for i := range f.Campaigns {
		c := &f.Campaigns[i]
		if len(f.part(i, "")) == 0 {
			continue // all of it has been measured again
		}
		var busy, syncs []string
		for _, v := range c.Busy {
			busy = append(busy, strconv.FormatFloat(v, 'f', 2, 64))
		}
		for _, v := range c.SyncSec {
			syncs = append(syncs, seconds.Text(v))
		}
		t = append(t, []string{
			c.Began.Format("2006-01-02 15:04"), c.Took.Round(time.Second).String(), strconv.Itoa(c.Reps), fmt.Sprintf("%.2f", c.Load),
			strings.Join(busy, ", "), strings.Join(syncs, ", "), f.covered(i),
		})
	}
	return t.dense()
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
	for i := range f.Campaigns {
		if f.Campaigns[i].Disturbed() && len(f.part(i, "")) > 0 {
			return true
		}
	}
	return false
}
