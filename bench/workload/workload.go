// Package workload is the work that every subject is given. A workload runs in a process of its own, on a subject that
// has just been opened, and returns what it has measured.
package workload

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/durable-wf/wf/bench/subject"
)

// ErrUnable says that a subject cannot do a workload at all. What wraps it says why.
var ErrUnable = errors.New("not done")

// Workload is something that engines are measured by.
type Workload struct {
	Name  string // on the command line: "seq"
	Doc   string // a sentence for the report
	Size  int    // how many steps, runs or whatever Doc says
	Quick int    // the same in a campaign that is only to see whether all works
	// InFlight is how many runs there are at a time.
	InFlight int
	Metrics  []Metric // what it measures, the first one being that of charts
	Run      func(ctx context.Context, t *Trial) (Sample, error)
}

// Metric is one figure of a workload.
type Metric struct {
	Name  string // the key in a Sample: "steps_per_s"
	Label string // heads a column of the report: "steps/s"
	Less  bool   // a smaller one is better
}

// Sample is what a trial has measured, by the name of the metric.
type Sample map[string]float64

// Trial is one workload on one subject in this process.
type Trial struct {
	Subject *subject.Subject
	Size    int
	Dir     string
	// Options are what the subject is opened with. A workload may replace their Step before Open.
	Options subject.Options
	// Durability is what Open has read from the connection.
	Durability string
}

// Open opens the subject. Whoever calls it closes the System.
func (t *Trial) Open(ctx context.Context) (subject.System, error) {
	if t.Options.Step == nil {
		t.Options.Step = Effect
	}
	sys, err := t.Subject.Open(ctx, t.Options)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	t.Durability, err = sys.Durability(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("durability: %w", err), sys.Close(ctx))
	}
	return sys, nil
}

// Effect is the usual effect of step i: it returns i + 1.
func Effect(_ context.Context, _ string, i int) (int64, error) { return int64(i + 1), nil }

// sum is what steps with the usual effect add up to.
func sum(steps int) int64 { return int64(steps) * int64(steps+1) / 2 }

// wait waits for a run and checks what its steps add up to.
func wait(ctx context.Context, r subject.Run, want int64) error {
	got, err := r.Wait(ctx)
	if err == nil && got != want {
		err = fmt.Errorf("the steps of a run add up to %d, want %d", got, want)
	}
	return err
}

// perSecond is a rate.
func perSecond(n int, d time.Duration) float64 { return float64(n) / d.Seconds() }
