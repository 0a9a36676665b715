package cli

import (
	"math"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

func TestMeter(t *testing.T) {
	t.Parallel()
	type reading struct {
		after time.Duration
		p     engine.Progress
	}
	tests := []struct {
		name     string
		readings []reading
		want     string
	}{
		{"nothing yet", nil, "--  --  ETA --"},
		{"no progress told", []reading{{0, engine.Progress{Done: -1, Total: -1}}}, "--  --  ETA --"},
		{"one reading", []reading{{0, engine.Progress{Done: 50, Total: 100}}}, "50.0 %  50 of 100  --  ETA --"},
		{"what was done before does not count", []reading{
			{0, engine.Progress{Done: 500, Total: 1000}}, {10 * time.Second, engine.Progress{Done: 600, Total: 1000}},
		}, "60.0 %  600 of 1,000  10 /s  ETA 40s"},
		{"stands still", []reading{
			{0, engine.Progress{Done: 5, Total: 10}}, {time.Minute, engine.Progress{Done: 5, Total: 10}},
		}, "50.0 %  5 of 10  --  ETA --"},
		{"no total", []reading{
			{0, engine.Progress{Done: 0, Total: -1}}, {time.Second, engine.Progress{Done: 2500, Total: -1}},
		}, "2,500 done  2.5 k/s  ETA --"},
		{"the next step begins anew", []reading{
			{0, engine.Progress{Done: 0, Total: 10}}, {time.Second, engine.Progress{Done: 10, Total: 10}}, {2 * time.Second, engine.Progress{Done: 0, Total: 10}},
		}, "0.0 %  0 of 10  --  ETA --"},
		{"never rounded up to all", []reading{{0, engine.Progress{Done: math.MaxInt64 - 1, Total: math.MaxInt64}}},
			"99.9 %  9,223,372,036,854,775,806 of 9,223,372,036,854,775,807  --  ETA --"},
		{"for ever", []reading{
			{0, engine.Progress{Done: 0, Total: math.MaxInt64}}, {time.Second, engine.Progress{Done: 1, Total: math.MaxInt64}},
		}, "0.0 %  1 of 9,223,372,036,854,775,807  1 /s  ETA --"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var m meter
			begun := time.Now()
			for _, r := range test.readings {
				m.observe(begun.Add(r.after), r.p)
			}
			if got := m.String(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestHumanRate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		perSecond float64
		want      string
	}{
		{2_500_000, "2.5 M/s"},
		{1, "1 /s"},
		{0.999, "1 s each"},
		{0.851, "1.2 s each"},
		{1.0 / 59.98, "60 s each"},
		{1.0 / 90, "1m30s each"},
		{1.0 / 86400, "1d00h each"},
	}
	for _, test := range tests {
		if got := humanRate(test.perSecond); got != test.want {
			t.Errorf("humanRate(%v) = %q, want %q", test.perSecond, got, test.want)
		}
	}
}

func TestHumanETA(t *testing.T) {
	t.Parallel()
	tests := []struct {
		left time.Duration
		want string
	}{
		{0, "0s"},
		{1200 * time.Millisecond, "2s"},
		{65 * time.Second, "1m05s"},
		{2*time.Hour + 3*time.Minute, "2h03m"},
		{50 * time.Hour, "2d02h"},
	}
	for _, test := range tests {
		if got := humanETA(test.left); got != test.want {
			t.Errorf("humanETA(%v) = %q, want %q", test.left, got, test.want)
		}
	}
}
