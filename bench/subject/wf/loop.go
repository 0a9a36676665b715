package wf

import (
	"context"
	"time"

	"github.com/durable-wf/wf/bench/subject"
	"github.com/durable-wf/wf/engine"
)

const (
	loop engine.Name[laps, subject.LoopCost] = "loop" // measures what a question costs that is answered with no
	save engine.Name[spell, int64]           = "save" // saves once a second, and counts
)

// laps is the state of a run that measures loops.
type laps struct {
	N int `json:"n"`
}

// spell is the state of a run that is saved in the middle.
type spell struct {
	NS    int64 `json:"ns"` // how long
	I     int64 `json:"i"`
	Total int64 `json:"total"`
}

func looping() engine.Workflow[laps, subject.LoopCost] {
	return engine.Workflow[laps, subject.LoopCost]{
		Name: loop, Checkpoint: engine.Checkpoint{Interval: -1}, // never due
		Steps: []engine.Step[laps]{{Name: "loop", Do: measureLoops}},
	}
}

// measureLoops takes the best of several turns, with and without the question in turn.
func measureLoops(ctx *engine.Context, s *laps) (engine.Transition, error) {
	const turns = 7
	best := [4]time.Duration{}
	loops := [4]func(*engine.Context, int) int{addBare, addAsking, divideBare, divideAsking}
	for range turns {
		for i, fn := range loops {
			begun := time.Now()
			if fn(ctx, s.N) < 0 {
				return engine.Transition{}, ctx.Err()
			}
			if took := time.Since(begun); best[i] == 0 || took < best[i] {
				best[i] = took
			}
		}
	}
	ns := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(s.N) }
	return loop.Done(subject.LoopCost{
		AddNS: ns(best[0]), AddAskingNS: ns(best[1]), DivideNS: ns(best[2]), DivideAskingNS: ns(best[3]),
	}), nil
}

func addBare(_ *engine.Context, n int) (total int) {
	for i := range n {
		total += i
	}
	return total & 1
}

func addAsking(ctx *engine.Context, n int) (total int) {
	for i := range n {
		if ctx.Due() {
			return -1
		}
		total += i
	}
	return total & 1
}

func divideBare(_ *engine.Context, n int) int {
	total := 0.0
	for i := range n {
		total += 1 / float64(i+1)
	}
	return int(total)
}

func divideAsking(ctx *engine.Context, n int) int {
	total := 0.0
	for i := range n {
		if ctx.Due() {
			return -1
		}
		total += 1 / float64(i+1)
	}
	return int(total)
}

func saving() engine.Workflow[spell, int64] {
	return engine.Workflow[spell, int64]{
		Name: save, Checkpoint: engine.Checkpoint{Interval: time.Second},
		Steps: []engine.Step[spell]{{Name: "save", Do: func(ctx *engine.Context, s *spell) (engine.Transition, error) {
			for end := time.Now().Add(time.Duration(s.NS)); ; s.I++ {
				s.Total += s.I
				if ctx.Due() {
					if err := ctx.Save(); err != nil {
						return engine.Transition{}, err
					}
				}
				if s.I%1024 == 0 && time.Now().After(end) {
					return save.Done(s.Total), nil
				}
			}
		}}},
	}
}

func (s *system) Loop(ctx context.Context, n int, saveFor time.Duration) (subject.LoopCost, error) {
	cost, err := loop.Run(ctx, s.eng, laps{N: n}, nil)
	if err != nil {
		return cost, err
	}
	r, err := save.Start(ctx, s.eng, spell{NS: saveFor.Nanoseconds()}, nil)
	if err != nil {
		return cost, err
	}
	if r, err = s.eng.Wait(ctx, r.ID); err != nil {
		return cost, err
	}
	cost.Saves, cost.StalledShare = int(r.Saves), r.Stall.Seconds()/r.Active.Seconds()
	return cost, nil
}
