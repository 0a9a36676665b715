package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

func (a *app) stateCommand() *cobra.Command {
	cmd := a.stateShowCommand()
	cmd.Use = "state RUN [SEQ]"
	cmd.Short = "Show, compare and export the checkpoints of a run"
	cmd.Long = `Show and compare the checkpoints of a run: the one from which it resumes and the older ones that are
kept to fall back on. They are deleted when the run completes, unless it was started to keep all.

Without a command of its own it is state show.`
	cmd.GroupID = groupLook
	cmd.AddCommand(a.stateShowCommand(), a.stateListCommand(), a.stateDiffCommand(), a.stateExportCommand())
	return cmd
}

func (a *app) stateShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show RUN [SEQ]",
		Short: "Show the newest state of a run, or the one that was saved with event SEQ",
		Long: `Show the newest state of a run, or the one that was saved with event SEQ of its history.

As a table: a line a field, long lists in short; as json: the whole state.`,
		Example: `  wf state show 42
  wf state show 42 17 -o json | jq .state.total`,
		Args: arguments(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			seq := ""
			if len(args) == 2 {
				seq = args[1]
			}
			return a.withStates(cmd.Context(), args[0], func(run engine.Run, kept []engine.StateVersion) error {
				version, err := pick(run, kept, seq)
				if err != nil {
					return err
				}
				return a.showState(stateRow{run.ID, version})
			})
		},
	}
	a.addOutput(cmd)
	return cmd
}

func (a *app) stateListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list RUN",
		Short:   "List the checkpoints that are kept, the oldest first",
		Example: `  wf state list 42`,
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStates(cmd.Context(), args[0], func(run engine.Run, kept []engine.StateVersion) error {
				out := newRows(a, stateColumns())
				for _, version := range kept {
					if err := out.Add(stateRow{run.ID, version}); err != nil {
						return err
					}
				}
				return out.Close()
			})
		},
	}
	a.addOutput(cmd)
	return cmd
}

func (a *app) stateDiffCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "diff RUN [SEQ SEQ]",
		Short: "Show what changed between two checkpoints, the newest two by default",
		Long: `Show what changed between two checkpoints of a run, given by the events that saved them, or between
the newest two that are kept. DELTA is the difference of numbers, and beside it stands how much that is
per second that was spent in steps between both, and per unit of the run's progress. Many changes in one
list are one line in a table, with their number, the largest of them and the norm of all (the root of the sum
of squares), and a row each in the other formats.`,
		Example: `  wf state diff 42
  wf state diff 42 17 25`,
		Args: arguments(1, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return usagef("two events are compared, but only %s is named; usage: %s", args[1], cmd.UseLine())
			}
			return a.withStates(cmd.Context(), args[0], func(run engine.Run, kept []engine.StateVersion) error {
				old, fresh, err := pickTwo(run, kept, args[1:])
				if err != nil {
					return err
				}
				return a.diffStates(old, fresh)
			})
		},
	}
	a.addOutput(cmd)
	return cmd
}

// withStates calls fn with the run that ref names and its checkpoints, the oldest first.
func (a *app) withStates(ctx context.Context, ref string, fn func(engine.Run, []engine.StateVersion) error) error {
	return a.withEngine(ctx, engine.ReadOnly, func(eng *engine.Engine) error {
		run, err := a.find(ctx, eng, ref)
		if err != nil {
			return err
		}
		kept, err := eng.States(ctx, run.ID)
		if err != nil {
			return err
		}
		if len(kept) == 0 {
			return fmt.Errorf("run %d: %w", run.ID, errNoStates)
		}
		return fn(run, kept)
	})
}

var errNoStates = errors.New("its checkpoints were deleted when it completed; start it with --keep all to keep them")

// pick returns the checkpoint that event seq saved, the current one for "".
func pick(run engine.Run, kept []engine.StateVersion, seq string) (engine.StateVersion, error) {
	if seq == "" {
		return kept[len(kept)-1], nil
	}
	var known []string
	for _, version := range kept {
		known = append(known, strconv.FormatInt(version.Seq, 10))
		if known[len(known)-1] == seq {
			return version, nil
		}
	}
	return engine.StateVersion{}, usagef("run %d keeps no checkpoint of event %q; it keeps those of %s", run.ID, seq, strings.Join(known, ", "))
}

func pickTwo(run engine.Run, kept []engine.StateVersion, seqs []string) (old, fresh engine.StateVersion, err error) {
	if len(seqs) == 0 {
		if len(kept) < 2 {
			return old, fresh, usagef("run %d keeps only the checkpoint of event %d: there is nothing to compare", run.ID, kept[0].Seq)
		}
		return kept[len(kept)-2], kept[len(kept)-1], nil
	}
	if old, err = pick(run, kept, seqs[0]); err != nil {
		return old, fresh, err
	}
	fresh, err = pick(run, kept, seqs[1])
	return old, fresh, err
}

// stateRow is a checkpoint of a run.
type stateRow struct {
	run int64
	engine.StateVersion
}

