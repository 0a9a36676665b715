package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

const (
	redraw = 250 * time.Millisecond // of the live view: ages and rates change by themselves
	relook = 5 * time.Second        // without news: a process may have died
)

func (a *app) watchCommand() *cobra.Command {
	var s search
	cmd := &cobra.Command{
		Use:   "watch [RUN]",
		Short: "Watch a run, or all that are open, until the end",
		Long: `Watch a run until it has ended or is blocked, or all open runs until none of them goes on by itself;
with filters, those that they select.
On a terminal the view is drawn anew as things change; elsewhere, and with -o, each change that was
committed is a row. It executes nothing.

The exit code is that of the outcome, of several runs that of the worst: 0 completed, 3 failed,
4 cancelled, 5 blocked, 6 not ended (also when interrupted).`,
		Example: `  wf watch 42
  wf watch @last -o jsonl
  wf watch --where 'customer = 42'`,
		GroupID: groupLook,
		Args:    arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && s.given() {
				return usagef("name a run, or search for runs: %q goes with no filter", args[0])
			}
			if err := s.check(); err != nil {
				return err
			}
			return a.withEngine(cmd.Context(), engine.ReadOnly, func(eng *engine.Engine) error {
				w := &watcher{app: a, eng: eng, search: &s, last: map[int64]string{}, open: map[int64]bool{}}
				if len(args) == 1 {
					run, err := a.find(cmd.Context(), eng, args[0])
					if err != nil {
						return err
					}
					w.run = run.ID
				}
				return w.watch(cmd.Context())
			})
		},
	}
	s.add(cmd)
	a.addOutput(cmd)
	return cmd
}

// watcher shows runs as they change.
type watcher struct {
	app    *app
	eng    *engine.Engine
	run    int64 // 0 for all open ones that the search selects
	search *search
	open   map[int64]bool   // runs that were open when last looked at
	news   []engine.Metric  // of the one run: the newest of each series
	last   map[int64]string // what was shown of them
	code   int              // the worst outcome so far
}

func (w *watcher) watch(ctx context.Context) error {
	if w.app.format == asTable && isTerminal(w.app.stdout) {
		return w.live(ctx)
	}
	out := newRows(w.app, watchColumns(w.run != 0))
	err := w.loop(ctx, relook, func(rows []runRow) error {
		for _, r := range rows {
			shown := fmt.Sprint(r.state(), r.Step, r.Visit, r.Attempt, r.Progress, r.Brief, r.note())
			if w.last[r.ID] == shown {
				continue
			}
			if w.last[r.ID] = shown; r.Status.Ended() {
				delete(w.last, r.ID)
			}
			if err := out.Add(r); err != nil {
				return err
			}
		}
		return out.Flush()
	})
	if closing := out.Close(); closing != nil {
		return closing
	}
	return err
}

// live draws the view on the terminal until the end.
func (w *watcher) live(ctx context.Context) error {
	view := &screen{out: w.app.stdout}
	var m meter
	return w.loop(ctx, redraw, func(rows []runRow) error {
		if w.run == 0 {
			return view.draw(func(page *screenPage) error {
				return page.grid(runColumns(false), rows)
			})
		}
		m.observe(time.Now(), rows[0].Progress)
		return view.draw(func(page *screenPage) error {
			return page.lines(liveLines(rows[0], w.news, &m))
		})
	})
}

// loop shows the runs whenever they may have changed, and every so often anyway, until the end. Its
// error is the exit code.
func (w *watcher) loop(ctx context.Context, every time.Duration, show func([]runRow) error) error {
	news := w.eng.Watch(ctx)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		rows, err := w.read(ctx)
		if err == nil && len(rows) > 0 {
			err = show(rows)
		}
		switch {
		case ctx.Err() != nil:
			return codeError(ExitRunning)
		case err != nil:
			return err
		case w.over(rows):
			return codeError(w.code)
		}
		select {
		case <-ctx.Done():
			return codeError(ExitRunning)
		case <-news:
		case <-tick.C:
		}
	}
}

