package engine

import "testing"

// A run slips into a slot only while it is known that nothing waits before it.
func TestSlip(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		set  func(s *slots, work *hub)
		want bool
	}{
		{"in a lull", func(*slots, *hub) {}, true},
		{"nobody has looked", func(s *slots, _ *hub) { s.observe(lull{}) }, false},
		{"something has happened since", func(_ *slots, work *hub) { work.notify() }, false},
		{"something is due", func(s *slots, _ *hub) { s.observe(lull{on: true, untilUS: 50}) }, false},
		{"something is not due yet", func(s *slots, _ *hub) { s.observe(lull{on: true, untilUS: 51}) }, true},
		{"all slots are taken", func(s *slots, _ *hub) { s.reserve(2) }, false},
	} {
		s, work := newSlots(2), &hub{}
		s.observe(lull{on: true, count: work.count()})
		tt.set(s, work)
		if got := s.slip(work, 50); got != tt.want {
			t.Errorf("%s: slip = %t, want %t", tt.name, got, tt.want)
		}
	}
}

// A look is missed by no run whose time comes before the dispatcher looks again.
func TestExpects(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		lull lull
		want bool
	}{
		{lull{}, false},
		{lull{on: true}, false},
		{lull{on: true, untilUS: 51}, false},
		{lull{on: true, untilUS: 50}, true},
	} {
		s := newSlots(1)
		s.observe(tt.lull)
		if got := s.expects(50); got != tt.want {
			t.Errorf("%+v: expects = %t, want %t", tt.lull, got, tt.want)
		}
	}
}