func stateColumns() []column[stateRow] {
	return []column[stateRow]{
		{Name: "run", Value: func(s stateRow) any { return s.run }},
		{Name: "seq", Head: "SEQ", Value: func(s stateRow) any { return s.Seq }},
		{Name: "time", Head: "TIME", Value: func(s stateRow) any { return s.Time },
			Show: func(s stateRow) string { return s.Time.UTC().Format(eventLayout) }},
		{Name: "step", Head: "STEP", Value: func(s stateRow) any { return s.Step }},
		{Name: "visit", Head: "VISIT", Value: func(s stateRow) any { return s.Visit }},
		{Name: "current", Head: "CURRENT", Value: func(s stateRow) any { return s.Current },
			Show: func(s stateRow) string { return map[bool]string{true: "yes"}[s.Current] }},
		{Name: "kept", Head: "KEPT", Value: func(s stateRow) any { return s.Kept },
			Show: func(s stateRow) string { return strings.Join(s.Kept, ", ") }},
		{Name: "active_us", Head: "STEPS", Value: func(s stateRow) any { return s.Active }},
		{Name: "done", Value: func(s stateRow) any { return progressNumber(s.Progress.Done) }},
		{Name: "total", Value: func(s stateRow) any { return progressNumber(s.Progress.Total) }},
		{Name: "size_bytes", Head: "BYTES", Value: func(s stateRow) any { return s.Size }},
		{Name: "bad", Value: func(s stateRow) any { return textOrNull(s.Bad) }},
		{Name: "brief", Head: "STATE", Value: func(s stateRow) any { return s.Brief }, Show: stateRow.text},
		{Name: "state", Value: func(s stateRow) any { return s.State }},
	}
}

// text is the short form of the state, or why it cannot be used.
func (s stateRow) text() string {
	if s.Bad != "" {
		return "bad: " + s.Bad
	}
	return s.Brief
}

// showState writes the state: a line a field in a table and in CSV, the whole checkpoint otherwise.
func (a *app) showState(s stateRow) error {
	if a.format == asJSON || a.format == asJSONL {
		return writeRecord(a, stateColumns(), s)
	}
	if s.Bad != "" {
		a.note("this checkpoint would not be used: %s", s.Bad)
	}
	fields, err := leaves(s.State)
	if err != nil {
		return fmt.Errorf("run %d: the state of event %d does not decode: %w", s.run, s.Seq, err)
	}
	if a.format == asTable {
		fields = summarize(fields)
	}
	return newRows(a, []column[leaf]{
		{Name: "field", Head: "FIELD", Value: func(l leaf) any { return l.Path }},
		{Name: "value", Head: "VALUE", Value: func(l leaf) any { return rawText(json.RawMessage(l.Value)) },
			Show: func(l leaf) string { return l.Value }},
	}).All(fields)
}

// diffStates writes in what two checkpoints differ, and how fast.
func (a *app) diffStates(old, fresh engine.StateVersion) error {
	compare := changes
	if a.format == asTable {
		compare = changesInShort
	}
	found, err := compare(old.State, fresh.State)
	if err != nil {
		return fmt.Errorf("the states of events %d and %d do not decode: %w", old.Seq, fresh.Seq, err)
	}
	err = newRows(a, stateDiffColumns(old, fresh)).All(found)
	if err == nil && len(found) == 0 && a.format == asTable {
		a.note("events %d and %d saved the same state", old.Seq, fresh.Seq)
	}
	return err
}

func stateDiffColumns(old, fresh engine.StateVersion) []column[change] {
	value := func(text string) any {
		if text == "" || !json.Valid([]byte(text)) { // missing, or a summary for people
			return textOrNull(text)
		}
		return json.RawMessage(text)
	}
	columns := []column[change]{
		{Name: "field", Head: "FIELD", Value: func(c change) any { return c.Path }},
		{Name: "old", Head: strconv.FormatInt(old.Seq, 10), Value: func(c change) any { return value(c.Old) },
			Show: func(c change) string { return c.Old }},
		{Name: "new", Head: strconv.FormatInt(fresh.Seq, 10), Value: func(c change) any { return value(c.New) },
			Show: func(c change) string { return c.New }},
		{Name: "delta", Head: "DELTA", Value: func(c change) any { return value(strings.TrimPrefix(c.Delta, "+")) },
			Show: func(c change) string { return c.Delta }},
	}
	perSecond := rateColumn("per_second", "PER SECOND", (fresh.Active - old.Active).Seconds())
	units := 0.0
	if old.Progress.Done >= 0 && fresh.Progress.Done >= 0 {
		units = float64(fresh.Progress.Done - old.Progress.Done)
	}
	return append(columns, perSecond, rateColumn("per_unit", "PER UNIT", units))
}

// rateColumn divides changes by the time, or by the progress, in which they were made. A table does without
// it if that is not known.
func rateColumn(name, head string, by float64) column[change] {
	if !(by > 0) {
		return column[change]{Name: name, Value: func(change) any { return nil }}
	}
	return column[change]{Name: name, Head: head,
		Value: func(c change) any {
			d, ok := c.by()
			if !ok {
				return nil
			}
			return d / by
		},
		Show: func(c change) string {
			d, ok := c.by()
			if !ok {
				return ""
			}
			return signed(strconv.FormatFloat(d/by, 'g', 4, 64))
		}}
}
