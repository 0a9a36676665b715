package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	queries "github.com/durable-wf/wf/sql"
)

// series names a series of a run.
type series struct {
	run  int64
	name string
}

// appendMetrics appends the parameters of metric_insert.sql. It numbers the points.
func (b *batch) appendMetrics(args []any, run int64, list []Metric) ([]any, error) {
	for i := range list {
		m := &list[i]
		n, err := b.nextPoint(series{run, m.Name})
		if err != nil {
			return nil, err
		}
		var value any = m.Value
		if math.IsNaN(m.Value) {
			value = nil
		}
		args = append(args, run, m.Name, n, m.X, value, b.now)
	}
	return args, nil
}

// nextPoint returns the number of the next point of a series. It asks the database once in a batch.
func (b *batch) nextPoint(of series) (int64, error) {
	n, known := b.points[of]
	if !known {
		row := b.w.stmts.metricNext.QueryRowContext(context.Background(), of.run, of.name)
		if err := row.Scan(&n); err != nil {
			return 0, err
		}
	}
	if b.points == nil {
		b.points = map[series]int64{}
	}
	b.points[of] = n + 1
	return n, nil
}

// insertMetrics writes points: args are those of metric_insert.sql.
func (b *batch) insertMetrics(args []any) error {
	_, err := b.w.stmts.metricInsert.exec(args)
	return err
}

// metricRow is a row of wf_metrics as it is read, where the value NULL is NaN.
type metricRow struct {
	Metric
	Stored sql.NullFloat64 `db:"stored"`
}

func metricsOf(rows []metricRow, err error) ([]Metric, error) {
	points := make([]Metric, len(rows))
	for i, r := range rows {
		points[i] = r.Metric
		points[i].Value = math.NaN()
		if r.Stored.Valid {
			points[i].Value = r.Stored.Float64
		}
	}
	return points, err
}

// Metrics returns a page of a series of a run: from point number first on, at most limit points (0 for
// 1,000, which is also the most).
func (s *Store) Metrics(ctx context.Context, run int64, name string, first int64, limit int) ([]Metric, error) {
	return metricsOf(list[metricRow](ctx, s, fmt.Sprintf("metric %q of run %d", name, run), queries.MetricList,
		sql.Named("run", run), sql.Named("name", name), sql.Named("first", first), sql.Named("limit", pageLimit(limit))))
}

// LatestMetrics returns the newest point of each series of a run, in the order of their names.
func (s *Store) LatestMetrics(ctx context.Context, run int64) ([]Metric, error) {
	return metricsOf(list[metricRow](ctx, s, fmt.Sprintf("metrics of run %d", run), queries.MetricLatest, sql.Named("run", run)))
}

// MetricOutline returns the first, the lowest and the highest point of every width points of a series of a run, oldest
// first. It reads all of them twice, and returns few.
func (s *Store) MetricOutline(ctx context.Context, run int64, name string, width int64) ([]Metric, error) {
	return metricsOf(list[metricRow](ctx, s, fmt.Sprintf("metric %q of run %d", name, run), queries.MetricOutline,
		sql.Named("run", run), sql.Named("name", name), sql.Named("width", width)))
}

// MetricPick returns the points of a series of a run that have these numbers, oldest first. It reads no others.
func (s *Store) MetricPick(ctx context.Context, run int64, name string, numbers []int64) ([]Metric, error) {
	return metricsOf(list[metricRow](ctx, s, fmt.Sprintf("metric %q of run %d", name, run), queries.MetricPick,
		sql.Named("run", run), sql.Named("name", name), sql.Named("numbers", jsonList(numbers))))
}
