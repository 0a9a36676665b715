package engine

import (
	"context"
	"fmt"

	"github.com/durable-wf/wf/engine/internal/store"
)

// measure is Context.Metric.
func (a *attempt) measure(name string, value float64) {
	if err := nameFault(name); err != nil {
		a.blame(fmt.Errorf("metric: %w", err))
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.metrics = append(a.metrics, Metric{Name: name, X: a.done.Load(), Value: value})
}

// MetricFilter selects points of a series.
type MetricFilter struct {
	Name  string // of the series
	First int64  // the number of the first point; one more than Metric.N of a page's last gives the next page
	Limit int    // 0 means 1,000, which is also the most
}

// Metrics returns a page of a series of a run, oldest first: what was committed, whoever executes the run
// and however it has ended, until it is pruned. There are no points if there is no such series.
func (e *Engine) Metrics(ctx context.Context, run int64, f MetricFilter) ([]Metric, error) {
	rows, err := e.store.Metrics(ctx, run, f.Name, f.First, limit(f.Limit))
	return metricsOf(rows), err
}

// LatestMetrics returns the newest point of each series of a run, in the order of their names. It costs
// the same however long the series are.
func (e *Engine) LatestMetrics(ctx context.Context, run int64) ([]Metric, error) {
	rows, err := e.store.LatestMetrics(ctx, run)
	return metricsOf(rows), err
}

func metricsOf(rows []store.Metric) []Metric {
	var points []Metric
	for _, r := range rows {
		points = append(points, Metric{Name: r.Name, N: r.N, X: r.X, Value: r.Value, Time: timeOf(r.TimeUS)})
	}
	return points
}
