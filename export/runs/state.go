package runs

import (
	"fmt"
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

// addStates takes the single values of the checkpoints of a run, and returns the newest state as a tree, nil if
// there is none that is good.
func (g *gathering) addStates(run int64, kept []engine.StoredState) (newest any, err error) {
	for i := range kept {
		tree, err := treeOf(kept[i].Payload)
		if err != nil && kept[i].Bad == "" {
			return nil, fmt.Errorf("the checkpoint of event %d: %w", kept[i].Seq, err)
		}
		values, err := flatten(nil, "state", tree, dropLists)
		if err != nil {
			return nil, err
		}
		g.states = append(g.states, stateRow{run, kept[i].StateVersion, values})
		if kept[i].Current && kept[i].Bad == "" {
			newest = tree
		}
	}
	return newest, nil
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
