package cli

import (
	"strings"
	"testing"
	"time"
)

func TestParseMoment(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 3, 14, 30, 15, 250_000, time.FixedZone("", 3600)) // 13:30:15 UTC
	tests := []struct{ text, want string }{
		{"now", "2026-11-03T13:30:15.00025Z"},
		{"today", "2026-11-03T00:00:00Z"},
		{"yesterday", "2026-11-02T00:00:00Z"},
		{"2h", "2026-11-03T11:30:15.00025Z"},
		{"3d", "2026-10-31T13:30:15.00025Z"},
		{"1w2d", "2026-10-25T13:30:15.00025Z"},
		{"2026-11-01", "2026-11-01T00:00:00Z"},
		{"2026-11-01 15:04", "2026-11-01T15:04:00Z"},
		{"2026-11-01 15:04:05.5", "2026-11-01T15:04:05.5Z"},
		{"2026-11-01T15:04:05", "2026-11-01T15:04:05Z"},
		{"2026-11-01T15:04:05+02:00", "2026-11-01T13:04:05Z"},
		{" 2026-11-01T15:04:05.000001Z ", "2026-11-01T15:04:05.000001Z"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			got, err := parseMoment(tt.text, now)
			if err != nil || got.Format(time.RFC3339Nano) != tt.want {
				t.Errorf("parseMoment(%q) = %v, %v, want %s", tt.text, got.Format(time.RFC3339Nano), err, tt.want)
			}
		})
	}
	for _, text := range []string{"", "soon", "2026-13-01", "2026-11-01T25:00", "5", "-2h", "last week"} {
		if got, err := parseMoment(text, now); err == nil {
			t.Errorf("parseMoment(%q) = %v, want an error", text, got)
		}
	}
}

func TestParseAge(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want time.Duration
		err  string // part of it; "" for none
	}{
		{"90s", 90 * time.Second, ""},
		{"1.5h", 90 * time.Minute, ""},
		{"30d", 720 * time.Hour, ""},
		{"1w12h", 180 * time.Hour, ""},
		{"250ms", 250 * time.Millisecond, ""},
		{"0s", 0, ""},
		{"30", 0, "write 30s, 30h or 30d"},
		{"", 0, "is no age"},
		{"d", 0, "is no age"},
		{"-1h", 0, "is no age"},
		{"1..5h", 0, "is no age"},
		{"3y", 0, "units s, m, h, d or w"},
		{"99999999w", 0, "too long"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			got, err := parseAge(tt.text)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("parseAge(%q) = %v, %v, want an error with %q", tt.text, got, err, tt.err)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Fatalf("parseAge(%q) = %v, %v, want %v", tt.text, got, err, tt.want)
			}
		})
	}
}
