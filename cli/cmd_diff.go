package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

const diffLong = `Show where two runs part: the first event in which they did not go the same way, and the fields in which
their inputs, newest states, results and provenance differ: program, commit, arguments, environment, machine. A fork is compared with its origin from where it goes on.

The exit code is 0 whether or not there are differences. DELTA is the difference of numbers; many changes in
one list are one line in a table, and a row each in the other formats. To compare two checkpoints of one run:
state diff.`

// diffCommand is wf diff.
func (a *app) diffCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "diff A B",
		Short:   "Show where two runs part",
		Long:    diffLong,
		Example: "  wf diff 3 5\n  wf diff nightly @last -o json",
		GroupID: groupLook,
		Args:    arguments(2, 2),
	}
	cmd.RunE = func(cmd *cobra.Command, refs []string) error {
		return a.withEngine(cmd.Context(), engine.ReadOnly, func(eng *engine.Engine) error {
			return a.diff(cmd.Context(), eng, refs[0], refs[1])
		})
	}
	a.addOutput(cmd)
	return cmd
}

func (a *app) diff(ctx context.Context, eng *engine.Engine, refA, refB string) error {
	runA, err := a.find(ctx, eng, refA)
	if err != nil {
		return err
	}
	runB, err := a.find(ctx, eng, refB)
	if err != nil {
		return err
	}
	d, err := eng.Diff(ctx, runA.ID, runB.ID)
	if err != nil {
		return err
	}
	rows := a.diffRows(d)
	origins, err := a.provenanceRows(ctx, eng, d)
	if err != nil {
		return err
	}
	rows = append(rows, origins...)
	if err := newRows(a, diffColumns(d)).All(rows); err != nil {
		return err
	}
	if len(rows) == 0 && a.format == asTable {
		a.note("no difference; %d and %d went the same way in %s", d.A.ID, d.B.ID, plural(int64(d.Common), "event"))
	}
	return nil
}

// diffRow is one difference of two runs.
type diffRow struct {
	part       string // status, way, drift, input, state or result
	field      string
	a, b       json.RawMessage // nil where it is missing
	delta      json.RawMessage
	seqA, seqB int64 // of the events that differ
	shown      *change
}

func diffColumns(d *engine.Diff) []column[diffRow] {
	side := func(doc func(diffRow) json.RawMessage, short func(change) string) (func(diffRow) any, func(diffRow) string) {
		value := func(r diffRow) any {
			if doc(r) == nil {
				return nil
			}
			return doc(r)
		}
		return value, func(r diffRow) string {
			if r.shown != nil {
				return short(*r.shown)
			}
			return rawText(doc(r))
		}
	}
	a, showA := side(func(r diffRow) json.RawMessage { return r.a }, func(c change) string { return c.Old })
	b, showB := side(func(r diffRow) json.RawMessage { return r.b }, func(c change) string { return c.New })
	delta, showDelta := side(func(r diffRow) json.RawMessage { return r.delta }, func(c change) string { return c.Delta })
	return []column[diffRow]{
		{Name: "part", Head: "PART", Value: func(r diffRow) any { return r.part }},
		{Name: "field", Head: "FIELD", Value: func(r diffRow) any { return r.field }},
		{Name: "a", Head: fmt.Sprintf("RUN %d", d.A.ID), Value: a, Show: showA},
		{Name: "b", Head: fmt.Sprintf("RUN %d", d.B.ID), Value: b, Show: showB},
		{Name: "delta", Head: "DELTA", Value: delta, Show: showDelta},
		{Name: "seq_a", Value: func(r diffRow) any { return numberOrNull(r.seqA) }},
		{Name: "seq_b", Value: func(r diffRow) any { return numberOrNull(r.seqB) }},
	}
}

