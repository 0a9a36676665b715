package workload

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/durable-wf/wf/bench/subject"
)

const (
	recoverSteps = 5
	stuckStep    = 2 // in which all runs are when the process is killed
)

// recovering kills a process with N runs in the middle, and measures until all have completed in another.
func recovering() Workload {
	return Workload{
		Name: "recover", Title: "Recovery after kill -9",
		Doc: fmt.Sprintf("A process is killed by SIGKILL while N runs of %d steps are executing their third. Another is started at once: "+
			"the time from then, the start of the process included, until all runs have completed. After a minute it is not waited for any longer. "+
			"\"Steps again\" is how many steps per run the second process executed that had begun in the first: the third one counts, so 1 is right, "+
			"and more means that finished ones were repeated.", recoverSteps),
		Size: 1000, Quick: 20, InFlight: 1000,
		Metrics: []Metric{{Name: "recovery", Unit: "s", Label: "all completed after", Less: true}, {Name: "again", Unit: "1", Label: "steps again per run", Less: true}},
		Phases:  []Phase{untilKilled, afterKill},
	}
}

// untilKilled leaves all runs in their third step.
func untilKilled(ctx context.Context, t *Trial) (Sample, error) {
	var stuck atomic.Int64
	t.Options.Step = func(ctx context.Context, _ string, i int) (int64, error) {
		if i == stuckStep {
			stuck.Add(1)
			<-ctx.Done()
			return 0, ctx.Err()
		}
		return int64(i + 1), nil
	}
	t.Dies = true
	return t.measure(ctx, func(sys subject.System) (Sample, error) {
		if _, ok := sys.(subject.Counter); !ok {
			t.Dies = false
			return nil, unable("its completed runs cannot be counted")
		}
		err := fleet(ctx, t.Size, 100, func(ctx context.Context, i int) error {
			_, err := sys.Start(ctx, fmt.Sprintf("run-%d", i), subject.Shape{Steps: recoverSteps})
			return err
		})
		if err != nil {
			return nil, err
		}
		for begun := time.Now(); stuck.Load() < int64(t.Size); time.Sleep(time.Millisecond) {
			if time.Since(begun) > t.Patience {
				return nil, fmt.Errorf("after %v only %d of %d runs are in their third step", t.Patience, stuck.Load(), t.Size)
			}
		}
		return nil, nil
	})
}

// afterKill completes the runs.
func afterKill(ctx context.Context, t *Trial) (Sample, error) {
	var again, last atomic.Int64
	if t.Subject.Default {
		t.Options.InFlight = 0 // as it comes
	}
	t.Options.Step = func(_ context.Context, _ string, i int) (int64, error) {
		if i <= stuckStep {
			again.Add(1)
		}
		if i == recoverSteps-1 {
			last.Add(1)
		}
		return int64(i + 1), nil
	}
	return t.measure(ctx, func(sys subject.System) (Sample, error) {
		counter, n := sys.(subject.Counter), 0
		for ; ; time.Sleep(time.Millisecond) {
			took := time.Since(t.Begun)
			late := took > t.Patience
			if last.Load() >= int64(t.Size) || late { // not asked before: it costs
				var err error
				if n, err = counter.Completed(ctx); err != nil {
					return nil, err
				}
			}
			if late && n < t.Size {
				t.GaveUp = fmt.Sprintf("%d of %d runs had completed after %v", n, t.Size, t.Patience)
			}
			if late || n >= t.Size {
				return Sample{"recovery": time.Since(t.Begun).Seconds(), "again": float64(again.Load()) / float64(t.Size)}, nil
			}
		}
	})
}
