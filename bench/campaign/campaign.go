// Package campaign runs workloads on subjects, interleaved: in each repetition each workload, on all subjects in turn,
// beginning with another one each time. So what the machine does meanwhile hits all of them alike.
package campaign

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/durable-wf/wf/bench/results"
	"github.com/durable-wf/wf/bench/trial"
	"github.com/durable-wf/wf/bench/workload"
)

// Campaign is what is to be measured. Out must be set.
type Campaign struct {
	Subjects  []string // keys; none means all
	Workloads []string // names; none means all
	Reps      int
	Enough    time.Duration // a workload on a peer that has taken so long is not repeated any more; 0 means it is
	Within    time.Duration // no peer is repeated when the campaign has taken so long; 0 means it is
	Merge     bool          // keep what Out holds of other subjects and workloads
	Quick     bool          // as small as can be: to see that all works
	NoSyncs   bool          // do not count how often the engines wait for the disk
	Temp      string        // where the databases are; "" means the system's folder for temporary files
	Out       string        // where the results go, after each workload
	Log       io.Writer     // gets a line per trial

	packages []string // the programs of engines; none means all
	dir      string
	programs *programs
	mu       sync.Mutex // guards the trials of file
	file     *results.File
	part     *results.Campaign // this one, in file
}

// quickTogether is how many trials of a quick look are at work at a time: most of them wait.
const quickTogether = 4

// Run measures. The error joins those of trials; the results are complete nevertheless.
func (c *Campaign) Run(ctx context.Context) (_ *results.File, err error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	if c.dir, err = os.MkdirTemp(c.Temp, "wf-bench-"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(c.dir)) }()
	bin, err := os.MkdirTemp(c.dir, "bin-")
	if err != nil {
		return nil, err
	}
	if c.programs, err = build(ctx, bin, c.wantsApart(), c.engines()...); err != nil {
		return nil, err
	}
	subjects, works, err := c.chosen()
	if err != nil {
		return nil, err
	}
	if c.part.Machine = machine(c.dir); !c.part.Machine.Comparable(&c.file.Campaigns[0].Machine) {
		return nil, fmt.Errorf("%s holds figures of another machine or disk: measure all of it again, without --merge", c.Out)
	}
	c.file.Describe(subjects)
	for rep := range c.Reps {
		if err := c.repetition(ctx, rep, subjects, works); err != nil {
			return c.file, err
		}
	}
	c.countSyncs(ctx, subjects)
	c.part.Took = time.Since(c.part.Began)
	return c.file, errors.Join(c.file.Save(c.Out), c.failures())
}

// begin prepares what is to be kept.
func (c *Campaign) begin(ctx context.Context) error {
	c.file = &results.File{Quick: c.Quick}
	if c.Merge {
		var err error
		if c.file, err = results.Load(c.Out); err != nil {
			return err
		}
		if c.file.Quick != c.Quick {
			return fmt.Errorf("%s: figures of a quick look and of a campaign cannot be merged", c.Out)
		}
	}
	c.file.Campaigns = append(c.file.Campaigns, results.Campaign{
		Began: time.Now().UTC().Truncate(time.Second), Reps: c.Reps, Commit: commit(ctx, ".."), Load: loadAverage(),
	})
	c.part = &c.file.Campaigns[len(c.file.Campaigns)-1]
	return nil
}

func (c *Campaign) engines() []string {
	if len(c.packages) == 0 {
		return []string{"./cmd/..."}
	}
	return c.packages
}

// wantsApart reports whether the engine that takes minutes to build is to be measured: if it is named, or in a whole campaign.
func (c *Campaign) wantsApart() bool {
	if len(c.Subjects) == 0 {
		return !c.Quick && len(c.packages) == 0
	}
	return slices.ContainsFunc(c.Subjects, func(key string) bool { return strings.HasPrefix(key, apart) })
}

// chosen returns what is to be measured, and refuses names that do not exist.
func (c *Campaign) chosen() (subjects []trial.Description, works []workload.Workload, err error) {
	for _, d := range c.programs.list {
		if len(c.Subjects) == 0 || slices.Contains(c.Subjects, d.Key) {
			subjects = append(subjects, d)
		}
	}
	for _, w := range workload.All() {
		if len(c.Workloads) == 0 || slices.Contains(c.Workloads, w.Name) {
			works = append(works, w)
		}
	}
	if len(c.Subjects) > 0 && len(subjects) < len(c.Subjects) || len(c.Workloads) > 0 && len(works) < len(c.Workloads) {
		return nil, nil, fmt.Errorf("no such subject or workload; subjects are %s, workloads %s", c.keys(), names())
	}
	return subjects, works, nil
}

func (c *Campaign) keys() string {
	var list []string
	for _, d := range c.programs.list {
		list = append(list, d.Key)
	}
	return strings.Join(list, " ")
}

func names() string {
	var list []string
	for _, w := range workload.All() {
		list = append(list, w.Name)
	}
	return strings.Join(list, " ")
}

