package runs

import (
	"context"
	"slices"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/export"
)

// stateRow is a checkpoint of a run.
type stateRow struct {
	run int64
	engine.StateVersion
	values []export.Member
}

func stateFields() []field[stateRow] {
	return []field[stateRow]{
		intField("run", always, func(s *stateRow) int64 { return s.run }),
		intField("seq", always, func(s *stateRow) int64 { return s.Seq }),
		timeField("time", func(s *stateRow) time.Time { return s.Time }),
		textField("step", func(s *stateRow) string { return s.Step }),
		intField("visit", always, func(s *stateRow) int64 { return int64(s.Visit) }),
		{export.Column{Name: "current", Kind: export.Bool}, func(s *stateRow) any { return s.Current }},
		textField("bad", func(s *stateRow) string { return s.Bad }),
	}
}

// addStates takes the single values of the checkpoints of a run.
func (g *gathering) addStates(ctx context.Context, run *engine.Run) error {
	kept, err := g.eng.States(ctx, run.ID)
	if err != nil {
		return err
	}
	for _, version := range kept {
		values, err := flatten(nil, "state", version.State)
		if err != nil {
			return err
		}
		values = slices.DeleteFunc(values, func(m export.Member) bool { return m.Value[0] == '[' })
		version.State = nil // it may be large
		g.states = append(g.states, stateRow{run.ID, version, values})
	}
	return nil
}

// stateTable has a column for each single value of a state: state_total.
func stateTable(states []stateRow) *export.Table {
	records := make([][]export.Member, len(states))
	for i, s := range states {
		records[i] = s.values
	}
	given := export.TableOfMembers(State.Table(), records)
	t := &export.Table{Name: State.Table(), Columns: append(columns(stateFields()), given.Columns...)}
	t.Rows = func(yield func(export.Row, error) bool) {
		i := 0
		for rest, err := range given.Rows {
			if !yield(append(row(nil, stateFields(), &states[i]), rest...), err) {
				return
			}
			i++
		}
	}
	return t
}