func numberOrNull(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

// diffRows lists the differences: of the runs' ways first.
func (a *app) diffRows(d *engine.Diff) []diffRow {
	var rows []diffRow
	if d.A.Status != d.B.Status {
		rows = append(rows, diffRow{part: "status", a: quoted(string(d.A.Status)), b: quoted(string(d.B.Status))})
	}
	if d.Parted != nil {
		rows = append(rows, partingRow("way", d.Parted))
	}
	if d.Drifted != nil {
		rows = append(rows, partingRow("drift", d.Drifted))
	}
	rows = append(rows, a.fieldRows("input", d.Input)...)
	rows = append(rows, a.fieldRows("state", d.State)...)
	return append(rows, a.fieldRows("result", d.Result)...)
}

// provenanceRows lists the differences between the processes that have worked on the runs last.
func (a *app) provenanceRows(ctx context.Context, eng *engine.Engine, d *engine.Diff) ([]diffRow, error) {
	_, docA, err := eng.Provenance(ctx, d.A.ID)
	if err != nil {
		return nil, err
	}
	_, docB, err := eng.Provenance(ctx, d.B.ID)
	if err != nil || len(docA) == 0 || len(docB) == 0 { // nothing is known of one: that is no difference
		return nil, err
	}
	found, err := engine.CompareJSON(withCommandLine(docA), withCommandLine(docB))
	if err != nil {
		return nil, err
	}
	programs, err := a.programRows(ctx, eng, d)
	return append(a.fieldRows("provenance", found), programs...), err
}

// programRows lists the differences between the commits of the programs that steps of the runs have started last.
func (a *app) programRows(ctx context.Context, eng *engine.Engine, d *engine.Diff) ([]diffRow, error) {
	var docs [2]json.RawMessage
	for i, run := range []engine.Run{d.A, d.B} {
		if run.Seq > longHistory {
			return nil, nil
		}
		t, err := a.readTrail(ctx, eng, run.ID)
		if err != nil || t.git() == nil { // nothing is known of one: that is no difference
			return nil, err
		}
		if docs[i], err = json.Marshal(map[string]any{"program_git": t.git()}); err != nil {
			return nil, err
		}
	}
	found, err := engine.CompareJSON(docs[0], docs[1])
	return a.fieldRows("provenance", found), err
}

// withCommandLine is a provenance with its arguments as one line: word by word, one flag more would move all others.
func withCommandLine(doc json.RawMessage) json.RawMessage {
	var all map[string]json.RawMessage
	var words []string
	if json.Unmarshal(doc, &all) != nil || json.Unmarshal(all["args"], &words) != nil {
		return doc
	}
	for i := range words {
		words[i] = shellWord(words[i])
	}
	all["args"] = quoted(strings.Join(words, " "))
	whole, err := json.Marshal(all)
	if err != nil {
		return doc
	}
	return whole
}

// partingRow is the event in which two runs differ first.
func partingRow(part string, p *engine.Parting) diffRow {
	row := diffRow{part: part, field: p.What}
	for _, side := range []struct {
		event *engine.Event
		doc   *json.RawMessage
		seq   *int64
	}{{p.A, &row.a, &row.seqA}, {p.B, &row.b, &row.seqB}} {
		if side.event != nil {
			*side.doc, *side.seq = quoted(told(side.event, p.What)), side.event.Seq
		}
	}
	return row
}

// told is the part of an event in which two runs differ, with what names the event.
func told(ev *engine.Event, what string) string {
	text := ev.Kind
	if ev.Step != "" {
		text += " " + ev.Step
	}
	switch what {
	case "next":
		return text + " → " + ev.Next
	case "error":
		return text + ": " + ev.Error
	case "state":
		var d struct {
			State string `json:"state"`
		}
		_ = json.Unmarshal(ev.Detail, &d) // one without has none
		return text + ": " + d.State
	}
	return text
}

// fieldRows lists fields that differ; in a table those of a long list are one row.
func (a *app) fieldRows(part string, found []engine.FieldChange) []diffRow {
	var rows []diffRow
	if a.format != asTable {
		for _, f := range found {
			rows = append(rows, diffRow{part: part, field: f.Path, a: f.A, b: f.B, delta: f.By})
		}
		return rows
	}
	list := make([]change, len(found))
	for i, f := range found {
		list[i] = change{Path: f.Path, Old: string(f.A), New: string(f.B), Delta: plus(f.By)}
	}
	for _, c := range summarizeChanges(list) {
		rows = append(rows, diffRow{part: part, field: c.Path, shown: &c})
	}
	return rows
}

// plus writes a number with its sign.
func plus(number json.RawMessage) string {
	if len(number) == 0 || strings.HasPrefix(string(number), "-") {
		return string(number)
	}
	return "+" + string(number)
}

func quoted(text string) json.RawMessage {
	doc, err := json.Marshal(text)
	if err != nil { // a string always marshals
		return nil
	}
	return doc
}
