// Package workload is the work that every subject is given. A workload has one or more phases, each a process of its
// own that opens the subject and returns what it has measured.
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
	Name     string // on the command line: "seq"
	Title    string // heads its part of the report
	Doc      string // says what is done, and what N is
	Size     int    // N
	Plain    int    // N for engines that make no use of pure steps; 0 means Size
	Quick    int    // N in a campaign that is only to see whether all works
	InFlight int    // how many runs there are at a time
	Reps     int    // how often it is repeated at most; 0 means as often as the others
	Pure     bool   // only for engines that can make use of pure steps
	Metrics  []Metric
	// Phases are processes on the same folder, one after the other. Their samples are joined.
	Phases []Phase
}

// SizeFor is the usual N for a subject.
func (w *Workload) SizeFor(s *subject.Subject) int {
	if n, ok := s.Sizes[w.Name]; ok {
		return n
	}
	if w.Plain != 0 && !s.Pure {
		return w.Plain
	}
	return w.Size
}

// Phase is one process of a trial.
type Phase func(ctx context.Context, t *Trial) (Sample, error)

// Metric is one figure of a workload.
type Metric struct {
	Name  string // the key in a Sample: "rate"
	Unit  string // "steps/s"; "s" and "bytes" are shown with the prefix that fits, "1" is a bare number
	Label string // heads its column; "" means Unit
	Less  bool   // a smaller one is better
}

// Sample is what a trial has measured, by the name of the metric.
type Sample map[string]float64

// Trial is one workload on one subject in this process.
type Trial struct {
	Subject *subject.Subject
	Size    int
	Begun   time.Time // when this process was asked for
	Before  Sample    // of the phases before this one
	// Options are what the subject is opened with. A workload may replace their Step before Open.
	Options subject.Options
	// Patience is how long is waited for what may never come; 0 means a minute.
	Patience time.Duration
	// Durability is what Open has read from the connection.
	Durability string
	// GaveUp says why a phase did not wait to the end.
	GaveUp string
	// Dies says that the process is to be killed when the phase has returned.
	Dies bool
}

// NewTrial prepares a phase of a workload. A size of 0 means the subject's usual one.
func NewTrial(s *subject.Subject, w *Workload, size int, dir string) *Trial {
	if size == 0 {
		size = w.SizeFor(s)
	}
	return &Trial{
		Subject: s, Size: size, Begun: time.Now(), Patience: time.Minute,
		Options: subject.Options{Dir: dir, InFlight: w.InFlight, Step: Effect},
	}
}

// Open opens the subject. Whoever calls it closes the System.
func (t *Trial) Open(ctx context.Context) (subject.System, error) {
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

// measure opens the subject, measures, and closes it.
func (t *Trial) measure(ctx context.Context, fn func(sys subject.System) (Sample, error)) (s Sample, err error) {
	sys, err := t.Open(ctx)
	if err != nil {
		return nil, err
	}
	if s, err = fn(sys); err == nil && t.Dies {
		return s, nil
	}
	return s, errors.Join(err, sys.Close(ctx))
}

// pause is how long to wait for figures that need time: less if patience is short.
func (t *Trial) pause(usual time.Duration) time.Duration { return min(usual, t.Patience/4) }

// Effect is the usual effect of step i: it returns i + 1.
func Effect(_ context.Context, _ string, i int) (int64, error) { return int64(i + 1), nil }

// sum is what steps with the usual effect add up to.
func sum(steps int) int64 { return int64(steps) * int64(steps+1) / 2 }

func startAndWait(ctx context.Context, sys subject.System, id string, s subject.Shape) error {
	r, err := sys.Start(ctx, id, s)
	if err != nil {
		return err
	}
	return wait(ctx, r, sum(s.Steps))
}

// warmUp is how much of the work goes ahead unmeasured: a tenth, but not more than so much.
func warmUp(size, most int) int { return max(1, min(size/10, most)) }

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

// unable says that the subject does not implement what a workload needs.
func unable(what string) error { return fmt.Errorf("%w: %s", ErrUnable, what) }
