package engine_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/durable-wf/wf/engine"
)

// Booking is what a run of the example's workflow keeps.
type Booking struct {
	Traveller string `json:"traveller" help:"who travels"`
	Seat      string `json:"seat"`
}

// Bookings names the workflow: it books a seat and a room, and undoes both if there is no room.
const Bookings engine.Name[Booking, string] = "booking"

// A run that fails is undone: each step that has done something takes it back, the newest first.
func ExampleStep_undo() {
	w := engine.Workflow[Booking, string]{Name: Bookings, Steps: []engine.Step[Booking]{
		{
			Name: "seat",
			Do: func(ctx *engine.Context, b *Booking) (engine.Transition, error) {
				seat, err := engine.Do(ctx, "reserve", func(context.Context) (string, error) { return "12A", nil })
				b.Seat = seat
				fmt.Println("reserved seat", seat)
				return engine.Next(), err
			},
			Undo: func(_ *engine.Context, b *Booking) error {
				fmt.Println("released seat", b.Seat)
				b.Seat = ""
				return nil
			},
		},
		{
			Name: "room",
			Do: func(ctx *engine.Context, _ *Booking) (engine.Transition, error) {
				_, err := engine.Do(ctx, "deposit", func(context.Context) (int, error) { return 100, nil })
				if err != nil {
					return engine.Transition{}, err
				}
				return engine.Transition{}, engine.Permanent(errors.New("no room left"))
			},
			Undo: func(ctx *engine.Context, _ *Booking) error {
				deposit, ok, err := engine.Recorded[int](ctx, "deposit") // the step has failed: its state was not committed
				if err != nil || !ok {
					return err
				}
				return engine.Exec(ctx, "refund", func(context.Context) error {
					fmt.Println("refunded", deposit)
					return nil
				})
			},
		},
	}}
	ctx := context.Background()
	eng, closeAll := open(w)
	defer closeAll()

	_, err := Bookings.Run(ctx, eng, Booking{Traveller: "Ada"}, nil)
	fmt.Println(err)
	// Output:
	// reserved seat 12A
	// refunded 100
	// released seat 12A
	// run 1: failed: no room left
}
