package engine

import (
	"errors"
	"math/rand/v2"
)

// stream keeps the engine's generators apart from those that a user seeds with the same number.
const stream = 0x77662f72616e6400 // "wf/rand"

// random is Context.Rand.
func (a *attempt) random() *rand.Rand {
	if a.calls.Load() > 0 {
		a.blame(errors.New("Rand was used inside a recorded call: draw before it and close over the value"))
	}
	if a.source == nil {
		a.use(rand.NewPCG(uint64(a.seed), stream))
	}
	return a.rng
}

func (a *attempt) use(source *rand.PCG) {
	a.source = source
	a.rng = rand.New(source)
}

// restore sets the generators to a saved state; nil leaves them as they are.
func (a *attempt) restore(state []byte) error {
	if state == nil {
		return nil
	}
	own, streams, err := splitRandom(state)
	if err != nil {
		return blocked(errors.New("the state of the random generator does not decode"))
	}
	a.restoreStreams(streams)
	switch {
	case own == nil:
	case a.source != nil:
		*a.source = *own // the step may hold the *rand.Rand
	default:
		a.use(own)
	}
	return nil
}

// randomState returns the state of the generators, nil while the run has not used any.
func (a *attempt) randomState() []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	return joinRandom(a.source, a.streams)
}
