package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	queries "github.com/durable-wf/wf/sql"
)

// Schedule is a row of wf_schedules. Times are Unix microseconds UTC; zero and "" stand for NULL. Two rows
// that are equal by == say the same.
type Schedule struct {
	ID        int64  `db:"id"`
	Name      string `db:"name"`
	Workflow  string `db:"workflow"`
	Input     string `db:"input"`   // JSON
	Options   string `db:"options"` // JSON: of each start
	Kind      string `db:"kind"`    // cron, every or at
	Spec      string `db:"spec"`
	Zone      string `db:"zone"`
	Overlap   string `db:"overlap"` // skip, queue, allow or cancel
	CatchUpUS int64  `db:"catchup_us"`
	JitterUS  int64  `db:"jitter_us"`
	CreatedUS int64  `db:"created_us"`
	NextUS    int64  `db:"next_us"` // nominal time of the next start
	DueUS     int64  `db:"due_us"`  // when to look at it again
	LastUS    int64  `db:"last_us"` // nominal time of the newest start
	LastRun   int64  `db:"last_run"`
	QueuedUS  int64  `db:"queued_us"` // nominal time of a start that waits for the run before it
	Starts    int64  `db:"starts"`
	Skips     int64  `db:"skips"`
	Error     string `db:"error"`
	Paused    string `db:"paused"` // JSON: who paused it, and why
}

// Schedules returns all schedules by name.
func (s *Store) Schedules(ctx context.Context) ([]Schedule, error) {
	return list[Schedule](ctx, s, "schedules", queries.ScheduleList)
}

// Schedule returns a schedule by its name, or ErrNotFound.
func (s *Store) Schedule(ctx context.Context, name string) (Schedule, error) {
	return get[Schedule](ctx, s, fmt.Sprintf("schedule %q", name), queries.ScheduleGet, sql.Named("name", name))
}

// SchedulesDue returns up to 100 schedules of some workflows that are to be looked at by now.
func (s *Store) SchedulesDue(ctx context.Context, workflows []string, nowUS int64) ([]Schedule, error) {
	return list[Schedule](ctx, s, "due schedules", queries.ScheduleDue,
		sql.Named("workflows", jsonList(workflows)), sql.Named("now_us", nowUS))
}

// ScheduleDueUS returns when the next schedule of some workflows is to be looked at, 0 if none is.
func (s *Store) ScheduleDueUS(ctx context.Context, workflows []string) (int64, error) {
	due, err := get[int64](ctx, s, "due time of schedules", queries.ScheduleNext, sql.Named("workflows", jsonList(workflows)))
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return due, err
}

// Schedule returns a schedule as it is in the transaction, or ErrNotFound.
func (tx *Tx) Schedule(name string) (Schedule, error) {
	var row Schedule
	err := tx.b.w.conn.GetContext(context.Background(), &row, queries.ScheduleGet, sql.Named("name", name))
	if errors.Is(err, sql.ErrNoRows) {
		return row, fmt.Errorf("schedule %q: %w", name, ErrNotFound)
	}
	return row, err
}

// InsertSchedule inserts a schedule and sets its ID and CreatedUS.
func (tx *Tx) InsertSchedule(s *Schedule) error {
	s.CreatedUS = tx.NowUS
	row := tx.b.w.conn.QueryRowContext(context.Background(), queries.ScheduleInsert, s.Name, s.Workflow, nullText(s.Input), s.Options,
		s.Kind, s.Spec, s.Zone, s.Overlap, s.CatchUpUS, s.JitterUS, s.CreatedUS, nullInt(s.NextUS), nullInt(s.DueUS), nullInt(s.LastUS),
		nullInt(s.LastRun), nullInt(s.QueuedUS), s.Starts, s.Skips, nullText(s.Error), nullText(s.Paused))
	return row.Scan(&s.ID)
}

// UpdateSchedule writes all of a schedule but its name and when it was created.
func (tx *Tx) UpdateSchedule(s *Schedule) error {
	n, err := tx.exec(queries.ScheduleUpdate, s.ID, s.Workflow, nullText(s.Input), s.Options, s.Kind, s.Spec, s.Zone, s.Overlap,
		s.CatchUpUS, s.JitterUS, nullInt(s.NextUS), nullInt(s.DueUS), nullInt(s.LastUS), nullInt(s.LastRun), nullInt(s.QueuedUS),
		s.Starts, s.Skips, nullText(s.Error), nullText(s.Paused))
	if err == nil && n == 0 {
		return fmt.Errorf("schedule %q: %w", s.Name, ErrNotFound)
	}
	return err
}

// DeleteSchedule removes a schedule. Its runs stay.
func (tx *Tx) DeleteSchedule(id int64) error {
	_, err := tx.exec(queries.ScheduleDelete, id)
	return err
}

// ScheduleRuns returns the runs of a schedule that have not ended, the oldest first.
func (tx *Tx) ScheduleRuns(id int64) ([]int64, error) {
	var ids []int64
	err := tx.b.w.conn.SelectContext(context.Background(), &ids, queries.ScheduleOpen, id)
	return ids, err
}

// scheduleEnded is told of the end of a run, which has been written: a start of its schedule that has
// waited for it is due.
func (b *batch) scheduleEnded(run *Run) error {
	if run.Schedule == 0 {
		return nil
	}
	return b.w.exec(b.w.stmts.scheduleWake, run.Schedule, b.wall)
}
