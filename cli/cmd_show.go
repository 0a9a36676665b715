package cli

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

func (a *app) showCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show RUN",
		Short: "Show everything about a run",
		Long: `Show everything about a run: where it is and who executes it, its state, result and error, how long
it took, what its checkpoints cost, and the attempts that failed.

"at risk" is the work that would have to be repeated if the process died now.`,
		Example: `  wf show 42
  wf show @last -o json | jq .state`,
		GroupID: groupLook,
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withEngine(cmd.Context(), engine.ReadOnly, func(eng *engine.Engine) error {
				return a.show(cmd.Context(), eng, args[0])
			})
		},
	}
	a.addOutput(cmd)
	return cmd
}

// shownRun is a run with the part of its history that says how it went.
type shownRun struct {
	runRow
	attempts []eventRow // that failed, the oldest first
	resumed  []eventRow // claims after the first
	skipped  bool       // its history is too long to be read for this
}

// longHistory is from how many events on `show` leaves the history to `history`: so that it answers at
// once for any run.
const longHistory = 20_000

func (a *app) show(ctx context.Context, eng *engine.Engine, ref string) error {
	run, err := a.find(ctx, eng, ref)
	if err != nil {
		return err
	}
	workers, err := newRoster(ctx, eng)
	if err != nil {
		return err
	}
	shown := shownRun{runRow: workers.row(run), skipped: run.Seq > longHistory}
	if !shown.skipped {
		if err := shown.read(ctx, eng); err != nil {
			return err
		}
	}
	if err := writeRecord(a, showColumns(a), shown); err != nil {
		return err
	}
	if a.format != asTable || len(shown.attempts) == 0 {
		return nil
	}
	return a.showAttempts(shown.attempts)
}

// read reads the failed attempts and the claims.
func (s *shownRun) read(ctx context.Context, eng *engine.Engine) error {
	src := &eventSource{eng: eng, filter: engine.HistoryFilter{
		Run: s.ID, Kinds: []string{"attempt", "claimed"}, Limit: pageSize,
	}}
	return src.each(ctx, func(e eventRow) error {
		if e.Kind == "claimed" {
			s.resumed = append(s.resumed, e)
		} else {
			s.attempts = append(s.attempts, e)
		}
		return nil
	})
}

// shownAttempts is how many failed attempts a table shows.
const shownAttempts = 10

func (a *app) showAttempts(attempts []eventRow) error {
	title := "failed attempts"
	if extra := len(attempts) - shownAttempts; extra > 0 {
		title = fmt.Sprintf("the last %d of %d failed attempts", shownAttempts, len(attempts))
		attempts = attempts[extra:]
	}
	if _, err := io.WriteString(a.stdout, "\n"+title+"\n"); err != nil {
		return err
	}
	columns := []column[eventRow]{
		{Head: "TIME", Value: func(e eventRow) any { return e.Time.UTC().Format(eventLayout) }},
		{Head: "STEP", Value: func(e eventRow) any { return e.Step }},
		{Head: "VISIT", Value: func(e eventRow) any { return e.Visit }},
		{Head: "TRY", Value: func(e eventRow) any { return e.Attempt }},
		{Head: "TOOK", Value: func(e eventRow) any { return e.Duration }},
		{Head: "WHERE", Value: func(e eventRow) any { return place(e.Worker) }},
		{Head: "ERROR", Value: func(e eventRow) any { return e.Error }},
	}
	return newRows(a, columns).All(attempts)
}

