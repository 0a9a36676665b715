package wf_test

import (
	"testing"
	"time"

	"github.com/durable-wf/wf/bench/subject"
	"github.com/durable-wf/wf/bench/subject/subjecttest"
	"github.com/durable-wf/wf/bench/subject/wf"
	"github.com/durable-wf/wf/bench/workload"
)

func TestSubjects(t *testing.T) {
	t.Parallel()
	subjecttest.Check(t, wf.Subjects(), map[string]string{"wf": "WAL, synchronous=FULL"})
}

// A pure run does the same, and a question in a loop costs something that can be measured.
func TestPureAndLoop(t *testing.T) {
	t.Parallel()
	s := wf.Subjects()[0]
	sys, err := s.Open(t.Context(), subject.Options{Dir: t.TempDir(), InFlight: 1, Step: workload.Effect})
	if err != nil {
		t.Fatal(err)
	}
	defer sys.Close(t.Context())
	got, err := sys.(subject.Foreground).Execute(t.Context(), "pure", subject.Shape{Steps: 4, Pure: true})
	if err != nil || got != 10 {
		t.Errorf("4 pure steps: %d, %v, want 10", got, err)
	}
	cost, err := sys.(subject.Looper).Loop(t.Context(), 1_000_000, 1200*time.Millisecond)
	if err != nil || cost.AddNS <= 0 || cost.DivideAskingNS <= 0 || cost.Saves != 1 || cost.StalledShare <= 0 || cost.StalledShare > 0.1 {
		t.Errorf("%+v, %v", cost, err)
	}
}
