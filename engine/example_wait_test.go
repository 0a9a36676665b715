package engine_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/durable-wf/wf/engine"
)

// Reminder is the state of a run that reminds somebody twice.
type Reminder struct {
	Whom string `json:"whom" help:"whom to remind"`
	Sent int    `json:"sent"`
}

const Remind engine.Name[Reminder, int] = "remind"

// A sleep waits in the database: no goroutine, no memory, and no process need be there meanwhile.
func ExampleSleep() {
	remind := engine.Workflow[Reminder, int]{Name: Remind, Steps: []engine.Step[Reminder]{
		{Name: "send", Do: func(_ *engine.Context, s *Reminder) (engine.Transition, error) {
			s.Sent++
			fmt.Println("Dear", s.Whom)
			if s.Sent == 2 {
				return Remind.Done(s.Sent), nil
			}
			return engine.Sleep(20*time.Millisecond, "send"), nil // 24 * time.Hour, in earnest
		}},
	}}
	eng, closeEngine := open(remind)
	defer closeEngine()
	n, err := Remind.Run(context.Background(), eng, Reminder{Whom: "reader"}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(n, "letters")
	// Output:
	// Dear reader
	// Dear reader
	// 2 letters
}

// Trip is the state of a run that asks a person for leave.
type Trip struct {
	To string `json:"to" help:"where to go"`
}

// Answer is what a person says to it.
type Answer struct {
	Yes bool   `json:"yes"`
	By  string `json:"by"`
}

const (
	Travel   engine.Name[Trip, string] = "travel"
	Answered engine.Signal[Answer]     = "answered"
)

// A run waits for a signal, a week at most. The signal may come before the run waits for it.
func ExampleSignal() {
	travel := engine.Workflow[Trip, string]{
		Name:    Travel,
		Signals: []engine.AnySignal{Answered},
		Steps: []engine.Step[Trip]{
			{Name: "ask", Do: func(*engine.Context, *Trip) (engine.Transition, error) {
				return Answered.Await("book").Within(7*24*time.Hour, "forget"), nil
			}},
			{Name: "book", Do: func(ctx *engine.Context, s *Trip) (engine.Transition, error) {
				answer, err := Answered.Payload(ctx)
				if err != nil {
					return engine.Transition{}, err
				}
				if !answer.Yes {
					return engine.Goto("forget"), nil
				}
				return Travel.Done("booked to " + s.To + ", thanks to " + answer.By), nil
			}},
			{Name: "forget", Do: func(*engine.Context, *Trip) (engine.Transition, error) {
				return Travel.Done("not this time"), nil
			}},
		},
	}
	eng, closeEngine := open(travel)
	defer closeEngine()
	ctx := context.Background()
	run, err := Travel.Start(ctx, eng, Trip{To: "Rome"}, nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := Answered.Send(ctx, eng, run.ID, Answer{Yes: true, By: "Ann"}, nil); err != nil {
		log.Fatal(err)
	}
	if run, err = eng.Execute(ctx, run.ID, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(run.Result))
	// Output: "booked to Rome, thanks to Ann"
}

// Square is the state of a child that squares a number.
type Square struct {
	N int `json:"n" help:"what to square"`
}

// Squares is the state of its parent.
type Squares struct {
	Sum int `json:"sum"`
}

const (
	SquareOne engine.Name[Square, int]  = "square"
	SquareAll engine.Name[Squares, int] = "squares"
)

// A run spawns children, in one transaction, and goes on when all have ended.
func ExampleSpawn() {
	one := engine.Workflow[Square, int]{Name: SquareOne, Steps: []engine.Step[Square]{
		{Name: "square", Do: func(_ *engine.Context, s *Square) (engine.Transition, error) {
			return SquareOne.Done(s.N * s.N), nil
		}},
	}}
	all := engine.Workflow[Squares, int]{Name: SquareAll, Steps: []engine.Step[Squares]{
		{Name: "spread", Do: func(*engine.Context, *Squares) (engine.Transition, error) {
			children := func(yield func(engine.Child) bool) {
				for n := 1; n <= 10; n++ {
					if !yield(SquareOne.Child(Square{N: n}, nil)) {
						return
					}
				}
			}
			return engine.Spawn(children, "add").Limit(4), nil // four at a time
		}},
		{Name: "add", Do: func(ctx *engine.Context, s *Squares) (engine.Transition, error) {
			for square, err := range SquareOne.Results(ctx) {
				if err != nil { // of a child that failed, say
					return engine.Transition{}, err
				}
				s.Sum += square
			}
			return SquareAll.Done(s.Sum), nil
		}},
	}}
	eng, closeEngine := open(one, all)
	defer closeEngine()
	sum, err := SquareAll.Run(context.Background(), eng, Squares{}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sum)
	// Output: 385
}
