package engine

import "testing"

// A run slips into a slot that is free, until the dispatcher stops.
func TestSlip(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		set  func(s *slots)
		want bool
	}{
		{"a slot is free", func(*slots) {}, true},
		{"all slots are taken", func(s *slots) { s.reserve(2) }, false},
		{"the dispatcher stops", func(s *slots) { s.close() }, false},
	} {
		s := newSlots(2)
		tt.set(s)
		if got := s.slip(); got != tt.want {
			t.Errorf("%s: slip = %t, want %t", tt.name, got, tt.want)
		}
	}
}

// A look is missed by no run whose time comes before the dispatcher looks again.
func TestExpects(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		alarm int64
		want  bool
	}{{0, false}, {51, false}, {50, true}} {
		s := newSlots(1)
		s.setAlarm(tt.alarm)
		if got := s.expects(50); got != tt.want {
			t.Errorf("alarm %d: expects = %t, want %t", tt.alarm, got, tt.want)
		}
	}
}
