package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

// BenchmarkHistory is the cost of an event in each format.
func BenchmarkHistory(b *testing.B) {
	for _, as := range formats() {
		b.Run(as, func(b *testing.B) {
			out := newRows(&app{stdout: io.Discard, format: format(as)}, eventColumns(false))
			for i := range b.N {
				err := out.Add(eventRow{Event: engine.Event{
					ID: int64(i), Run: 42, Seq: int64(i), Time: time.UnixMicro(int64(i)), Kind: "checkpoint", Step: "add", Visit: 1,
					Attempt: 1, Duration: 300 * time.Microsecond, Hash: make([]byte, 32), Workflow: "sum",
					Detail: json.RawMessage(fmt.Sprintf(`{"state":"i=%d total=%d"}`, i, 3*i)),
					Worker: engine.Worker{ID: 1, Host: "here", PID: 123, Program: "wf", Version: "v1.0.0"},
				}})
				if err != nil {
					b.Fatal(err)
				}
			}
			if err := out.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
