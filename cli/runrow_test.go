package cli

import (
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

func TestRunNote(t *testing.T) {
	t.Parallel()
	now := time.Now()
	dead := engine.Worker{ID: 7, Host: "h", PID: 12}
	alive := engine.Worker{ID: 7, Host: "h", PID: 12, Alive: true}
	tests := []struct {
		name  string
		run   engine.Run
		owner engine.Worker
		want  string
	}{
		{"running", engine.Run{Status: engine.Running, Worker: 7}, alive, ""},
		{"crashed", engine.Run{Status: engine.Running, Worker: 7}, dead, "its process died: h:12"},
		{"asked", engine.Run{Status: engine.Running, Worker: 7, Want: "pause"}, alive, "pause asked for"},
		{"waiting", engine.Run{Status: engine.Waiting, Due: now.Add(90 * time.Second), Error: "no net"}, engine.Worker{}, "due in 1m; no net"},
		{"due", engine.Run{Status: engine.Waiting, Due: now, Reason: "sleeps"}, engine.Worker{}, "due now; sleeps"},
		{"blocked", engine.Run{Status: engine.Blocked, Reason: "no step"}, engine.Worker{}, "no step"},
		{"completed after errors", engine.Run{Status: engine.Completed, Error: "old"}, engine.Worker{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := (runRow{tt.run, tt.owner, now}).note(); got != tt.want {
				t.Errorf("note = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestHumanAge(t *testing.T) {
	t.Parallel()
	tests := []struct {
		d    time.Duration
		want string
	}{
		{-time.Second, "0s"}, {59 * time.Second, "59s"}, {60 * time.Second, "1m"}, {119 * time.Minute, "1h"},
		{47 * time.Hour, "47h"}, {48 * time.Hour, "2d"}, {400 * 24 * time.Hour, "400d"},
	}
	for _, tt := range tests {
		if got := humanAge(tt.d); got != tt.want {
			t.Errorf("humanAge(%v) = %q, want %q", tt.d, got, tt.want)
		}
	}
}

func TestProgressText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		done, total int64
		want        string
	}{
		{-1, -1, ""}, {7, -1, "7"}, {45, 100, "45 % (45 of 100)"}, {1, 3, "33.3 % (1 of 3)"}, {3, 3, "100 % (3 of 3)"},
		{999_999, 1_000_000, "99.9 % (999999 of 1000000)"},
	}
	for _, tt := range tests {
		if got := progressFull(engine.Progress{Done: tt.done, Total: tt.total}); got != tt.want {
			t.Errorf("progressFull(%d of %d) = %q, want %q", tt.done, tt.total, got, tt.want)
		}
	}
}
