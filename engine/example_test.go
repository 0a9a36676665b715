package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/durable-wf/wf/engine"
)

// State is what a run of the examples' workflow keeps.
type State struct {
	N     int64 `json:"n" help:"how far to add"`
	I     int64 `json:"i"`
	Total int64 `json:"total"`
}

// Sum names the workflow: it adds the numbers from 0 to n-1.
const Sum engine.Name[State, int64] = "sum"

// sum makes the workflow of a loop.
func sum(loop func(ctx *engine.Context, s *State) error) engine.Workflow[State, int64] {
	return engine.Workflow[State, int64]{Name: Sum, Steps: []engine.Step[State]{{
		Name: "add",
		Do: func(ctx *engine.Context, s *State) (engine.Transition, error) {
			if err := loop(ctx, s); err != nil {
				return engine.Transition{}, err
			}
			return Sum.Done(s.Total), nil
		},
	}}}
}

// add is a loop that saves when a save is due.
func add(ctx *engine.Context, s *State) error {
	for ; s.I < s.N; s.I++ {
		if ctx.Due() {
			if err := ctx.Save(); err != nil {
				return err
			}
		}
		s.Total += s.I
	}
	return nil
}

// open opens an engine on a new file. The function returned closes it and removes the file.
func open(defs ...engine.Definition) (*engine.Engine, func()) {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	eng, err := engine.Open(context.Background(), engine.Config{Path: filepath.Join(dir, "wf.db")}, defs...)
	if err != nil {
		log.Fatal(err)
	}
	return eng, func() {
		if err := errors.Join(eng.Close(), os.RemoveAll(dir)); err != nil {
			log.Fatal(err)
		}
	}
}

// Run executes a run in the foreground.
func ExampleName_Run() {
	ctx := context.Background()
	eng, closeAll := open(sum(add))
	defer closeAll()

	total, err := Sum.Run(ctx, eng, State{N: 101}, nil)
	fmt.Println(total, err)
	// Output: 5050 <nil>
}

// Start enqueues a run for a worker, which is whoever calls Serve on the file. The key makes the start
// idempotent.
func ExampleEngine_Serve() {
	ctx, stop := context.WithCancel(context.Background())
	eng, closeAll := open(sum(add))
	defer closeAll()

	served := make(chan error)
	go func() { served <- eng.Serve(ctx) }()

	once := &engine.StartOptions{Key: "2026-11-23"}
	run, err := Sum.Start(ctx, eng, State{N: 101}, once)
	if err != nil {
		log.Fatal(err)
	}
	again, err := Sum.Start(ctx, eng, State{N: 101}, once)
	fmt.Println(again.ID == run.ID, err)
	fmt.Println(Sum.Wait(ctx, eng, run.ID))

	stop()
	fmt.Println(<-served)
	// Output:
	// true <nil>
	// 5050 <nil>
	// <nil>
}

// A recorded call is not made again in a later attempt.
func ExampleDo() {
	attempts := 0
	def := sum(func(ctx *engine.Context, s *State) error {
		price, err := engine.Do(ctx, "price", func(context.Context) (int64, error) {
			fmt.Println("asking for the price")
			return 42, nil
		})
		if err != nil {
			return err
		}
		if attempts++; attempts == 1 {
			return errors.New("something else went wrong")
		}
		s.Total = price
		return nil
	})
	def.Steps[0].Retry = engine.Retry{Attempts: 2, Initial: 1}
	eng, closeAll := open(def)
	defer closeAll()

	fmt.Println(Sum.Run(context.Background(), eng, State{}, nil))
	// Output:
	// asking for the price
	// 42 <nil>
}

// Save commits a checkpoint within a step. The attempt after a failure begins there.
func ExampleContext_Save() {
	failed := false
	def := sum(func(ctx *engine.Context, s *State) error {
		fmt.Println("from", s.I)
		for ; s.I < s.N; s.I++ {
			if ctx.Due() {
				if err := ctx.Save(); err != nil {
					return err
				}
			}
			if s.I == 57 && !failed {
				failed = true
				return errors.New("a bad moment")
			}
			s.Total += s.I
		}
		return nil
	})
	def.Steps[0].Retry = engine.Retry{Attempts: 2, Initial: 1}
	def.Checkpoint = engine.Checkpoint{Every: 10}
	eng, closeAll := open(def)
	defer closeAll()

	fmt.Println(Sum.Run(context.Background(), eng, State{N: 101}, nil))
	// Output:
	// from 0
	// from 49
	// 5050 <nil>
}

// Range saves when a save is due. Its cursor is part of the state.
func ExampleRange() {
	eng, closeAll := open(sum(func(ctx *engine.Context, s *State) error {
		for i := range engine.Range(ctx, &s.I, s.N) {
			s.Total += i
		}
		return nil
	}))
	defer closeAll()

	fmt.Println(Sum.Run(context.Background(), eng, State{N: 101}, nil))
	// Output: 5050 <nil>
}

// Blocks is for loops whose items take nanoseconds.
func ExampleBlocks() {
	eng, closeAll := open(sum(func(ctx *engine.Context, s *State) error {
		for from, to := range engine.Blocks(ctx, &s.I, s.N, 1<<16) {
			total := s.Total
			for i := from; i < to; i++ {
				total += i
			}
			s.Total = total
		}
		return nil
	}))
	defer closeAll()

	fmt.Println(Sum.Run(context.Background(), eng, State{N: 1_000_001}, nil))
	// Output: 500000500000 <nil>
}

// A run that was stopped, or whose process has died, is still there: Execute goes on with it.
func ExampleEngine_Execute() {
	ctx, stop := context.WithCancel(context.Background())
	eng, closeAll := open(sum(func(ctx *engine.Context, s *State) error {
		for i := range engine.Range(ctx, &s.I, s.N) {
			s.Total += i
			if i == 9 {
				stop() // Ctrl-C, say
				<-ctx.Done()
			}
		}
		return nil
	}))
	defer closeAll()

	_, err := Sum.Run(ctx, eng, State{N: 101}, nil)
	fmt.Println(err)

	ctx = context.Background()
	runs, err := eng.Resumable(ctx, false)
	if err != nil {
		log.Fatal(err)
	}
	for _, run := range runs {
		fmt.Println(run.Brief)
		run, err = eng.Execute(ctx, run.ID, nil)
		fmt.Println(run.Status, string(run.Result), err)
	}
	// Output:
	// run 1: suspended
	// i=10 total=45
	// completed 5050 <nil>
}
