package runs

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/export"
)

// historyFields are the columns of an event, named as wf history names them.
func historyFields() []field[engine.Event] {
	type event = engine.Event
	return []field[event]{
		intField("id", always, func(e *event) int64 { return e.ID }),
		timeField("time", func(e *event) time.Time { return e.Time }),
		intField("run", always, func(e *event) int64 { return e.Run }),
		textField("workflow", func(e *event) string { return e.Workflow }),
		intField("seq", always, func(e *event) int64 { return e.Seq }),
		textField("kind", func(e *event) string { return e.Kind }),
		textField("step", func(e *event) string { return e.Step }),
		textField("next", func(e *event) string { return e.Next }),
		intField("visit", 0, func(e *event) int64 { return int64(e.Visit) }),
		intField("attempt", 0, func(e *event) int64 { return int64(e.Attempt) }),
		intField("duration_us", -1, func(e *event) int64 {
			if e.Duration < 0 { // nothing was timed
				return -1
			}
			return e.Duration.Microseconds()
		}),
		textField("host", func(e *event) string { return e.Worker.Host }),
		intField("pid", 0, func(e *event) int64 { return int64(e.Worker.PID) }),
		textField("program", func(e *event) string { return e.Worker.Program }),
		textField("program_version", func(e *event) string { return e.Worker.Version }),
		textField("error", func(e *event) string { return e.Error }),
		textField("state", brief),
		{export.Column{Name: "detail", Kind: export.JSON}, func(e *event) any {
			if len(e.Detail) == 0 {
				return nil
			}
			return e.Detail
		}},
		textField("hash", func(e *event) string { return hex.EncodeToString(e.Hash) }),
	}
}

// brief is the short form of the state that an event has saved.
func brief(e *engine.Event) string {
	var detail struct {
		State string `json:"state"`
	}
	_ = json.Unmarshal(e.Detail, &detail) // one that is no object tells none
	return detail.State
}

// historyTable has the events of runs, each run's in their order.
func historyTable(ctx context.Context, eng *engine.Engine, bounds []bound) *export.Table {
	fields := historyFields()
	t := &export.Table{Name: History.Table(), Columns: columns(fields)}
	t.Rows = func(yield func(export.Row, error) bool) {
		to := make(export.Row, 0, len(fields))
		for _, b := range bounds {
			for page, err := range eng.HistoryPages(ctx, engine.HistoryFilter{Run: b.run}) {
				if err != nil {
					yield(nil, err)
					return
				}
				for i := range page {
					if page[i].Seq <= b.seq && !yield(row(to, fields, &page[i]), nil) {
						return
					}
				}
			}
		}
	}
	return t
}
