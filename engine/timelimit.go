package engine

import (
	"context"
	"time"
)

const (
	leastSpare = 250 * time.Millisecond // between the last save and Config.StopAt, for what else has to be done
	mostSpare  = 10 * time.Second
	spareShare = 20 // else this part of the whole time
)

// InTime returns a context that ends, with ErrTimeLimit as its cause, in time before Config.StopAt for
// everything that executes to be saved: when what is left is twice as long as the slowest save so far and the longest
// silence of a step together, and a margin. Serve and Execute obey it anyway; it is for what else has to stop with
// them. Without StopAt it returns ctx. The caller calls the function that comes with it in the end.
func (e *Engine) InTime(ctx context.Context) (context.Context, context.CancelFunc) {
	if e.cfg.StopAt.IsZero() {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	go func() { // ends with ctx
		for {
			left := time.Until(e.cfg.StopAt) - e.spare - e.lead()
			if left <= 0 {
				cancel(ErrTimeLimit)
				return
			}
			// What a save takes may change until then, so half of the time is slept at a time.
			timer := time.NewTimer(max(left/2, min(left, time.Millisecond)))
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case <-timer.C:
			}
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}

// spareOf is the margin before the end of a time.
func spareOf(stopAt time.Time) time.Duration {
	if stopAt.IsZero() {
		return 0
	}
	return min(max(time.Until(stopAt)/spareShare, leastSpare), mostSpare)
}

// lead is how long it takes, at worst, to save everything that executes, as far as that was measured.
func (e *Engine) lead() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	var longest time.Duration
	for _, x := range e.live {
		longest = max(longest, time.Duration(x.slow.Load()))
	}
	return longest
}
