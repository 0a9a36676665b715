package engine

import (
	"context"
	"slices"
)

// MetricSample returns at most most points of a series of a run, evenly spread by their numbers, with the first
// and the newest. It reads those alone, so that it costs the same however long the series is; what lies between
// them does not show. There are no points if there is no such series.
func (e *Engine) MetricSample(ctx context.Context, run int64, name string, most int) ([]Metric, error) {
	count, err := e.metricCount(ctx, run, name)
	if err != nil || count == 0 {
		return nil, err
	}
	n := min(max(int64(most), 2), count)
	numbers := make([]int64, n)
	for i := range numbers {
		numbers[i] = int64(i) * (count - 1) / max(n-1, 1)
	}
	rows, err := e.store.MetricPick(ctx, run, name, numbers)
	return metricsOf(rows), err
}

// MetricOutline returns a series of a run so that a picture of it looks as if it had all points, oldest first: of each
// of parts equal parts of the series the first, the lowest and the highest point, and the newest. It returns
// all points if they are not more. There are none if there is no such series. It reads all points: a million
// in about a second.
func (e *Engine) MetricOutline(ctx context.Context, run int64, name string, parts int) ([]Metric, error) {
	count, err := e.metricCount(ctx, run, name)
	if err != nil || count == 0 {
		return nil, err
	}
	n := int64(max(parts, 1))
	rows, err := e.store.MetricOutline(ctx, run, name, (count+n-1)/n)
	if err != nil {
		return nil, err
	}
	newest, err := e.store.MetricPick(ctx, run, name, []int64{count - 1})
	if err != nil {
		return nil, err
	}
	points := metricsOf(append(rows, newest...))
	return slices.CompactFunc(points, func(a, b Metric) bool { return a.N == b.N }), nil
}

// metricCount is how many points a series has.
func (e *Engine) metricCount(ctx context.Context, run int64, name string) (int64, error) {
	latest, err := e.store.LatestMetrics(ctx, run)
	for _, m := range latest {
		if m.Name == name {
			return m.N + 1, err
		}
	}
	return 0, err
}
