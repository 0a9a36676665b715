package main

import (
	"fmt"
	"time"

	"github.com/durable-wf/wf/engine"
)

const pages engine.Name[book, int64] = "pages"

// book is a state that fills a disk: each checkpoint differs from the one before in every byte.
type book struct {
	Out   string        `json:"out" help:"file that takes a line for each checkpoint that was acknowledged"`
	N     int64         `json:"n" help:"how many checkpoints to make"`
	Size  int           `json:"size" help:"numbers in each"`
	Pause time.Duration `json:"pause" help:"sleep before each" default:"0s"`
	I     int64         `json:"i"`
	Text  []uint64      `json:"text"`
}

func pagesWorkflow() engine.Workflow[book, int64] {
	return engine.Workflow[book, int64]{
		Name: pages, Version: 1, Doc: "Many checkpoints.", Checkpoint: engine.Checkpoint{Every: 1},
		Steps: []engine.Step[book]{{Name: "write", Do: func(ctx *engine.Context, s *book) (engine.Transition, error) {
			s.Text = make([]uint64, s.Size)
			for s.I < s.N {
				time.Sleep(s.Pause)
				s.I++
				for i := range s.Text {
					s.Text[i] = ctx.Rand().Uint64()
				}
				if err := ctx.Save(); err != nil {
					return engine.Transition{}, err
				}
				if err := appendLine(s.Out, fmt.Sprint(s.I)); err != nil {
					return engine.Transition{}, err
				}
			}
			s.Text = nil
			return pages.Done(s.I), nil
		}}},
	}
}
