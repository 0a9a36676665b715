package cli

import "testing"

func TestPercent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		share float64
		want  string
	}{{0, "0 %"}, {0.00001, "< 0.01 %"}, {0.0001, "0.01 %"}, {0.00123, "0.12 %"}, {0.0567, "5.7 %"}, {0.123, "12 %"}, {1, "100 %"}}
	for _, tt := range tests {
		if got := percent(tt.share); got != tt.want {
			t.Errorf("percent(%v) = %q, want %q", tt.share, got, tt.want)
		}
	}
}