// over reports whether nothing more is to come, and then sets the exit code.
func (w *watcher) over(rows []runRow) bool {
	if w.run != 0 {
		w.code = statusCode(rows[0].Status)
		return rows[0].Status.Ended() || rows[0].Status == engine.Blocked
	}
	going := false
	for _, r := range rows {
		going = going || moves(r.Status)
		if r.Status.Ended() {
			w.code = worse(w.code, statusCode(r.Status))
		}
	}
	if going {
		return false
	}
	for _, r := range rows {
		w.code = worse(w.code, statusCode(r.Status))
	}
	if len(rows) == 0 {
		w.app.note("no open runs")
	}
	return true
}

// read returns the run that is watched; or all open ones, with those that have ended since.
func (w *watcher) read(ctx context.Context) ([]runRow, error) {
	workers, err := newRoster(ctx, w.eng)
	if err != nil {
		return nil, err
	}
	if w.run != 0 {
		now, err := w.eng.Peek(ctx, w.run)
		w.news = now.Metrics
		return []runRow{workers.row(now.Run)}, err
	}
	var rows []runRow
	before := w.open
	w.open = map[int64]bool{}
	open := w.search.filter()
	if len(open.Statuses) == 0 {
		open.Statuses = statusesOf(statusNames(isOpen))
	}
	err = eachPage(ctx, w.eng, open, 0, func(page []engine.Run) (bool, error) {
		for _, run := range page {
			w.open[run.ID] = true
			delete(before, run.ID)
			rows = append(rows, workers.row(run))
		}
		return true, nil
	})
	for id := range before {
		run, getErr := w.eng.Get(ctx, id)
		if getErr != nil || err != nil {
			continue // pruned by now, or told below
		}
		rows = append(rows, workers.row(run))
	}
	return rows, err
}

// watchColumns are those of a run that change while it runs.
func watchColumns(one bool) []column[runRow] {
	columns := []column[runRow]{{Name: "time", Head: "TIME", Value: func(r runRow) any { return r.Updated },
		Show: func(r runRow) string { return r.Updated.UTC().Format(eventLayout) }}}
	heads := map[string]string{"status": "STATUS", "step": "STEP", "visit": "VISIT", "attempt": "TRY", "done": "PROGRESS"}
	if !one {
		heads["id"], heads["workflow"] = "RUN", "WORKFLOW"
	}
	for _, c := range runColumns(true) {
		c.Head = heads[c.Name]
		columns = append(columns, c)
	}
	return append(columns,
		column[runRow]{Name: "state", Value: func(r runRow) any { return r.State }},
		column[runRow]{Name: "result", Head: "STATE", Value: func(r runRow) any { return r.Result }, Show: stateOrResult})
}

// stateOrResult is where the run is for people: its note if it is held up, its result, or its state.
func stateOrResult(r runRow) string {
	switch {
	case r.note() != "":
		return shorten(r.note(), noteWidth)
	case r.Status == engine.Completed && len(r.Result) > 0:
		return "= " + shorten(rawText(r.Result), noteWidth)
	}
	return r.Brief
}

// liveLines is the view of one run.
func liveLines(r runRow, metrics []engine.Metric, m *meter) []string {
	lines := []string{
		fmt.Sprintf("run %d  %s  %s  %s", r.ID, r.Workflow, r.state(), humanDuration(r.took())),
		fmt.Sprintf("  step      %s, visit %d, attempt %d", r.Step, r.Visit, r.Attempt),
	}
	if r.Progress.Done >= 0 {
		lines = append(lines, "  progress  "+bar(r.Progress)+m.String())
	}
	if len(metrics) > 0 {
		lines = append(lines, "  metrics   "+metricsText(metrics))
	}
	if text := stateOrResult(r); text != "" {
		lines = append(lines, "  state     "+text)
	}
	lines = append(lines, fmt.Sprintf("  commit    %s ago, event %d", humanAge(r.now.Sub(r.Updated)), r.Seq))
	if r.Worker != 0 && !r.crashed() {
		lines = append(lines, fmt.Sprintf("  worker    %s (%s)", place(r.owner), program(r.owner)))
	}
	return lines
}
