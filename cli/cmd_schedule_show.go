package cli

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

// scheduleListCommand is wf schedule list.
func (a *app) scheduleListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List all schedules",
		Example: "  wf schedule list",
		Aliases: []string{"ls"},
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withEngine(cmd.Context(), engine.ReadOnly, func(eng *engine.Engine) error {
				return a.listSchedules(cmd.Context(), eng)
			})
		},
	}
	a.addOutput(cmd)
	return cmd
}

func (a *app) listSchedules(ctx context.Context, eng *engine.Engine) error {
	all, err := eng.Schedules(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 && a.format == asTable {
		a.note("no schedules")
		return nil
	}
	out := newRows(a, scheduleColumns())
	for _, s := range all {
		row, err := newScheduleRow(ctx, eng, s)
		if err != nil {
			return err
		}
		if err := out.Add(row); err != nil {
			return err
		}
	}
	return out.Close()
}

// scheduleShowCommand is wf schedule show.
func (a *app) scheduleShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show NAME",
		Short:   "Show everything about a schedule, with its next times",
		Example: "  wf schedule show nightly",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withEngine(cmd.Context(), engine.ReadOnly, func(eng *engine.Engine) error {
				s, err := eng.Schedule(cmd.Context(), args[0])
				if err != nil {
					return a.noSchedule(cmd.Context(), eng, args[0], err)
				}
				row, err := newScheduleRow(cmd.Context(), eng, s)
				if err != nil {
					return err
				}
				return writeRecord(a, scheduleShowColumns(a), row)
			})
		},
	}
	a.addOutput(cmd)
	return cmd
}

// shownTimes is how many times to come are shown.
const shownTimes = 5

// scheduleRow is a schedule with the run that it has started last and its next times.
type scheduleRow struct {
	engine.ScheduleState
	last  engine.Status // "" if there is none any more
	times []time.Time
	now   time.Time
}

func newScheduleRow(ctx context.Context, eng *engine.Engine, s engine.ScheduleState) (scheduleRow, error) {
	row := scheduleRow{ScheduleState: s, now: time.Now()}
	if s.LastRun != 0 {
		run, err := eng.Get(ctx, s.LastRun)
		if err != nil && !errors.Is(err, engine.ErrRunNotFound) {
			return row, err
		}
		row.last = run.Status
	}
	if !s.Next.IsZero() {
		more, err := s.Times(s.Next, shownTimes-1)
		if err != nil {
			return row, err
		}
		row.times = append([]time.Time{s.Next}, more...)
	}
	return row, nil
}

// note is what there is to say about the schedule.
func (s scheduleRow) note() string {
	var parts []string
	if s.Paused != "" {
		parts = append(parts, "paused: "+s.Paused)
	}
	if !s.Queued.IsZero() {
		parts = append(parts, "the run for "+s.Queued.Format(humanLayout)+" waits for the one before")
	}
	if s.Error != "" {
		parts = append(parts, "the last start was left out: "+s.Error)
	}
	return strings.Join(parts, "; ")
}

// inZone shows a time as the clocks of a zone do.
func inZone(t time.Time, zone string) string {
	loc, err := time.LoadLocation(zone)
	if t.IsZero() {
		return ""
	}
	if err != nil { // another program has written it
		loc = time.UTC
	}
	return t.In(loc).Format(humanLayout + " MST")
}

func scheduleColumns() []column[scheduleRow] {
	return []column[scheduleRow]{
		{Name: "name", Head: "NAME", Value: func(s scheduleRow) any { return s.Name }},
		{Name: "workflow", Head: "WORKFLOW", Value: func(s scheduleRow) any { return s.Workflow }},
		{Name: "rule", Head: "RULE", Value: func(s scheduleRow) any { return s.Rule() }},
		{Name: "zone", Head: "ZONE", Value: func(s scheduleRow) any { return textOrNull(s.Zone) }},
		{Name: "overlap", Value: func(s scheduleRow) any { return string(s.Overlap) }},
		{Name: "next", Head: "NEXT", Value: func(s scheduleRow) any { return s.Next }, Show: scheduleRow.nextShort},
		{Name: "last", Head: "LAST", Value: func(s scheduleRow) any { return s.Last }},
		{Name: "last_run", Head: "RUN", Value: func(s scheduleRow) any { return idOrNull(s.LastRun) }},
		{Name: "last_status", Head: "STATUS", Value: func(s scheduleRow) any { return textOrNull(string(s.last)) }},
		{Name: "starts", Head: "STARTS", Value: func(s scheduleRow) any { return s.Starts }},
		{Name: "skips", Value: func(s scheduleRow) any { return s.Skips }},
		{Name: "queued", Value: func(s scheduleRow) any { return s.Queued }},
		{Name: "paused", Value: func(s scheduleRow) any { return s.Paused != "" }},
		{Name: "note", Head: "NOTE", Value: func(s scheduleRow) any { return textOrNull(s.note()) },
			Show: func(s scheduleRow) string { return shorten(s.note(), noteWidth) }},
	}
}

