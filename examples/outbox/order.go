package main

import (
	"context"
	"errors"
	"time"

	"github.com/durable-wf/wf/engine"
)

// Orders names the workflow that places an order; its result is the order's ID.
const Orders engine.Name[Order, string] = "order"

// Order is its state.
type Order struct {
	ID    string `json:"id" help:"the customer's number of the order"`
	Cents int64  `json:"cents" help:"what it costs"`
}

// Placing makes the workflow.
func Placing() engine.Workflow[Order, string] {
	return engine.Workflow[Order, string]{
		Name: Orders,
		Doc:  "Place an order and leave word of it in the outbox.",
		Steps: []engine.Step[Order]{
			{Name: "place", Do: place, Retry: engine.Retry{Attempts: 5, Initial: 100 * time.Millisecond}},
		},
		Validate: func(o *Order) error {
			if o.ID == "" {
				return errors.New("an order needs an id")
			}
			return nil
		},
	}
}

// setup creates the tables of the shop. They have no UNIQUE on purpose: that each order is there once is
// the engine's doing, not that of a constraint.
func setup(ctx context.Context, tx engine.Tx) error {
	_, err := tx.ExecContext(ctx, `
		CREATE TABLE IF NOT EXISTS orders (no INTEGER PRIMARY KEY, id TEXT NOT NULL, cents INTEGER NOT NULL) STRICT;
		CREATE TABLE IF NOT EXISTS outbox (
			no           INTEGER PRIMARY KEY,
			key          TEXT NOT NULL, -- by which the receiver knows a message again
			body         TEXT NOT NULL,
			delivered_us INTEGER        -- microseconds since 1970; NULL until then
		) STRICT;
		CREATE INDEX IF NOT EXISTS outbox_waiting ON outbox (no) WHERE delivered_us IS NULL`)
	return err
}

// place ends the run, and with it, in one commit, writes the order and the message about it.
func place(_ *engine.Context, o *Order) (engine.Transition, error) {
	return Orders.Done(o.ID).Tx(o.write), nil
}

func (o *Order) write(ctx context.Context, tx engine.Tx) error {
	if _, err := tx.ExecContext(ctx, "INSERT INTO orders (id, cents) VALUES (?, ?)", o.ID, o.Cents); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx,
		"INSERT INTO outbox (key, body) VALUES (?1, json_object('order', ?1, 'cents', ?2))", o.ID, o.Cents)
	return err
}
