package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/durable-wf/wf/engine"
)

// Orders names the workflow.
const Orders engine.Name[Order, Receipt] = "order"

// The signals by which a person decides about a large order.
const (
	Approved engine.Signal[Decision] = "approved"
	Declined engine.Signal[Decision] = "declined"
)

// Order is the state of a run. The fields with help are its inputs.
type Order struct {
	ID       string        `json:"id" help:"number of the order"`
	Total    int64         `json:"total" help:"amount in cents"`
	Patience time.Duration `json:"patience" help:"how long a person may take to decide" default:"24h"`

	Charge string `json:"charge"` // number of the payment
	By     string `json:"by"`     // who has approved it
}

// Decision is what a person says.
type Decision struct {
	By  string `json:"by"`
	Why string `json:"why"`
}

// Receipt is the result of an order that was shipped.
type Receipt struct {
	Charge string `json:"charge"`
	Parcel string `json:"parcel"`
	By     string `json:"by,omitempty"`
}

// large is the amount, in cents, from which a person has to approve an order.
const large = 100_00

// Workflow makes the workflow of an order. If a step fails for good, or a person declines, what was done
// before is undone: the payment is given back, and then the goods.
func Workflow(shop Shop) engine.Workflow[Order, Receipt] {
	patient := engine.Retry{Attempts: 8, Initial: 100 * time.Millisecond, If: mayPass} // for some 10 seconds
	return engine.Workflow[Order, Receipt]{
		Name:     Orders,
		Doc:      "Reserve, charge, wait for approval if it is large, and ship.",
		Signals:  []engine.AnySignal{Approved, Declined},
		Validate: (*Order).validate,
		Steps: []engine.Step[Order]{
			{Name: "reserve", Do: shop.reserve, Undo: shop.release, Retry: patient},
			{Name: "charge", Do: shop.charge, Undo: shop.refund, Retry: patient, Timeout: time.Minute},
			{Name: "ship", Do: shop.ship, Retry: patient},
			{Name: "decline", Do: decline},
			{Name: "expire", Do: expire},
		},
	}
}

func (o *Order) validate() error {
	if o.ID == "" || o.Total <= 0 {
		return errors.New("an order needs an id, and a total above 0")
	}
	return nil
}

func (s Shop) reserve(ctx *engine.Context, o *Order) (engine.Transition, error) {
	ctx.Set("order", o.ID) // to search by
	err := engine.Exec(ctx, "reserve", func(ctx context.Context) error { return s.call(ctx, "reserve", o.ID, nil) })
	return engine.Next(), err
}

func (s Shop) release(ctx *engine.Context, o *Order) error {
	return engine.Exec(ctx, "release", func(ctx context.Context) error { return s.call(ctx, "release", o.ID, nil) })
}

// charge takes the money. A large order then waits for a person, in the database.
func (s Shop) charge(ctx *engine.Context, o *Order) (engine.Transition, error) {
	charge, err := engine.Do(ctx, "charge", func(ctx context.Context) (charge string, err error) {
		return charge, s.call(ctx, "charge", o.ID, &charge)
	})
	if err != nil {
		return engine.Transition{}, err
	}
	o.Charge = charge
	if o.Total < large {
		return engine.Goto("ship"), nil
	}
	return Approved.Await("ship").Or(Declined, "decline").Within(o.Patience, "expire"), nil
}

// refund gives back what was taken for the order, if anything. It does not name the number of the payment: if the
// program died when the shop had taken the money, that number was never heard.
func (s Shop) refund(ctx *engine.Context, o *Order) error {
	return engine.Exec(ctx, "refund", func(ctx context.Context) error { return s.call(ctx, "refund", o.ID, nil) })
}

func (s Shop) ship(ctx *engine.Context, o *Order) (engine.Transition, error) {
	if o.Total >= large {
		d, err := Approved.Payload(ctx)
		if err != nil {
			return engine.Transition{}, err
		}
		o.By = d.By
	}
	parcel, err := engine.Do(ctx, "ship", func(ctx context.Context) (parcel string, err error) {
		return parcel, s.call(ctx, "ship", o.ID, &parcel)
	})
	if err != nil {
		return engine.Transition{}, err
	}
	return Orders.Done(Receipt{Charge: o.Charge, Parcel: parcel, By: o.By}), nil
}

// decline fails the run, which undoes what was done.
func decline(ctx *engine.Context, _ *Order) (engine.Transition, error) {
	d, err := Declined.Payload(ctx)
	if err != nil {
		return engine.Transition{}, err
	}
	return engine.Transition{}, engine.Permanent(fmt.Errorf("declined by %s: %s", d.By, d.Why))
}

// expire does so when nobody has decided.
func expire(_ *engine.Context, o *Order) (engine.Transition, error) {
	return engine.Transition{}, engine.Permanent(fmt.Errorf("nobody has approved it within %v", o.Patience))
}