// showColumns are those of a run in machine formats; for people a few of them are put together.
func showColumns(a *app) []column[shownRun] {
	blank := func(shownRun) any { return nil }
	columns := []column[shownRun]{
		{Head: "run", Value: blank, Show: func(r shownRun) string { return fmt.Sprintf("%d  (%s)", r.ID, r.UUID) }},
		{Head: "workflow", Value: blank, Show: func(r shownRun) string { return fmt.Sprintf("%s  version %d", r.Workflow, r.Version) }},
		{Head: "key", Value: blank, Show: func(r shownRun) string { return r.Key }},
		{Head: "status", Value: blank, Show: shownRun.headline},
		{Head: "step", Value: blank, Show: shownRun.where},
		{Head: "progress", Value: blank, Show: func(r shownRun) string { return progressFull(r.Progress) }},
		{Head: "state", Value: blank, Show: func(r shownRun) string { return r.Brief }},
		{Head: "result", Value: blank, Show: func(r shownRun) string { return shorten(rawText(r.Result), 4*noteWidth) }},
		{Head: "error", Value: blank, Show: func(r shownRun) string { return r.Error }},
		{Head: "reason", Value: blank, Show: func(r shownRun) string { return r.Reason }},
		{Head: "next try", Value: blank, Show: func(r shownRun) string { return dueText(r.Due, r.now) }},
		{Head: "worker", Value: blank, Show: shownRun.workerText},
		{Head: "at risk", Value: blank, Show: shownRun.risk},
		{Head: "checkpoints", Value: blank, Show: shownRun.cost},
		{Head: "created", Value: blank, Show: func(r shownRun) string { return since(r.Created, r.now) }},
		{Head: "started", Value: blank, Show: func(r shownRun) string { return since(r.Started, r.now) }},
		{Head: "ended", Value: blank, Show: func(r shownRun) string { return since(r.Ended, r.now) }},
		{Head: "took", Value: blank, Show: shownRun.timing},
		{Head: "resumed", Value: blank, Show: shownRun.resumedText},
		{Head: "history", Value: blank, Show: func(r shownRun) string {
			return fmt.Sprintf("%d events; see: %s history %d%s", r.Seq, a.name, r.ID, a.dbFlag())
		}},
	}
	if a.format == asTable {
		return columns
	}
	return machineColumns()
}

// machineColumns are runColumns and what only a single run shows.
func machineColumns() []column[shownRun] {
	var columns []column[shownRun]
	for _, c := range runColumns(true) {
		columns = append(columns, column[shownRun]{Name: c.Name, Value: func(r shownRun) any { return c.Value(r.runRow) }})
	}
	return append(columns,
		column[shownRun]{Name: "state", Value: func(r shownRun) any { return r.State }},
		column[shownRun]{Name: "state_brief", Value: func(r shownRun) any { return textOrNull(r.Brief) }},
		column[shownRun]{Name: "result", Value: func(r shownRun) any { return r.Result }},
		column[shownRun]{Name: "epoch", Value: func(r shownRun) any { return r.Epoch }},
		column[shownRun]{Name: "keep", Value: func(r shownRun) any { return string(r.Keep) }},
		column[shownRun]{Name: "checkpoint_policy", Value: func(r shownRun) any { return r.Policy.String() }},
		column[shownRun]{Name: "saves", Value: func(r shownRun) any { return r.Saves }},
		column[shownRun]{Name: "stall_us", Value: func(r shownRun) any { return r.Stall }},
		column[shownRun]{Name: "overhead", Value: func(r shownRun) any { return r.overhead() }},
		column[shownRun]{Name: "at_risk_us", Value: func(r shownRun) any { return orNull(r.atRisk()) }},
		column[shownRun]{Name: "host", Value: func(r shownRun) any { return textOrNull(r.owner.Host) }},
		column[shownRun]{Name: "pid", Value: func(r shownRun) any { return countOrNull(r.owner.PID) }},
		column[shownRun]{Name: "program", Value: func(r shownRun) any { return textOrNull(r.owner.Program) }},
		column[shownRun]{Name: "program_version", Value: func(r shownRun) any { return textOrNull(r.owner.Version) }},
		column[shownRun]{Name: "resumed", Value: func(r shownRun) any { return r.count(len(r.resumed)) }},
		column[shownRun]{Name: "failed_attempts", Value: func(r shownRun) any { return r.attemptsJSON() }},
		column[shownRun]{Name: "head_hash", Value: func(r shownRun) any { return hex.EncodeToString(r.Head) }},
	)
}

