package workload

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/durable-wf/wf/bench/subject"
)

// long is whether a step costs more, the more of them its run has behind it.
func long() Workload {
	return Workload{
		Name: "long", Title: "A long run",
		Doc: "One run of N steps with effects: what a step costs near the beginning and at the end. A figure is the mean of a tenth of the run, " +
			"but of at most 1,000 steps, without the fastest and the slowest tenth of them. CPU is that of the whole process meanwhile.",
		Size: 10_000, Quick: 30, InFlight: 1,
		Metrics: []Metric{
			{Name: "ratio", Unit: "1", Label: "last to first", Less: true},
			{Name: "first", Unit: "s", Label: "a first step", Less: true}, {Name: "last", Unit: "s", Label: "a last step", Less: true},
			{Name: "cpuratio", Unit: "1", Label: "CPU, last to first", Less: true},
		},
		Phases: []Phase{longRun},
	}
}

func longRun(ctx context.Context, t *Trial) (Sample, error) {
	var c stepClock
	const begin = 10 // not with the first steps, for caches and statements
	window := min(1000, t.Size/10)
	ends := []int{begin, begin + window, t.Size - 1 - window, t.Size - 1}
	used := make([]time.Duration, len(ends))
	t.Options.Step = func(ctx context.Context, run string, i int) (int64, error) {
		if k := slices.Index(ends, i); k >= 0 {
			used[k] = cpuTime()
		}
		return c.step(ctx, run, i)
	}
	return t.measure(ctx, func(sys subject.System) (Sample, error) {
		if err := startAndWait(ctx, sys, "long", subject.Shape{Steps: t.Size}); err != nil {
			return nil, err
		}
		first, last := c.cost(begin, window), c.cost(t.Size-1-window, window)
		s := Sample{"first": first, "last": last, "ratio": last / first}
		if before := used[1] - used[0]; before > 0 {
			s["cpuratio"] = float64(used[3]-used[2]) / float64(before)
		}
		return s, nil
	})
}

// stepClock notes when each step of a run began.
type stepClock struct {
	mu    sync.Mutex
	times []time.Time
}

func (c *stepClock) step(_ context.Context, _ string, i int) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.times = append(c.times, time.Now())
	return int64(i + 1), nil
}

// cost is the trimmed mean of the time from one step to the next, in seconds.
func (c *stepClock) cost(first, n int) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []time.Duration
	for i := max(1, first); i < min(first+n, len(c.times)); i++ {
		list = append(list, c.times[i].Sub(c.times[i-1]))
	}
	return trimmedMean(list)
}

// mean is the time per step, pauses for the disk included, in seconds.
func (c *stepClock) mean(first, n int) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := min(first+n, len(c.times)-1)
	return c.times[last].Sub(c.times[first]).Seconds() / float64(last-first)
}

// resuming is what it takes to go on with a run that has a long past.
func resuming() Workload {
	return Workload{
		Name: "resume", Title: "Resuming a long run",
		Doc: "One run of N steps is killed in its last step. \"Resumed\" is the time in a new process from the opening of the engine until that step begins, " +
			"of it \"open\" until the engine was open. After half a minute it is not waited for any longer. The costs of a step, means over 1,000 steps, pauses for the disk included, are those after 10, N/100 and N steps. " +
			"N is smaller where steps are slow.",
		Size: 1_000_000, Plain: 10_000, Quick: 30, InFlight: 1, Reps: 1,
		Metrics: []Metric{
			{Name: "resumed", Unit: "s", Label: "resumed", Less: true}, {Name: "open", Unit: "s", Label: "of it open", Less: true},
			{Name: "at10", Unit: "s", Label: "a step after 10", Less: true}, {Name: "middle", Unit: "s", Label: "after N/100", Less: true},
			{Name: "end", Unit: "s", Label: "after N", Less: true},
		},
		Phases: []Phase{growOld, resume},
	}
}

// growOld leaves a run in the last of its steps.
func growOld(ctx context.Context, t *Trial) (Sample, error) {
	var c stepClock
	stuck := make(chan struct{})
	var once sync.Once
	t.Options.Step = func(ctx context.Context, run string, i int) (int64, error) {
		if i == t.Size-1 {
			once.Do(func() { close(stuck) })
			<-ctx.Done()
			return 0, ctx.Err()
		}
		return c.step(ctx, run, i)
	}
	t.Dies = true
	return t.measure(ctx, func(sys subject.System) (Sample, error) {
		if _, ok := sys.(subject.Counter); !ok {
			t.Dies = false
			return nil, unable("it does not go on by itself")
		}
		if _, err := sys.Start(ctx, "old", subject.Shape{Steps: t.Size, Pure: t.Subject.Pure}); err != nil {
			return nil, err
		}
		select {
		case <-stuck:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		time.Sleep(t.pause(2 * time.Second)) // pure steps may be ahead of the disk
		w := min(1000, t.Size/4)
		return Sample{"at10": c.mean(10, w), "middle": c.mean(max(10, t.Size/100), w), "end": c.mean(t.Size-2-w, w)}, nil
	})
}

func resume(ctx context.Context, t *Trial) (Sample, error) {
	begins := make(chan time.Time, 1)
	t.Options.Step = func(_ context.Context, _ string, i int) (int64, error) {
		if i == t.Size-1 {
			select {
			case begins <- time.Now():
			default:
			}
		}
		return int64(i + 1), nil
	}
	begun, patience := time.Now(), min(t.Patience, 30*time.Second)
	return t.measure(ctx, func(subject.System) (Sample, error) {
		opened := time.Now()
		select {
		case at := <-begins:
			return Sample{"resumed": at.Sub(begun).Seconds(), "open": min(at.Sub(begun), opened.Sub(begun)).Seconds()}, nil
		case <-time.After(patience):
			t.GaveUp = fmt.Sprintf("not resumed after %v", patience)
			return Sample{"resumed": patience.Seconds()}, nil
		}
	})
}
