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
	attempts := false
	cmd := &cobra.Command{
		Use:   "show RUN",
		Short: "Show everything about a run",
		Long: `Show everything about a run: where it is and who executes it, its state, result and error, how long
it took, what its checkpoints cost, and the attempts that failed.

"at risk" is the work that would have to be repeated if the process died now. "checkpoints" says how often it
saves, from which figures that was chosen, and what it has cost. Rate and ETA are those of the process that
executes it, since it has the run, and "--" until there are two samples. "from" says from which checkpoint the
run went on last, and why. "provenance" says which program that was, of which commit, and where. --attempts lists
all processes that worked on it.`,
		Example: `  wf show 42
  wf show 42 --attempts
  wf show @last -o json | jq .state`,
		GroupID: groupLook,
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withEngine(cmd.Context(), engine.ReadOnly, func(eng *engine.Engine) error {
				if attempts {
					return a.showStints(cmd.Context(), eng, args[0])
				}
				return a.show(cmd.Context(), eng, args[0])
			})
		},
	}
	cmd.Flags().BoolVar(&attempts, "attempts", false, "list who worked on the run, from which checkpoint and why, with their provenance")
	a.addOutput(cmd)
	return cmd
}

// longHistory is from how many events on `show` leaves the history to `history`: so that it answers at
// once for any run.
const longHistory = 20_000

func (a *app) show(ctx context.Context, eng *engine.Engine, ref string) error {
	run, err := a.find(ctx, eng, ref)
	if err == nil && a.format != asTable { // which have the state as a field, however large it is
		run, err = eng.Get(ctx, run.ID)
	}
	if err != nil {
		return err
	}
	shown, err := a.readShown(ctx, eng, run)
	if err != nil {
		return err
	}
	if err := writeRecord(a, showColumns(a), shown); err != nil {
		return err
	}
	if a.format != asTable {
		return nil
	}
	if err := a.showSeries(ctx, eng, run, shown.metrics); err != nil {
		return err
	}
	if err := a.showAttempts(shown.attempts); err != nil {
		return err
	}
	return a.showUndos(shown.undos)
}

// readShown reads what show shows of a run.
func (a *app) readShown(ctx context.Context, eng *engine.Engine, run engine.Run) (shown shownRun, err error) {
	workers, err := newRoster(ctx, eng)
	if err != nil {
		return shown, err
	}
	shown = shownRun{runRow: workers.row(run), skipped: run.Seq > longHistory, trail: trail{workers: workers}}
	if _, shown.source, err = eng.Provenance(ctx, run.ID); err != nil {
		return shown, err
	}
	if shown.metrics, err = eng.LatestMetrics(ctx, run.ID); err != nil {
		return shown, err
	}
	shown.timeout = a.timeoutOf(run)
	if shown.undos, err = eng.Undos(ctx, run.ID); err != nil {
		return shown, err
	}
	if !shown.skipped {
		if err := shown.read(ctx, eng); err != nil {
			return shown, err
		}
	}
	return shown, nil
}

// shownAttempts is how many failed attempts a table shows.
const shownAttempts = 10

