package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/durable-wf/wf/engine"
)

// Order is the state of a run. Its fields with help are inputs; the others are filled by the steps.
type Order struct {
	ID      string `json:"id" help:"order to process"`
	Cents   int64  `json:"cents" help:"amount to charge" default:"0"`
	Receipt string `json:"receipt"`
}

// Orders names the workflow, and with it the types of its state and of its result.
const Orders engine.Name[Order, string] = "order"

// Shop is what the steps depend on.
type Shop struct{ charged int }

// Workflow makes the definition. Steps are methods, so that they reach what they depend on.
func (s *Shop) Workflow() engine.Workflow[Order, string] {
	return engine.Workflow[Order, string]{
		Name: Orders, Version: 1, Doc: "charge a card and ship",
		Validate: func(o *Order) error {
			if o.ID == "" {
				return errors.New("id is missing")
			}
			return nil
		},
		Steps: []engine.Step[Order]{
			{Name: "charge", Do: s.charge, Retry: engine.Retry{Attempts: 3, Initial: time.Millisecond}},
			{Name: "ship", Do: s.ship},
		},
	}
}

// charge fails after the card was charged. The next attempt does not charge it again.
func (s *Shop) charge(ctx *engine.Context, o *Order) (engine.Transition, error) {
	receipt, err := engine.Do(ctx, "card", func(context.Context) (string, error) {
		s.charged++
		return fmt.Sprintf("receipt %d", s.charged), nil
	})
	if err != nil {
		return engine.Transition{}, err
	}
	if ctx.Run().Attempt == 1 {
		return engine.Transition{}, errors.New("the network went away")
	}
	o.Receipt = receipt
	return engine.Next(), nil
}

func (s *Shop) ship(_ *engine.Context, o *Order) (engine.Transition, error) {
	return Orders.Done(o.ID + " shipped, " + o.Receipt), nil
}

// A workflow of one's own: typed state, steps as methods, retries, and a recorded call.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "shop")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	shop := &Shop{}
	eng, err := engine.Open(ctx, engine.Config{Path: filepath.Join(dir, "wf.db")}, shop.Workflow())
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close()

	fmt.Println(Orders.Run(ctx, eng, Order{}, nil))
	fmt.Println(Orders.Run(ctx, eng, Order{ID: "A7", Cents: 1999}, nil))

	events, err := eng.History(ctx, engine.HistoryFilter{Run: 1})
	if err != nil {
		log.Fatal(err)
	}
	for _, ev := range events {
		fmt.Println(ev.Seq, ev.Kind)
	}
	// Output:
	// workflow "order": id is missing
	// A7 shipped, receipt 1 <nil>
	// 1 created
	// 2 call
	// 3 attempt
	// 4 claimed
	// 5 transition
	// 6 completed
}
