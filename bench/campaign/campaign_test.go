package campaign

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/durable-wf/wf/bench/results"
	"github.com/durable-wf/wf/bench/trial"
	"github.com/durable-wf/wf/bench/workload"
)

// small is a campaign on the two engines that are built quickly.
func small(t *testing.T, log *bytes.Buffer) *Campaign {
	t.Helper()
	return &Campaign{
		Reps: 2, Quick: true, NoSyncs: true, Temp: t.TempDir(), Out: filepath.Join(t.TempDir(), "results.json"), Log: log,
		packages: []string{"github.com/durable-wf/wf/bench/cmd/raw", "github.com/durable-wf/wf/bench/cmd/wf"},
	}
}

func TestCampaignMeasuresAndCleansUp(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := small(t, &log)
	c.Workloads = []string{"seq", "recover"}
	file, err := c.Run(t.Context())
	if err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	var got []string
	for _, r := range file.Trials {
		what := r.Subject + " " + r.Workload
		switch {
		case r.Unable != "":
			what += " unable"
		case r.Durability != "WAL, synchronous=FULL":
			t.Errorf("%s: durability is %q", what, r.Durability)
		case r.Workload == "seq" && r.Sample["rate"] <= 0, r.Workload == "recover" && r.Sample["again"] != 1:
			t.Errorf("%s: sample is %v", what, r.Sample)
		}
		got = append(got, what)
	}
	slices.Sort(got)
	want := []string{"raw recover unable", "raw seq", "raw seq", "wf recover", "wf recover", "wf seq", "wf seq"}
	if !slices.Equal(got, want) {
		t.Errorf("trials are %q, want %q", got, want)
	}
	if left, err := os.ReadDir(c.Temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, error %v", left, err)
	}
	saved, err := results.Load(c.Out)
	if err != nil || len(saved.Trials) != len(file.Trials) {
		t.Errorf("saved are %v, error %v", saved, err)
	}
}

// What is measured again takes the place of what was there. The rest stays.
func TestMergeKeepsTheRest(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := small(t, &log)
	c.packages, c.Workloads, c.Reps = c.packages[:1], []string{"seq", "growth"}, 1
	if _, err := c.Run(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	again := &Campaign{Merge: true, Workloads: []string{"seq"}, Reps: 2, Quick: true, NoSyncs: true, Temp: c.Temp, Out: c.Out, Log: &log, packages: c.packages}
	file, err := again.Run(t.Context())
	if err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	var got []string
	for _, r := range file.Trials {
		got = append(got, fmt.Sprint(r.Campaign, r.Workload))
	}
	if want := []string{"0growth", "1seq", "1seq"}; !slices.Equal(got, want) || len(file.Subjects) != 1 || len(file.Campaigns) != 2 {
		t.Errorf("trials are %q, want %q; %d subjects, %d campaigns", got, want, len(file.Subjects), len(file.Campaigns))
	}
	if v := file.Campaigns[1].Versions["raw"]; v == "" || v != file.Subjects[0].Version {
		t.Errorf("the second campaign measured version %q", v)
	}
	again.Quick = false
	if _, err := again.Run(t.Context()); err == nil {
		t.Error("a campaign was merged into a quick look")
	}
	again.Quick, file.Campaigns[0].Machine.Cores = true, 1000
	if err := file.Save(c.Out); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "another machine") {
		t.Errorf("error is %v, want none of another machine's figures to be kept", err)
	}
}

// A commit is that of the code: what a campaign has written meanwhile makes it no other.
func TestCommit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		args = append([]string{"-C", dir, "-c", "user.name=test", "-c", "user.email=test@localhost"}, args...)
		if out, err := exec.CommandContext(t.Context(), "git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	write := func(name string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(t.Name()+name), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if got := commit(t.Context(), dir); got != "" {
		t.Errorf("the commit of a folder without git is %q", got)
	}
	git("init", "-q")
	git("commit", "-q", "--allow-empty", "-m", "first")
	clean := commit(t.Context(), dir)
	if len(clean) != 12 {
		t.Errorf("the commit is %q, want 12 digits", clean)
	}
	write("docs/benchmarks.md")
	if got := commit(t.Context(), dir); got != clean {
		t.Errorf("with other documents the commit is %q, want %q", got, clean)
	}
	write("engine/run.go")
	if got := commit(t.Context(), dir); got != clean+"-dirty" {
		t.Errorf("with other code the commit is %q, want %q", got, clean+"-dirty")
	}
}

// What goes wrong in a trial is told, and the others go on.
func TestFailedTrialDoesNotEndTheCampaign(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := small(t, &log)
	c.Workloads, c.Reps = []string{"seq"}, 1
	c.packages = append(c.packages[:1], "github.com/durable-wf/wf/bench/campaign/testdata/broken")
	file, err := c.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "seq on broken: ") {
		t.Errorf("error is %v, want that of seq on broken", err)
	}
	if file == nil || len(file.Trials) != 2 {
		t.Fatalf("results are %+v, want two trials\n%s", file, &log)
	}
	for _, r := range file.Trials {
		if failed := r.Error != ""; failed != (r.Subject == "broken") {
			t.Errorf("%s: error %q", r.Subject, r.Error)
		}
		if strings.Contains(r.Error, c.Temp) {
			t.Errorf("the error names a folder of this machine: %s", r.Error)
		}
	}
}

// Slow peers are not repeated for long, and what they are compared with always is.
func TestSlowPeersAreNotRepeated(t *testing.T) {
	t.Parallel()
	c := &Campaign{Enough: 6 * time.Second, file: &results.File{Campaigns: make([]results.Campaign, 2)}}
	w := &workload.Workload{Name: "seq"}
	for _, subject := range []string{"raw", "wf", "slow", "quick"} {
		for _, campaign := range []int{0, 1, 1} {
			took := results.Trial{Subject: subject, Workload: "seq", Campaign: campaign, Took: 4 * time.Second}
			if subject == "quick" && campaign == 1 {
				took.Took = time.Second
			}
			c.file.Trials = append(c.file.Trials, took)
		}
		if got, want := c.enough(&trial.Description{Key: subject}, w), subject == "slow"; got != want {
			t.Errorf("enough of %s: %v, want %v", subject, got, want)
		}
	}
	c.Within, c.part = time.Minute, &results.Campaign{Began: time.Now().Add(-time.Hour)}
	if !c.enough(&trial.Description{Key: "quick"}, w) || c.enough(&trial.Description{Key: "wf"}, w) {
		t.Error("after an hour, want peers not to be repeated, and wf to be")
	}
}

// What a program says when it dies names files of the machine that it was built on.
func TestFoldersAreNotTold(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"open: /home/me/x/wf.db: no such file":                           "open: wf.db: no such file",
		`panic | main.go("/a/b c") at /go/pkg/mod/x@v1.2.3/y.go:17 +0x1`: `panic | main.go("b c") at y.go:17 +0x1`,
		"1 of 2 runs/s, and/or":                                          "1 of 2 runs/s, and/or",
		"dial unix @/tmp/pg/.s.5432: no":                                 "dial unix @.s.5432: no",
	} {
		if got := folders().ReplaceAllString(text, ""); got != want {
			t.Errorf("%q is told as %q, want %q", text, got, want)
		}
	}
}

func TestUnknownNamesAreAnsweredWithTheKnown(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := small(t, &log)
	c.packages, c.Subjects = c.packages[:1], []string{"raw", "sqlite"}
	_, err := c.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "subjects are raw,") || !strings.Contains(err.Error(), "many100") {
		t.Errorf("error is %v, want the names that there are", err)
	}
}