func (a *app) showAttempts(attempts []eventRow) error {
	if len(attempts) == 0 {
		return nil
	}
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

// timeoutOf is how long a try of the step where the run is may take; 0 for no limit, or an unknown one.
func (a *app) timeoutOf(run engine.Run) time.Duration {
	if run.Timeout > 0 {
		return run.Timeout
	}
	def, err := a.workflow(run.Workflow)
	if err != nil {
		return 0
	}
	for _, s := range def.Describe().Steps {
		if s.Name == run.Step {
			return s.Timeout
		}
	}
	return 0
}

// showColumns are those of a run in machine formats; for people a few of them are put together.
func showColumns(a *app) []column[shownRun] {
	blank := func(shownRun) any { return nil }
	columns := []column[shownRun]{
		{Head: "run", Value: blank, Show: func(r shownRun) string { return fmt.Sprintf("%d  (%s)", r.ID, r.UUID) }},
		{Head: "workflow", Value: blank, Show: func(r shownRun) string { return fmt.Sprintf("%s  version %d", r.Workflow, r.Version) }},
		{Head: "key", Value: blank, Show: func(r shownRun) string { return r.Key }},
		{Head: "schedule", Value: blank, Show: shownRun.scheduleText},
		{Head: "queue", Value: blank, Show: shownRun.queueText},
		{Head: "status", Value: blank, Show: shownRun.headline},
		{Head: "step", Value: blank, Show: shownRun.where},
		{Head: "progress", Value: blank, Show: func(r shownRun) string { return progressFull(r.Progress) }},
		{Head: "rate", Value: blank, Show: shownRun.rateText},
		{Head: "metrics", Value: blank, Show: func(r shownRun) string { return metricsText(r.metrics) }},
		{Head: "attributes", Value: blank, Show: func(r shownRun) string { return attributesText(r.Attributes) }},
		{Head: "state", Value: blank, Show: func(r shownRun) string { return r.Brief }},
		{Head: "result", Value: blank, Show: func(r shownRun) string { return shorten(rawText(r.Result), 4*noteWidth) }},
		{Head: "error", Value: blank, Show: func(r shownRun) string { return r.Error }},
		{Head: "reason", Value: blank, Show: func(r shownRun) string { return r.Reason }},
		{Head: "undoes", Value: blank, Show: shownRun.undoes},
		{Head: "next try", Value: blank, Show: func(r shownRun) string { return dueText(r.Due, r.now) }},
		{Head: "deadline", Value: blank, Show: shownRun.limits},
		{Head: "worker", Value: blank, Show: shownRun.workerText},
		{Head: "at risk", Value: blank, Show: shownRun.risk},
		{Head: "checkpoints", Value: blank, Show: shownRun.cost},
		{Head: "seed", Value: blank, Show: func(r shownRun) string { return strconv.FormatInt(r.Seed, 10) }},
		{Head: "created", Value: blank, Show: func(r shownRun) string { return since(r.Created, r.now) }},
		{Head: "started", Value: blank, Show: func(r shownRun) string { return since(r.Started, r.now) }},
		{Head: "ended", Value: blank, Show: func(r shownRun) string { return since(r.Ended, r.now) }},
		{Head: "took", Value: blank, Show: shownRun.timing},
		{Head: "stopped", Value: blank, Show: shownRun.stoppedText},
		{Head: "resumed", Value: blank, Show: shownRun.resumedText},
		{Head: "from", Value: blank, Show: func(r shownRun) string { return r.trail.newest() }},
		{Head: "retried", Value: blank, Show: shownRun.retriedText},
		{Head: "forked", Value: blank, Show: shownRun.forkedText},
		{Head: "provenance", Value: blank, Show: func(r shownRun) string { return provenanceText(r.source) + gitText(r.trail.git()) }},
		{Head: "history", Value: blank, Show: func(r shownRun) string {
			if forgotten(r.Run) {
				return fmt.Sprintf("%d events, deleted when it completed", r.Seq)
			}
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
	columns = append(columns,
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
		column[shownRun]{Name: "retried", Value: func(r shownRun) any { return r.count(len(r.retried)) }},
		column[shownRun]{Name: "fair_key", Value: func(r shownRun) any { return textOrNull(r.FairKey) }},
		column[shownRun]{Name: "deadline", Value: func(r shownRun) any { return r.Deadline }},
		column[shownRun]{Name: "tried_us", Value: func(r shownRun) any { return r.Tried }},
		column[shownRun]{Name: "origin_uuid", Value: func(r shownRun) any { return textOrNull(r.origin.UUID) }},
		column[shownRun]{Name: "origin_seq", Value: func(r shownRun) any { return numberOrNull(r.origin.Seq) }},
		column[shownRun]{Name: "schedule", Value: func(r shownRun) any { return textOrNull(r.schedule) }},
		column[shownRun]{Name: "scheduled", Value: func(r shownRun) any { return r.Scheduled }},
		column[shownRun]{Name: "ending", Value: func(r shownRun) any { return textOrNull(string(r.Ending)) }},
		column[shownRun]{Name: "undos", Value: func(r shownRun) any { return r.undosJSON() }},
		column[shownRun]{Name: "failed_attempts", Value: func(r shownRun) any { return r.attemptsJSON() }},
		column[shownRun]{Name: "metrics", Value: func(r shownRun) any { return metricsJSON(r.metrics) }},
		column[shownRun]{Name: "seed", Value: func(r shownRun) any { return r.Seed }},
		column[shownRun]{Name: "head_hash", Value: func(r shownRun) any { return hex.EncodeToString(r.Head) }},
		column[shownRun]{Name: "from", Value: func(r shownRun) any { return textOrNull(r.trail.newest()) }},
		column[shownRun]{Name: "provenance", Value: func(r shownRun) any { return r.source }},
		column[shownRun]{Name: "program_git", Value: func(r shownRun) any { return r.trail.git() }},
	)
	return append(columns, paceColumns()...)

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