func (c *Campaign) repetition(ctx context.Context, rep int, subjects []trial.Description, works []workload.Workload) error {
	if err := c.look(ctx); err != nil {
		return err
	}
	for i, w := range works {
		if w.Reps != 0 && rep >= w.Reps {
			continue
		}
		if err := c.turns(ctx, rep, i+rep, subjects, &w); err != nil {
			return err
		}
		c.part.Took = time.Since(c.part.Began)
		if err := c.file.Save(c.Out); err != nil {
			return err
		}
	}
	return nil
}

// look notes what the machine is doing before a repetition, and how fast its disk is.
func (c *Campaign) look(ctx context.Context) error {
	if !c.Quick {
		busy := busyCores(ctx, lookFor)
		c.part.Busy = append(c.part.Busy, busy)
		if busy > results.Quiet {
			fmt.Fprintf(c.Log, "the machine is not idle: others keep %.1f of its cores busy\n", busy)
		}
	}
	took, err := syncTime(c.dir)
	c.part.SyncSec = append(c.part.SyncSec, took.Seconds())
	return err
}

// turns runs a workload on each subject: one after the other, but for a quick look, where some are at work together.
func (c *Campaign) turns(ctx context.Context, rep, first int, subjects []trial.Description, w *workload.Workload) error {
	var group errgroup.Group
	group.SetLimit(1)
	if c.Quick {
		group.SetLimit(quickTogether)
	}
	for i := range subjects {
		d := &subjects[(first+i)%len(subjects)]
		group.Go(func() error {
			if ctx.Err() != nil || c.hopeless(d, w) || rep > 0 && c.enough(d, w) {
				return ctx.Err()
			}
			res := c.trialOf(ctx, d, w, rep)
			if ctx.Err() == nil {
				c.note(&res)
			}
			return ctx.Err()
		})
	}
	return group.Wait()
}

// note keeps a trial and tells of it.
func (c *Campaign) note(t *results.Trial) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.Campaign = len(c.file.Campaigns) - 1
	c.file.Add(t)
	c.tell(t)
}

// hopeless reports whether a trial has shown that there is no use in repeating it.
func (c *Campaign) hopeless(d *trial.Description, w *workload.Workload) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.file.Trials, func(t results.Trial) bool {
		return c.own(&t) && t.Subject == d.Key && t.Workload == w.Name && (t.Unable != "" || t.GaveUp != "" || t.Error != "")
	})
}

// enough reports whether a workload on a peer has taken so long that it is not to be repeated. wf and the baseline are
// always repeated.
func (c *Campaign) enough(d *trial.Description, w *workload.Workload) bool {
	if d.Key == "wf" || d.Key == "raw" {
		return false
	}
	if c.Within != 0 && time.Since(c.part.Began) > c.Within {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var took time.Duration
	for _, t := range c.file.Trials {
		if c.own(&t) && t.Subject == d.Key && t.Workload == w.Name {
			took += t.Took
		}
	}
	return c.Enough != 0 && took >= c.Enough
}

// own reports whether a trial is of this campaign.
func (c *Campaign) own(t *results.Trial) bool { return t.Campaign == len(c.file.Campaigns)-1 }

func (c *Campaign) size(d *trial.Description, w *workload.Workload) int {
	size := d.Sizes[w.Name]
	if c.Quick {
		return min(size, w.Quick)
	}
	return size
}

// tell writes a line about a trial.
func (c *Campaign) tell(t *results.Trial) {
	what := t.Unable
	switch {
	case t.Error != "":
		what = "FAILED: " + t.Error
	case t.GaveUp != "":
		what = "gave up: " + t.GaveUp
	case t.Unable == "":
		what = brief(t)
	}
	fmt.Fprintf(c.Log, "%6.0fs  %d  %-9s %-14s %6.1fs  %s\n", time.Since(c.part.Began).Seconds(), t.Rep+1, t.Workload, t.Subject, t.Took.Seconds(), what)
}

// brief is what a trial has measured, in one line.
func brief(t *results.Trial) string {
	var parts []string
	for _, w := range workload.All() {
		if w.Name != t.Workload {
			continue
		}
		for _, m := range w.Metrics {
			if v, ok := t.Sample[m.Name]; ok {
				parts = append(parts, m.Heading()+" "+m.Text(v))
			}
		}
	}
	return strings.Join(parts, ", ")
}

func (c *Campaign) failures() error {
	var list []error
	for _, t := range c.file.Trials {
		if c.own(&t) && t.Error != "" {
			list = append(list, fmt.Errorf("%s on %s: %s", t.Workload, t.Subject, t.Error))
		}
	}
	return errors.Join(list...)
}

// commit is that of the repository at root, marked if the code is another one; "" if git does not know.
func commit(ctx context.Context, root string) string {
	git := func(args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	name, err := git("rev-parse", "--short=12", "HEAD")
	if err != nil {
		return ""
	}
	if changed, err := git("status", "--porcelain", "--", ".", ":!docs"); err != nil || changed != "" { // a campaign before may have written docs
		name += "-dirty"
	}
	return name
}
