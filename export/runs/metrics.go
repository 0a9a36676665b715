package runs

import (
	"context"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/export"
)

// point is a point of a series of a run.
type point struct {
	run int64
	engine.Metric
}

func metricFields() []field[point] {
	return []field[point]{
		intField("run", always, func(p *point) int64 { return p.run }),
		textField("name", func(p *point) string { return p.Name }),
		intField("n", always, func(p *point) int64 { return p.N }),
		intField("x", -1, func(p *point) int64 { return p.X }),
		{export.Column{Name: "value", Kind: export.Float}, func(p *point) any { return p.Value }},
		timeField("time", func(p *point) time.Time { return p.Time }),
	}
}

// metricTable has the points of runs: of each run series by series, the oldest first.
func metricTable(ctx context.Context, eng *engine.Engine, bounds []bound) *export.Table {
	fields := metricFields()
	t := &export.Table{Name: Metrics.Table(), Columns: columns(fields)}
	t.Rows = func(yield func(export.Row, error) bool) {
		to := make(export.Row, 0, len(fields))
		for _, b := range bounds {
			for _, newest := range b.metrics {
				goOn, err := eachPoint(ctx, eng, b.run, newest, func(p *point) bool { return yield(row(to, fields, p), nil) })
				if err != nil {
					yield(nil, err)
				}
				if !goOn || err != nil {
					return
				}
			}
		}
	}
	return t
}

// eachPoint calls fn with the points of the series up to the newest, until it returns false.
func eachPoint(ctx context.Context, eng *engine.Engine, run int64, newest engine.Metric, fn func(*point) bool) (bool, error) {
	for first := int64(0); first <= newest.N; {
		page, err := eng.Metrics(ctx, run, engine.MetricFilter{Name: newest.Name, First: first})
		if err != nil || len(page) == 0 {
			return true, err
		}
		for _, m := range page {
			if m.N <= newest.N && !fn(&point{run, m}) {
				return false, nil
			}
			first = m.N + 1
		}
	}
	return true, nil
}
