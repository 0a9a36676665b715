package cli

import "testing"

func TestNearestTo(t *testing.T) {
	t.Parallel()
	tests := []struct {
		word  string
		known []string
		want  string
	}{
		{"sun", []string{"report", "sum"}, "; the nearest is sum"},
		{"resme", []string{"run", "resume", "result"}, "; the nearest is resume"},
		{"--n", []string{"--db", "--every", "--key"}, ""},
		{"--n", []string{"--db", "--m"}, "; the nearest is --m"},
		{"--dryrun", []string{"--db", "--dry-run"}, "; the nearest is --dry-run"},
		{"import", []string{"shop.export", "shop.imports"}, "; the nearest is shop.imports"},
		{"shop.import", []string{"shop.imports"}, "; the nearest is shop.imports"},
		{"quux", []string{"start", "resume"}, ""},
		{"", []string{"start"}, ""},
		{"start", nil, ""},
	}
	for _, tt := range tests {
		if got := nearestTo(tt.word, tt.known); got != tt.want {
			t.Errorf("nearestTo(%q, %q) = %q, want %q", tt.word, tt.known, got, tt.want)
		}
	}
}
