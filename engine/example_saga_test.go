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

// takeSeat is a step that reserves a seat.
func takeSeat(ctx *engine.Context, b *Booking) (engine.Transition, error) {
	seat, err := engine.Do(ctx, "reserve", func(context.Context) (string, error) { return "12A", nil })
	b.Seat = seat
	fmt.Println("reserved seat", seat)
	return engine.Next(), err
}

// leaveSeat takes back what takeSeat has done.
func leaveSeat(_ *engine.Context, b *Booking) error {
	fmt.Println("released seat", b.Seat)
	b.Seat = ""
	return nil
}

// takeRoom pays a deposit, and fails then.
func takeRoom(ctx *engine.Context, _ *Booking) (engine.Transition, error) {
	if _, err := engine.Do(ctx, "deposit", func(context.Context) (int, error) { return 100, nil }); err != nil {
		return engine.Transition{}, err
	}
	return engine.Transition{}, engine.Permanent(errors.New("no room left"))
}

// leaveRoom takes the deposit back, of which it knows by the record: what the step did to the state was not
// committed, since it failed.
func leaveRoom(ctx *engine.Context, _ *Booking) error {
	deposit, ok, err := engine.Recorded[int](ctx, "deposit")
	if err != nil || !ok {
		return err // it had not been paid
	}
	return engine.Exec(ctx, "refund", func(context.Context) error {
		fmt.Println("refunded", deposit)
		return nil
	})
}

// A run that fails is undone: each step that has done something takes it back, the newest first.
func ExampleStep_undo() {
	w := engine.Workflow[Booking, string]{Name: Bookings, Steps: []engine.Step[Booking]{
		{Name: "seat", Do: takeSeat, Undo: leaveSeat},
		{Name: "room", Do: takeRoom, Undo: leaveRoom},
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
