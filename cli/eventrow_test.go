package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine"
)

func TestEventSummary(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		event engine.Event
		want  string
	}{
		{"nothing", engine.Event{}, ""},
		{"transition", engine.Event{Next: "ship", Detail: json.RawMessage(`{"state":"i=5"}`)}, "→ ship  i=5"},
		{"end", engine.Event{Detail: json.RawMessage(`{"state":"i=5","result":"15"}`)}, "i=5  = 15"},
		{"call", engine.Event{Detail: json.RawMessage(`{"call":"card","n":0}`)}, "card#0"},
		{"claim", engine.Event{Kind: "claimed", Detail: json.RawMessage(`{"was":"pending"}`)}, "was pending"},
		{"claim of a suspended run", engine.Event{Kind: "claimed", Detail: json.RawMessage(`{"was":"suspended"}`)}, "was suspended"},
		{"claim of a run whose owner died", engine.Event{Kind: "claimed", Detail: json.RawMessage(`{"was":"pending","deaths":1}`)}, "its owner died"},
		{"claim after two deaths", engine.Event{Kind: "claimed", Detail: json.RawMessage(`{"was":"pending","deaths":2}`)}, "its owner died  deaths=2"},
		{"other kind", engine.Event{Kind: "resumed", Detail: json.RawMessage(`{"was":"pending","deaths":2}`)}, "was pending  deaths=2"},
		{"no stack", engine.Event{Error: "panic: x", Detail: json.RawMessage(`{"stack":"goroutine 1"}`)}, "panic: x"},
		{"no input", engine.Event{Detail: json.RawMessage(`{"by":"me@here pid 1","input":{"n":3}}`)}, "by me@here pid 1"},
		{"several lines", engine.Event{Error: "a\nb\x1b[2J"}, "a; b [2J"},
		{"long error", engine.Event{Error: strings.Repeat("é", 200)}, strings.Repeat("é", noteWidth-1) + "…"},
		{"unknown detail", engine.Event{Detail: json.RawMessage(`{"zeta":1,"alpha":"x"}`)}, "alpha=x  zeta=1"},
		{"torn detail", engine.Event{Error: "e", Detail: json.RawMessage(`{"sta`)}, "e"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := (eventRow{Event: tt.event}).summary(); got != tt.want {
				t.Errorf("summary = %q, want %q", got, tt.want)
			}
		})
	}
}
