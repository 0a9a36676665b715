package clock_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/durable-wf/wf/engine/internal/clock"
)

var start = time.Date(2031, 5, 4, 3, 2, 1, 0, time.UTC)

// sleeper is an engine that has something to do at certain times, and takes a moment of real time for it.
type sleeper struct {
	clock *clock.Clock

	mu   sync.Mutex
	due  []time.Time // guarded by mu
	woke []time.Time // guarded by mu
}

func (s *sleeper) quiet(_ context.Context, now time.Time) (string, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.due) == 0 {
		return "", time.Time{}, nil
	}
	if !now.Before(s.due[0]) {
		return "working", time.Time{}, nil
	}
	return "", s.due[0], nil
}

// run works off what is due until ctx ends.
func (s *sleeper) run(ctx context.Context) {
	for {
		s.mu.Lock()
		if len(s.due) == 0 {
			s.mu.Unlock()
			return
		}
		at := s.due[0]
		s.mu.Unlock()
		ring, stop := s.clock.Timer(at)
		select {
		case <-ring:
		case <-ctx.Done():
			stop()
			return
		}
		stop()
		time.Sleep(time.Millisecond)
		s.mu.Lock()
		s.woke = append(s.woke, s.clock.Now())
		s.due = s.due[1:]
		s.mu.Unlock()
		s.clock.Moved()
	}
}

func newSleeper(t *testing.T, after ...time.Duration) *sleeper {
	t.Helper()
	s := &sleeper{clock: clock.New(start)}
	for _, d := range after {
		s.due = append(s.due, start.Add(d))
	}
	t.Cleanup(s.clock.Attach(s.quiet))
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { s.run(ctx) })
	t.Cleanup(func() { stop(); wg.Wait() })
	return s
}

func (s *sleeper) times() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.woke
}

func TestAdvanceStopsWhereSomethingIsDue(t *testing.T) {
	t.Parallel()
	s := newSleeper(t, time.Hour, 24*time.Hour, 720*time.Hour)
	if err := s.clock.Advance(t.Context(), 24*time.Hour, nil); err != nil {
		t.Fatal(err)
	}
	if got := s.times(); len(got) != 2 || got[0] != start.Add(time.Hour) || got[1] != start.Add(24*time.Hour) {
		t.Errorf("woke at %v, want an hour and a day after the start", got)
	}
	if got := s.clock.Now(); got != start.Add(24*time.Hour) {
		t.Errorf("now = %v, want a day after the start", got)
	}
}

// Time passes only while somebody waits, and then only until what is awaited has happened.
func TestRunLetsTimePassForThoseWhoWait(t *testing.T) {
	t.Parallel()
	s := newSleeper(t, time.Hour, 24*time.Hour)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { s.clock.Run(ctx, nil) })
	defer wg.Wait()
	defer stop()
	<-time.After(50 * time.Millisecond)
	if got := s.clock.Now(); got != start {
		t.Fatalf("now = %v although nobody waits, want %v", got, start)
	}
	over := s.clock.Wait()
	for len(s.times()) < 2 {
		time.Sleep(time.Millisecond)
	}
	over()
	over() // counts once
	if got := s.times(); got[0] != start.Add(time.Hour) || got[1] != start.Add(24*time.Hour) {
		t.Errorf("woke at %v, want an hour and a day after the start", got)
	}
}

func TestAdvanceSaysWhatKeepsItWaiting(t *testing.T) {
	t.Parallel()
	c := clock.New(start)
	defer c.Attach(func(context.Context, time.Time) (string, time.Time, error) {
		return "executing run 7", time.Time{}, nil
	})()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	err := c.Advance(ctx, time.Second, nil)
	if want := "context deadline exceeded while the engine was executing run 7"; err == nil || err.Error() != want {
		t.Errorf("Advance = %v, want %q", err, want)
	}
	if c.Now() != start {
		t.Errorf("now = %v, want it unchanged", c.Now())
	}
}

// The real clock: a timer ends when its time has come, and within a second in any case.
func TestRealClock(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want time.Duration }{
		{-time.Hour, 0}, {0, 0}, {10 * time.Millisecond, 10 * time.Millisecond}, {time.Hour, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			var c *clock.Clock
			begun := time.Now()
			ring, stop := c.Timer(c.Now().Add(tt.in))
			<-ring
			stop()
			if got := time.Since(begun); got != tt.want {
				t.Errorf("a timer for %v took %v, want %v", tt.in, got, tt.want)
			}
		})
	}
}

func TestContextCarriesTheClock(t *testing.T) {
	t.Parallel()
	if c := clock.From(t.Context()); c != nil {
		t.Errorf("From = %v, want nil, the real clock", c)
	}
	c := clock.New(start)
	if got := clock.From(clock.With(t.Context(), c)); got != c {
		t.Errorf("From(With(c)) = %v, want c", got)
	}
}

// What the engines say while a transaction is under way may be out of date when it is over.
func TestNoTimePassesDuringATransaction(t *testing.T) {
	t.Parallel()
	c := clock.New(start)
	defer c.Attach(func(context.Context, time.Time) (string, time.Time, error) { return "", start.Add(time.Hour), nil })()
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	done := c.Work()
	defer c.Wait()()
	wg.Go(func() { c.Run(ctx, nil) })
	<-time.After(50 * time.Millisecond)
	if got := c.Now(); got != start {
		t.Errorf("now = %v during a transaction, want %v", got, start)
	}
	done()
	for c.Now() != start.Add(time.Hour) {
		if t.Context().Err() != nil {
			t.Fatal("no time passes after it")
		}
		time.Sleep(time.Millisecond)
	}
}
