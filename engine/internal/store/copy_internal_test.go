package store

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
)

// measured is a save, a second after the one before, with a value of the metric residual; NaN for none.
func (f *fixture) measured(lease *Lease, row *Run, n int, value float64) *Change {
	row.Checkpoint = checkpointOf("json", fmt.Sprintf(`{"n":%d}`, n))
	row.ActiveUS += 1e6
	c := &Change{Lease: lease, Row: *row, State: true, History: []History{{Kind: "checkpoint", Step: "one", DurationUS: -1, Worker: f.worker.ID}}}
	if !math.IsNaN(value) {
		c.Metrics = []Metric{{Name: "residual", X: int64(n), Value: value - 1}, {Name: "residual", X: int64(n), Value: value}, {Name: "other", Value: -1e9}}
	}
	return c
}

// together lets the writer wait until fn has submitted all that is to be in one transaction.
func (f *fixture) together(fn func()) {
	f.tb.Helper()
	begun, hold, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() { // ends with the writer
		done <- f.Update(context.Background(), func(*Tx) error {
			close(begun)
			<-hold
			return nil
		})
	}()
	<-begun
	fn()
	close(hold)
	if err := <-done; err != nil {
		f.tb.Fatal(err)
	}
}

// states are the states of the copies that a run keeps, each with its value.
func (f *fixture) states(run int64) (states []string) {
	f.tb.Helper()
	copies, err := f.Copies(context.Background(), run)
	if err != nil {
		f.tb.Fatal(err)
	}
	for _, c := range copies {
		text := string(c.Checkpoint.State.Data)
		if c.Metric != nil {
			text += fmt.Sprint("=", *c.Metric)
		}
		states = append(states, text)
	}
	return states
}

var residuals = []float64{9, 5, 7, math.NaN(), 3, 4, 8, 6}

// The best checkpoint by a metric is kept with the value that it was committed with, though a worse one
// comes within the same second, and by whoever owns the run next.
func TestBestCopyIsKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.startKeeping("order", "", `{"last":1,"spaced":0,"best":"residual"}`)
	for n, value := range residuals {
		row := f.mustRun(run.ID)
		f.apply(f.measured(row.Lease(), &row, n, value))
	}
	if got := f.states(run.ID); !slices.Equal(got, []string{`{"n":4}=3`}) {
		t.Errorf("%q are kept, want the best", got)
	}
	f.save(f.mustRun(run.ID), `{"n":8}`)
	if got := f.states(run.ID); !slices.Equal(got, []string{`{"n":4}=3`, `{"n":8}`}) {
		t.Errorf("%q are kept, want the best and the last", got)
	}
	f.wantClean()
}

// So it is if the best one and worse ones are committed in one transaction.
func TestBestCopyOfOneTransactionIsKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.startKeeping("order", "", `{"last":1,"spaced":0,"best":"residual","max":true}`)
	done := make(chan error, len(residuals))
	f.together(func() {
		lease, row := run.Lease(), run
		for n, value := range residuals {
			f.Submit(f.measured(lease, &row, n, -value), func(err error) { done <- err })
		}
	})
	for range residuals {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if got := f.states(run.ID); !slices.Equal(got, []string{`{"n":4}=-3`}) {
		t.Errorf("%q are kept, want the best", got)
	}
	if copies, err := f.Copies(t.Context(), run.ID); err != nil || copies[0].Seq != 6 || f.mustRun(run.ID).Seq != 9 {
		t.Errorf("the best one has number %d, %v; want that of its own event, 6", copies[0].Seq, err)
	}
	f.wantClean()
}

// A long run keeps as many as the policy says, spaced, and its row names all of them.
func TestCopiesAreSpaced(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.startKeeping("order", "", `{"last":2,"spaced":4}`)
	lease, row := run.Lease(), run
	for n := range 100 {
		f.together(func() {}) // a transaction of its own
		lease.copiedUS = 0
		f.apply(f.measured(lease, &row, n, math.NaN()))
		if n == 50 { // another owner
			row = f.mustRun(run.ID)
			lease = row.Lease()
		}
	}
	got := f.states(run.ID)
	if len(got) != 6 || got[0] != `{"n":0}` || !slices.Equal(got[4:], []string{`{"n":98}`, `{"n":99}`}) {
		t.Errorf("%q are kept; want the first, 3 between, and the last 2", got)
	}
	f.wantClean()
}
