package engine_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/durable-wf/wf/engine"
)

// A save that ends at the very moment at which the clock rings is that which the clock wanted: no second one is due
// at once.
func TestClockThatRingsDuringASave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const saves = 300
		early := 0
		savesOf(t, engine.Pace{}, func(ctx *engine.Context, _ *heavy) (engine.Transition, error) {
			for range saves {
				if err := ctx.Save(); err != nil {
					return engine.Transition{}, err
				}
				synctest.Wait() // for the clock, if it rings
				if ctx.Due() {
					early++
				}
				time.Sleep(ctx.Interval() - encodes)
			}
			return engine.Done(nil), nil
		})
		if early > 0 {
			t.Errorf("after %d of %d saves another one was due at once", early, saves)
		}
	})
}
