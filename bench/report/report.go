// Package report writes what a campaign has measured as a page with tables and charts.
package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"text/template"

	"github.com/durable-wf/wf/bench/results"
	"github.com/durable-wf/wf/bench/trial"
	"github.com/durable-wf/wf/bench/workload"
)

type result = results.Trial

//go:embed page.md.tmpl
var page string

// part is a workload on the page.
type part struct {
	workload.Workload
	Table string
	Notes []string
	Chart string // a file beside the page; "" for none
}

// view is what the page is made of.
type view struct {
	figures
	Budgets   string
	Parts     []part
	Engines   string
	Caveats   []string
	When      string // the campaigns
	Disturbed bool   // the machine had something else to do
	Facts     string // of the machine
}

// Write writes benchmarks.md and the charts in benchmarks/ into a folder.
func Write(f *results.File, dir string) error {
	v := view{figures: figures{f}}
	v.When, v.Disturbed = v.campaignTable().String(), v.disturbed()
	v.Budgets, v.Engines = v.budgetTable().String(), v.engineTable().String()
	v.Facts = v.facts().String()
	for _, d := range f.Subjects {
		v.Caveats = append(v.Caveats, d.Caveats...)
	}
	charts := filepath.Join(dir, "benchmarks")
	if err := os.MkdirAll(charts, 0o755); err != nil { //nolint:gosec // documents
		return err
	}
	for _, w := range v.measured() {
		p := part{Workload: w}
		t, notes := v.workloadTable(&w)
		if p.Notes = notes; len(t) > 1 {
			p.Table = t.String()
		}
		drawn, err := v.chart(&w, filepath.Join(charts, w.Name+".svg"))
		if err != nil {
			return fmt.Errorf("chart of %s: %w", w.Name, err)
		}
		if drawn {
			p.Chart = "benchmarks/" + w.Name + ".svg"
		}
		v.Parts = append(v.Parts, p)
	}
	return v.write(filepath.Join(dir, "benchmarks.md"))
}

func (v *view) write(path string) error {
	tmpl, err := template.New("page").Parse(page)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := tmpl.Execute(&b, v); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644) //nolint:gosec // a document
}

// engineTable says what was measured, in which version, and how durable it is.
func (f figures) engineTable() table {
	t := table{{"name", "engine", "configuration", "", "version", "durability, read from the live connection", "syncs per step"}}
	for i := range f.Subjects {
		d := &f.Subjects[i]
		syncs := "–"
		if n, ok := f.Syncs[d.Key]; ok {
			syncs = fmt.Sprintf("%.2f", n)
		}
		t = append(t, []string{d.Key, d.Engine, d.Config, newcomer(d), f.version(d), f.durability("", d.Key), syncs})
	}
	return t.dense()
}

func newcomer(d *trial.Description) string {
	switch {
	case d.Key == baseline:
		return ""
	case d.Default:
		return "default"
	default:
		return "tuned"
	}
}

// version is that of the module, ours the commit of the repository: all that have figures here.
func (f figures) version(d *trial.Description) string {
	var list []string
	for _, i := range f.counting() {
		c := &f.Campaigns[i]
		switch {
		case len(f.part(i, d.Key)) == 0:
		case d.Key == ours && c.Commit != "":
			list = append(list, "commit "+c.Commit)
		default:
			list = append(list, c.Versions[d.Key])
		}
	}
	return distinct(list)
}