// count is null if the history was not read.
func (s shownRun) count(n int) any {
	if s.skipped {
		return nil
	}
	return n
}

func (s shownRun) attemptsJSON() any {
	if s.skipped {
		return nil
	}
	docs := []json.RawMessage{}
	for _, e := range s.attempts {
		doc, err := encodeRow(eventColumns(true), e)
		if err != nil {
			continue // its detail is no JSON: the checks of the file say so
		}
		docs = append(docs, doc)
	}
	return docs
}

// headline is the status with what decides it.
func (s shownRun) headline() string {
	text := s.state()
	if s.Want != "" {
		text += ", " + s.Want + " asked for"
	}
	return text
}

func (s shownRun) where() string {
	text := fmt.Sprintf("%s  visit %d, attempt %d", s.Step, s.Visit, s.Attempt)
	if s.Failures > 0 {
		text += fmt.Sprintf(", %d failed in a row", s.Failures)
	}
	if s.Deaths > 0 {
		text += fmt.Sprintf(", %d owners died here", s.Deaths)
	}
	return text
}

func (s shownRun) workerText() string {
	switch {
	case s.Worker == 0:
		return ""
	case s.crashed():
		return fmt.Sprintf("%s  dead  (%s)", place(s.owner), program(s.owner))
	}
	return fmt.Sprintf("%s  alive  (%s)", place(s.owner), program(s.owner))
}

// atRisk is the time since the newest checkpoint of a run that is executed, negative for others.
func (s shownRun) atRisk() time.Duration {
	if s.Status != engine.Running || s.crashed() {
		return -1
	}
	return s.now.Sub(s.Updated)
}

func (s shownRun) risk() string {
	d := s.atRisk()
	if d < 0 {
		return ""
	}
	return fmt.Sprintf("%s of work since the newest commit", humanDuration(d))
}

// overhead is the share of the time in steps that went into checkpoints. Time in steps is known up to
// the newest event only.
func (s shownRun) overhead() float64 {
	active := max(s.Active, s.Updated.Sub(s.Started))
	if s.Started.IsZero() || active <= 0 {
		return 0
	}
	return float64(s.Stall) / float64(active)
}

func (s shownRun) cost() string {
	text := s.Policy.String()
	if s.Saves > 0 {
		text += fmt.Sprintf("; %d saved within steps, stalled %s (%s)", s.Saves, humanDuration(s.Stall), percent(s.overhead()))
	}
	return text
}

// percent shows a share with two digits; one that is next to nothing as less than that.
func percent(share float64) string {
	switch {
	case share <= 0:
		return "0 %"
	case share < 0.0001:
		return "< 0.01 %"
	case share < 0.1:
		return strconv.FormatFloat(100*share, 'g', 2, 64) + " %"
	}
	return strconv.FormatFloat(100*share, 'f', 0, 64) + " %"
}

func (s shownRun) timing() string {
	if s.took() < 0 {
		return ""
	}
	text := humanDuration(s.took())
	if s.Active > 0 {
		text += fmt.Sprintf(", %s of it in steps", humanDuration(s.Active))
	}
	return text
}

func (s shownRun) resumedText() string {
	if len(s.resumed) == 0 {
		return ""
	}
	last := s.resumed[len(s.resumed)-1]
	text := fmt.Sprintf("%d×, last %s by %s", len(s.resumed), since(last.Time, s.now), place(last.Worker))
	if was := last.text("was"); was != "" {
		text += ", was " + was
	}
	return text
}

// since shows a time and how long ago that is.
func since(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s (%s ago)", t.UTC().Format(humanLayout), humanAge(now.Sub(t)))
}

func dueText(due, now time.Time) string {
	if due.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s (%s)", due.UTC().Format(humanLayout), dueIn(due, now))
}
