package report

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/durable-wf/wf/bench/results"
	"github.com/durable-wf/wf/bench/trial"
	"github.com/durable-wf/wf/bench/workload"
)

// sample is a campaign of three repetitions. The median of wf's ratios to raw is 0.9, the ratio of the medians 1.
func sample() *results.File {
	f := &results.File{
		Campaigns: []results.Campaign{{Reps: 3, Commit: "aaaa", Load: 0.12, Busy: []float64{0, 0.04, 0.02}, SyncSec: []float64{0.0003}}},
		Subjects: []trial.Description{
			{Key: "raw", Engine: "raw SQLite", Config: "no engine"},
			{Key: "wf", Engine: "wf", Config: "default", Default: true},
			{Key: "peer", Engine: "Peer", Config: "tuned", Caveats: []string{"- **Peer** is invented."}},
		},
		Syncs: map[string]float64{"wf": 1},
	}
	for rep, rates := range []map[string]float64{
		{"raw": 1000, "wf": 2000, "peer": 20},
		{"raw": 2000, "wf": 1800, "peer": 60},
		{"raw": 3000, "wf": 2400, "peer": 90},
	} {
		for subject, rate := range rates {
			f.Trials = append(f.Trials, results.Trial{
				Subject: subject, Workload: "seq", Rep: rep, Size: 5000, Durability: "WAL, synchronous=FULL",
				Sample: map[string]float64{"rate": rate},
			})
		}
	}
	f.Trials = append(f.Trials,
		results.Trial{Subject: "wf", Workload: "recover", Size: 1000, Sample: map[string]float64{"recovery": 0.31}},
		results.Trial{
			Subject: "peer", Workload: "recover", Size: 1000, Durability: "WAL, synchronous=FULL",
			Sample: map[string]float64{"recovery": 60}, GaveUp: "3 of 1000 runs had completed",
		},
		results.Trial{Subject: "peer", Workload: "fanout", Error: "it fell over"},
	)
	return f
}

func TestReport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := Write(sample(), dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "benchmarks.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := strings.Join(strings.Fields(string(text)), " ")
	for _, want := range []string{
		"| sequential steps with effects | ≥ 0.90 × raw | 0.90 × raw | yes | 0.03 × raw (peer) |",                                     // the bound is met
		"| kill -9 with 1,000 runs in the middle, until all have completed | ≤ 300 ms | 310 ms | no | – |",                            // a bound that was given up on is no rival
		"| resident memory at 100 runs in flight | ≤ 30.0 MB | – | – | – |",                                                           // not measured
		"| wf | wf (default) | WAL, synchronous=FULL | 5,000 | 2,000 | 1,800 – 2,400 | 0.90 × | |",                                    // medians, spread, ratio
		"| peer | Peer (tuned) | WAL, synchronous=FULL | 5,000 | 60 | 20 – 90 | 0.03 × | 30.00 × |",                                   //
		"| peer | Peer (tuned) | WAL, synchronous=FULL | 1,000 | > 60.0 s |", "- peer: 3 of 1000 runs had completed.", "it fell over", //
		"![Sequential steps with effects](benchmarks/seq.svg)", "- **Peer** is invented.", "| 0.12 | 0.00, 0.04, 0.02 | 300 µs |",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", text)
	}
}

func TestChartsAreWellFormed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := Write(sample(), dir); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "benchmarks", "seq.svg"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var text strings.Builder
	for dec := xml.NewDecoder(f); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if chars, ok := token.(xml.CharData); ok {
			text.Write(chars)
		}
	}
	for _, want := range []string{"2,000", "peer", "steps/s; more is better"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the chart does not say %q: %s", want, text.String())
		}
	}
}

// A budget of a figure that no workload has would never be looked at.
func TestBudgetsAreMeasured(t *testing.T) {
	t.Parallel()
	for _, b := range budgets() {
		found := false
		for _, w := range workload.All() {
			for _, m := range w.Metrics {
				found = found || w.Name == b.workload && m.Name == b.metric && m.Less == b.less
			}
		}
		if !found {
			t.Errorf("%s: workload %s has no such figure %s", b.doc, b.workload, b.metric)
		}
	}
}

// What was measured again takes the place of what was there, and the page says for each row when, on which commit and in which
// version, and that it cannot be set against the rest as exactly.
func TestMergedCampaigns(t *testing.T) {
	t.Parallel()
	f := sample()
	f.Campaigns[0].Versions = map[string]string{"raw": "v1", "wf": "(devel)", "peer": "v2.0"}
	f.Campaigns[0].Machine = results.Machine{CPU: "Z80", Cores: 2, Go: "go1"}
	f.Campaigns = append(f.Campaigns,
		results.Campaign{Reps: 7, Commit: "cccc", Busy: []float64{9}}, // all of which has been measured again
		results.Campaign{
			Reps: 1, Commit: "bbbb", Load: 3.5, Busy: []float64{1.25}, Versions: map[string]string{"wf": "(devel)", "peer": "v2.1"},
			Machine: results.Machine{CPU: "Z80", Cores: 2, Go: "go2"},
		})
	for rep, rate := range []float64{40, 50} {
		f.Add(&results.Trial{Subject: "peer", Workload: "seq", Campaign: 2, Rep: rep, Sample: map[string]float64{"rate": rate}, Durability: "none"})
	}
	f.Add(&results.Trial{Subject: "wf", Workload: "many100", Campaign: 2, Sample: map[string]float64{"rate": 900}})
	f.Add(&results.Trial{Subject: "raw", Workload: "many100", Sample: map[string]float64{"rate": 1000}})
	dir := t.TempDir()
	if err := Write(f, dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "benchmarks.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := strings.Join(strings.Fields(string(text)), " ")
	for _, want := range []string{
		"| ≥ 0.80 × raw | ≈ 0.90 × raw | yes |", "| 0.90 × raw | yes | ≈ 0.02 × raw (peer, N = 0) |", "| commit aaaa, then commit bbbb |",
		"| wf | wf (default) | WAL, synchronous=FULL | 5,000 | 2,000 | 1,800 – 2,400 | 0.90 × | | 1 |",
		"| peer | Peer (tuned) | none | 0 | 45 | 40 – 50 | ≈ 0.02 × | ≈ 44.44 × | 2 |",
		"| tuned | v2.0, then v2.1 | WAL, synchronous=FULL, then none |", "| Go | go1, then go2 |", "| CPU | Z80, 2 cores |",
		"| 1 | 0001-01-01 00:00 | 0s | 3 | aaaa |", "| 2 | 0001-01-01 00:00 | 0s | 1 | bbbb | 3.50 | 1.25 |",
		"| seq, many100: peer, wf |", "**The machine had something else to do**", "- peer: not measured.",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Contains(page, "cccc") {
		t.Error("the page tells of a campaign of which no figure is left")
	}
	if t.Failed() {
		t.Logf("%s", text)
	}
}
