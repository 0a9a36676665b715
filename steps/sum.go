package steps

import (
	"math"
	"time"

	"github.com/durable-wf/wf/engine"
)

// Sum names the workflow that adds the integers from 1 to N.
const Sum engine.Name[SumState, Uint128] = "sum"

// SumState is the state of Sum: the first I integers are added.
type SumState struct {
	N     uint64        `json:"n" help:"add the integers from 1 to this one"`
	Delay time.Duration `json:"delay" help:"sleep so long before each addition" default:"0s"`
	I     uint64        `json:"i"`
	Total Uint128       `json:"total"`
}

// SumWorkflow is a loop of one addition an iteration that can be interrupted anywhere: the least
// that is worth a checkpoint. No N overflows.
func SumWorkflow() engine.Workflow[SumState, Uint128] {
	return engine.Workflow[SumState, Uint128]{
		Name:    Sum,
		Version: 1,
		Doc:     "Add the integers from 1 to n.",
		Steps:   []engine.Step[SumState]{{Name: "add", Pure: true, Do: add}},
	}
}

func add(ctx *engine.Context, s *SumState) (engine.Transition, error) {
	s.report(ctx, s.I)
	if s.Delay > 0 {
		return s.addSlowly(ctx)
	}
	for from, to := range engine.Blocks(ctx, &s.I, s.N, block) {
		s.Total = addRange(s.Total, from, to)
		s.report(ctx, to)
	}
	return Sum.Done(s.Total), nil
}

// block is how many additions are made between two looks at the clock: some 20 µs.
const block = 1 << 16

// addRange adds the integers above from, up to and with to.
func addRange(total Uint128, from, to uint64) Uint128 {
	for i := from; i < to; {
		i++
		total = total.Add(i)
	}
	return total
}

// addSlowly sleeps before each addition. A run that has to stop does not sleep to the end.
func (s *SumState) addSlowly(ctx *engine.Context) (engine.Transition, error) {
	timer := time.NewTimer(s.Delay)
	defer timer.Stop()
	for s.I < s.N {
		timer.Reset(s.Delay)
		select {
		case <-ctx.Done():
			return engine.Transition{}, ctx.Save()
		case <-timer.C:
		}
		s.I++
		s.Total = s.Total.Add(s.I)
		s.report(ctx, s.I)
		if ctx.Due() {
			if err := ctx.Save(); err != nil {
				return engine.Transition{}, err
			}
		}
	}
	return Sum.Done(s.Total), nil
}

// report tells that i integers are added. Progress counts in int64, so great numbers are halved.
func (s *SumState) report(ctx *engine.Context, i uint64) {
	n := s.N
	if n > math.MaxInt64 {
		i, n = i>>1, n>>1
	}
	ctx.Progress(int64(i), int64(n))
}
