package cli

import (
	"context"
	"fmt"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/plot"
)

// What the metrics of runs are drawn over.
const (
	byProgress = "progress"
	byTime     = "time"
)

// outlineParts is how many parts of a series are told apart in a picture: about its pixels.
const outlineParts = 800

// plotted is a run in a picture.
type plotted struct {
	eng    *engine.Engine
	run    engine.Run
	latest []engine.Metric
	color  int
	life   life
}

// name is the run in the key of the picture.
func (r *plotted) name() string {
	if r.run.Key != "" {
		return fmt.Sprintf("run %d (%s)", r.run.ID, r.run.Key)
	}
	return fmt.Sprintf("run %d", r.run.ID)
}

// tellsProgress reports whether the run has told progress with what it measured.
func (r *plotted) tellsProgress() bool {
	for _, m := range r.latest {
		if m.X > 0 {
			return true
		}
	}
	return false
}

// panels are those of the metrics, in their order, and that of the rate. Runs without anything to draw in one are
// left out of it.
func (p *plotting) panels(ctx context.Context, runs []*plotted, metrics []string) ([]plot.Panel, error) {
	by := p.by
	if by == "" {
		by = byProgress
	}
	for _, r := range runs {
		var err error
		if r.life, err = readLife(ctx, r.eng, r.run); err != nil {
			return nil, err
		}
		if p.by == "" && !r.tellsProgress() {
			by = byTime
		}
	}
	var panels []plot.Panel
	for _, name := range metrics {
		panel := plot.Panel{X: byProgress, Y: name}
		if by == byTime {
			panel.X, panel.Elapsed = sinceStart, true
		}
		for _, r := range runs {
			line, err := r.metric(ctx, name, by)
			if err != nil {
				return nil, err
			}
			if len(line.Points) > 0 {
				panel.Lines = append(panel.Lines, line)
			}
		}
		panels = append(panels, panel)
	}
	if p.rate {
		if panel := ratePanel(runs); len(panel.Lines) > 0 {
			panels = append(panels, panel)
		}
	}
	return panels, nil
}

// sinceStart labels a time axis.
const sinceStart = "time since the first attempt"

// ratePanel draws how fast the runs went.
func ratePanel(runs []*plotted) plot.Panel {
	panel := plot.Panel{X: sinceStart, Elapsed: true, Y: "progress a second", Zero: true}
	for _, r := range runs {
		if points := r.life.rates(); len(points) > 1 { // one says nothing
			panel.Lines = append(panel.Lines, plot.Line{
				Name: r.name(), Color: r.color, Points: points, Gaps: r.life.gaps, Rug: r.life.rug(),
			})
		}
	}
	return panel
}

// metric is a series as a line.
func (r *plotted) metric(ctx context.Context, name, by string) (plot.Line, error) {
	line := plot.Line{Name: r.name(), Color: r.color}
	points, err := r.eng.MetricOutline(ctx, r.run.ID, name, outlineParts)
	if err != nil {
		return line, err
	}
	for _, m := range points {
		x := float64(m.X)
		if by == byTime {
			x = r.life.when(m.Time.Sub(r.run.Started).Seconds(), m.X)
		}
		line.Points = append(line.Points, plot.Point{X: x, Y: m.Value})
	}
	if by == byTime {
		line.Gaps, line.Rug = r.life.gaps, r.life.rug()
	} else {
		line.Marks = r.life.progressAt(points, r.run.Started)
	}
	return line, nil
}
