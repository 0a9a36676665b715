package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/plot"
)

const plotLong = `Draw what runs have measured, how fast they went, when they were saved, and when nobody worked on them.

Each metric gets a panel, logarithmic if its values are positive and span more than two decades; several runs are
laid over each other in it. Below is the rate at which the progress rose, with a tick for each checkpoint; the
time that a run lay interrupted is shaded. A long series is thinned so that its picture stays the same.

Without --output, the series that there are are listed.`

// plotting is the flags of plot.
type plotting struct {
	metrics []string
	by      string
	output  string
	rate    bool
}

// plotCommand is wf plot.
func (a *app) plotCommand() *cobra.Command {
	var p plotting
	cmd := &cobra.Command{
		Use:   "plot RUN…",
		Short: "Draw the metrics, rate and checkpoints of runs",
		Long:  plotLong,
		Example: `  wf plot 42
  wf plot 42 -o run.svg
  wf plot 1 2 3 --metric residual -o residual.png
  wf plot @last --metric loss --by time --rate=false -o loss.pdf`,
		GroupID: groupLook,
		Args:    arguments(1, -1),
		RunE: func(cmd *cobra.Command, refs []string) error {
			if err := p.check(); err != nil {
				return err
			}
			return a.withEngine(cmd.Context(), engine.ReadOnly, func(eng *engine.Engine) error {
				return a.plot(cmd.Context(), eng, refs, p)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&p.metrics, "metric", "m", nil, "draw this metric (may be repeated; default: all)")
	flags.StringVar(&p.by, "by", "", "what metrics are drawn over: progress or time (default progress, if the runs tell it)")
	flags.BoolVar(&p.rate, "rate", true, "draw the rate, with the checkpoints")
	flags.StringVarP(&p.output, "output", "o", "", "the file to write, ending in ."+strings.Join(plot.Formats(), ", ."))
	return cmd
}

func (p *plotting) check() error {
	if p.by != "" && p.by != byProgress && p.by != byTime {
		return usagef("--by %q must be %s or %s", p.by, byProgress, byTime)
	}
	if p.output == "" {
		return nil
	}
	if _, err := plot.FormatOf(p.output); err != nil {
		return &usageError{err: fmt.Errorf("--output %w", err)}
	}
	return nil
}

func (a *app) plot(ctx context.Context, eng *engine.Engine, refs []string, p plotting) error {
	var runs []*plotted
	for i, ref := range refs {
		run, err := a.find(ctx, eng, ref)
		if err != nil {
			return err
		}
		latest, err := eng.LatestMetrics(ctx, run.ID)
		if err != nil {
			return err
		}
		runs = append(runs, &plotted{eng: eng, run: run, latest: latest, color: i})
	}
	names, err := p.choose(runs)
	if err != nil {
		return err
	}
	if p.output == "" {
		return a.listSeries(ctx, runs)
	}
	figure := plot.Figure{Title: figureTitle(runs, names), Subtitle: figureSubtitle(runs)}
	if figure.Panels, err = p.panels(ctx, runs, names); err != nil {
		return err
	}
	if len(figure.Panels) == 0 {
		return usagef("%s measured nothing and has too few checkpoints to draw", titles(runs))
	}
	if err := figure.Write(p.output); err != nil {
		return fmt.Errorf("drawing %s: %w", p.output, err)
	}
	a.note("%s written", p.output)
	return nil
}

// choose returns the metrics to draw. One that no run has is a mistake.
func (p *plotting) choose(runs []*plotted) ([]string, error) {
	var known []string
	for _, r := range runs {
		for _, m := range r.latest {
			if !slices.Contains(known, m.Name) {
				known = append(known, m.Name)
			}
		}
	}
	slices.Sort(known)
	for _, name := range p.metrics {
		if slices.Contains(known, name) {
			continue
		}
		if len(known) == 0 {
			return nil, usagef("no metric %q: %s has measured nothing", name, titles(runs))
		}
		return nil, usagef("no metric %q%s; there is %s", name, nearestTo(name, known), strings.Join(known, ", "))
	}
	if len(p.metrics) > 0 {
		return p.metrics, nil
	}
	return known, nil
}

// listSeries lists what can be drawn.
func (a *app) listSeries(ctx context.Context, runs []*plotted) error {
	type row struct {
		seriesRow
		run int64
	}
	a.format = asTable
	columns := []column[row]{{Head: "RUN", Value: func(r row) any { return r.run }}}
	for _, c := range seriesColumns() {
		columns = append(columns, column[row]{Head: c.Head, Show: func(r row) string { return c.text(r.seriesRow) }, Value: func(row) any { return nil }})
	}
	var rows []row
	for _, r := range runs {
		list, err := readSeries(ctx, r.eng, r.run, r.latest)
		if err != nil {
			return err
		}
		for _, s := range list {
			rows = append(rows, row{s, r.run.ID})
		}
	}
	if len(rows) == 0 {
		a.note("%s has measured nothing; a step measures with Context.Metric", titles(runs))
		return nil
	}
	err := newRows(a, columns).All(rows)
	a.note("draw them with: %s plot %s -o FILE.svg", a.name, numbersText(runs))
	return err
}

// titles names runs in a sentence.
func titles(runs []*plotted) string {
	if len(runs) == 1 {
		return title(runs[0].run)
	}
	return "none of the runs"
}

func numbersText(runs []*plotted) string {
	words := make([]string, len(runs))
	for i, r := range runs {
		words[i] = fmt.Sprint(r.run.ID)
	}
	return strings.Join(words, " ")
}

// figureTitle is what the picture shows, of which workflows.
func figureTitle(runs []*plotted, metrics []string) string {
	var workflows []string
	for _, r := range runs {
		if !slices.Contains(workflows, r.run.Workflow) {
			workflows = append(workflows, r.run.Workflow)
		}
	}
	return strings.Join(workflows, ", ") + ": " + cmp.Or(strings.Join(metrics, ", "), rateName)
}

// figureSubtitle says how the run stands, or which they are.
func figureSubtitle(runs []*plotted) string {
	if len(runs) > 1 {
		return "runs " + strings.ReplaceAll(numbersText(runs), " ", ", ")
	}
	r := runRow{Run: runs[0].run, now: runs[0].run.Updated}
	text := runs[0].name() + ", " + string(r.Status)
	if r.took() >= 0 {
		text += " after " + humanDuration(r.took())
	}
	return text + ", started " + r.Started.UTC().Format(humanLayout) + " UTC"
}
