package workload

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/durable-wf/wf/bench/subject"
)

// sleepers is what runs cost that wait.
func sleepers() Workload {
	return Workload{
		Name: "sleepers", Title: "Sleeping runs",
		Doc: "N runs sleep until tomorrow. In a new process that serves them: resident memory, CPU while nothing happens, and how late " +
			"500 others begin that sleep for a moment, 100 of them due in each second. \"Starts\" is the rate at which the N were started. N is smaller where an engine cannot bear more.",
		Size: 1_000_000, Quick: 20, InFlight: 100, Reps: 1,
		Metrics: []Metric{
			{Name: "resident", Unit: "bytes", Label: "resident memory", Less: true}, {Name: "idle", Unit: "%", Label: "CPU, idle (of one core)", Less: true},
			{Name: "late50", Unit: "s", Label: "late, p50", Less: true}, {Name: "late99", Unit: "s", Label: "late, p99", Less: true},
			{Name: "open", Unit: "s", Label: "open", Less: true}, {Name: "starts", Unit: "runs/s", Label: "starts/s"},
		},
		Phases: []Phase{fallAsleep, wakeUp},
	}
}

func fallAsleep(ctx context.Context, t *Trial) (Sample, error) {
	return t.measure(ctx, func(sys subject.System) (Sample, error) {
		s, ok := sys.(subject.Sleeper)
		if !ok {
			return nil, unable("its runs cannot sleep")
		}
		begun, tomorrow := time.Now(), time.Now().Add(24*time.Hour)
		id := func(i int) string { return fmt.Sprintf("sleeper-%d", i) }
		if err := s.Sleep(ctx, t.Size, id, func(int) time.Time { return tomorrow }); err != nil {
			return nil, err
		}
		return Sample{"starts": perSecond(t.Size, time.Since(begun))}, nil
	})
}

const (
	settling = 2 * time.Second // after the engine was opened
	idling   = 3 * time.Second
	ahead    = 8 * time.Second // of the start of those that wake up
	wakers   = 500             // but not more than N
	apart    = 10 * time.Millisecond
)

func wakeUp(ctx context.Context, t *Trial) (Sample, error) {
	var late lateness
	t.Options.Step = late.step
	begun := time.Now()
	n := min(wakers, t.Size)
	return t.measure(ctx, func(sys subject.System) (Sample, error) {
		sample := Sample{"open": time.Since(begun).Seconds()}
		time.Sleep(t.pause(settling))
		used := cpuTime()
		idling := t.pause(idling)
		time.Sleep(idling)
		sample["idle"] = 100 * (cpuTime() - used).Seconds() / idling.Seconds()
		if bytes, ok := residentMemory(); ok {
			sample["resident"] = bytes
		}
		first := time.Now().Add(t.pause(ahead)) // late enough for all to be asleep by then
		late.due = func(i int) time.Time { return first.Add(time.Duration(i) * apart) }
		err := sys.(subject.Sleeper).Sleep(ctx, n, func(i int) string { return fmt.Sprintf("waker-%d", i) }, late.due)
		if err != nil {
			return nil, err
		}
		if time.Now().After(first) {
			return nil, fmt.Errorf("%d runs could not be started in %v", n, t.pause(ahead))
		}
		if err := late.wait(ctx, n, max(t.Patience, 20*time.Second)); err != nil {
			return nil, err
		}
		sample["late50"], sample["late99"] = quantile(late.list, 0.5), quantile(late.list, 0.99)
		return sample, nil
	})
}

// lateness is how long after their time runs have begun.
type lateness struct {
	due  func(i int) time.Time
	mu   sync.Mutex
	list []time.Duration
}

func (l *lateness) step(_ context.Context, run string, i int) (int64, error) {
	now := time.Now()
	var n int
	if _, err := fmt.Sscanf(run, "waker-%d", &n); err != nil {
		return 0, fmt.Errorf("run %q woke up before its time", run)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, now.Sub(l.due(n)))
	return int64(i + 1), nil
}

func (l *lateness) wait(ctx context.Context, n int, patience time.Duration) error {
	for begun := time.Now(); ; {
		l.mu.Lock()
		have := len(l.list)
		l.mu.Unlock()
		switch {
		case have >= n:
			return nil
		case time.Since(begun) > patience:
			return fmt.Errorf("%d of %d runs woke up within %v", have, n, patience)
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
