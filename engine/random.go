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
		a.use(rand.NewPCG(uint64(a.visit.Seed), stream))
	}
	return a.rng
}

func (a *attempt) use(source *rand.PCG) {
	a.source = source
	a.rng = rand.New(source)
}

// restore sets the generator to a saved state; nil leaves it as it is.
func (a *attempt) restore(state []byte) error {
	if state == nil {
		return nil
	}
	source := new(rand.PCG)
	if err := source.UnmarshalBinary(state); err != nil {
		return blocked(errors.New("the state of the random generator does not decode"))
	}
	if a.source != nil {
		*a.source = *source // the step may hold the *rand.Rand
		return nil
	}
	a.use(source)
	return nil
}

// randomState returns the generator's state, nil while the run has not used it.
func (a *attempt) randomState() []byte {
	if a.source == nil {
		return nil
	}
	state, err := a.source.MarshalBinary()
	if err != nil {
		return nil // a PCG always marshals
	}
	return state
}