func (s scheduleRow) nextShort() string {
	if s.Next.IsZero() {
		return "never"
	}
	if left := s.Next.Sub(s.now); s.Paused == "" && left > 0 {
		return "in " + humanAge(left)
	}
	return s.Next.Format(humanLayout)
}

func scheduleShowColumns(a *app) []column[scheduleRow] {
	if a.format != asTable {
		return append(scheduleColumns(), scheduleDetailColumns()...)
	}
	blank := func(scheduleRow) any { return nil }
	return []column[scheduleRow]{
		{Head: "schedule", Value: blank, Show: func(s scheduleRow) string { return s.Name }},
		{Head: "workflow", Value: blank, Show: func(s scheduleRow) string { return s.Workflow }},
		{Head: "input", Value: blank, Show: func(s scheduleRow) string { return shorten(string(s.Input), 4*noteWidth) }},
		{Head: "rule", Value: blank, Show: func(s scheduleRow) string { return strings.TrimSpace(s.Rule() + "  " + s.Zone) }},
		{Head: "overlap", Value: blank, Show: func(s scheduleRow) string { return string(s.Overlap) }},
		{Head: "catch-up", Value: blank, Show: scheduleRow.catchUpText},
		{Head: "jitter", Value: blank, Show: func(s scheduleRow) string { return durationText(s.Jitter) }},
		{Head: "attributes", Value: blank, Show: func(s scheduleRow) string { return attributesText(s.Options.Attributes) }},
		{Head: "queue", Value: blank, Show: func(s scheduleRow) string { return s.Options.Queue }},
		{Head: "status", Value: blank, Show: scheduleRow.statusText},
		{Head: "starts", Value: blank, Show: func(s scheduleRow) string { return plainText(s.Starts) }},
		{Head: "left out", Value: blank, Show: func(s scheduleRow) string { return plainText(s.Skips) }},
		{Head: "last", Value: blank, Show: scheduleRow.lastText},
		{Head: "note", Value: blank, Show: scheduleRow.note},
		{Head: "next", Value: blank, Show: scheduleRow.timesText},
	}
}

// scheduleDetailColumns are what only a single schedule shows.
func scheduleDetailColumns() []column[scheduleRow] {
	return []column[scheduleRow]{
		{Name: "input", Value: func(s scheduleRow) any { return s.Input }},
		{Name: "catch_up_us", Value: func(s scheduleRow) any { return s.CatchUp }},
		{Name: "jitter_us", Value: func(s scheduleRow) any { return s.Jitter }},
		{Name: "queue", Value: func(s scheduleRow) any { return textOrNull(s.Options.Queue) }},
		{Name: "priority", Value: func(s scheduleRow) any { return s.Options.Priority }},
		{Name: "fair_key", Value: func(s scheduleRow) any { return textOrNull(s.Options.FairKey) }},
		{Name: "deadline_us", Value: func(s scheduleRow) any { return s.Options.Deadline }},
		{Name: "attributes", Value: func(s scheduleRow) any { return attributesJSON(s.Options.Attributes) }},
		{Name: "created", Value: func(s scheduleRow) any { return s.Created }},
		{Name: "due", Value: func(s scheduleRow) any { return s.Due }},
		{Name: "paused_reason", Value: func(s scheduleRow) any { return textOrNull(s.Paused) }},
		{Name: "error", Value: func(s scheduleRow) any { return textOrNull(s.Error) }},
		{Name: "times", Value: func(s scheduleRow) any {
			texts := make([]string, len(s.times))
			for i, t := range s.times {
				texts[i] = t.UTC().Format(timeLayout)
			}
			return texts
		}},
	}
}

func (s scheduleRow) catchUpText() string {
	switch {
	case s.CatchUp != 0:
		return durationText(s.CatchUp)
	case !s.At.IsZero():
		return "however late"
	}
	return durationText(engine.DefaultCatchUp)
}

func durationText(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func (s scheduleRow) statusText() string {
	switch {
	case s.Paused != "":
		return "paused: " + s.Paused
	case s.Next.IsZero() && s.Queued.IsZero():
		return "over: nothing more to start"
	}
	return "active"
}

func (s scheduleRow) lastText() string {
	if s.LastRun == 0 {
		return ""
	}
	text := inZone(s.Last, s.Zone) + "  run " + plainText(s.LastRun)
	if s.last != "" {
		text += " " + string(s.last)
	}
	return text
}

func (s scheduleRow) timesText() string {
	var texts []string
	for _, t := range s.times {
		texts = append(texts, inZone(t, s.Zone))
	}
	return strings.Join(texts, ", ")
}
