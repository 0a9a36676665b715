package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/durable-wf/wf/engine"
)

const (
	batch = 8                      // messages that a visit of the relay delivers at most
	pause = 100 * time.Millisecond // before it looks again when there is none
)

// Relays names the workflow that delivers. Its run does not end; one is enough for a file.
const Relays engine.Name[Relay, string] = "relay"

// Relay is its state.
type Relay struct {
	Delivered int64 `json:"delivered"`
}

// message is a row of the outbox.
type message struct {
	No   int64  `json:"no" db:"no"`
	Key  string `json:"key" db:"key"`
	Body string `json:"body" db:"body"`
}

// endpoint is where messages go.
type endpoint struct{ url string }

// Relaying makes the workflow that delivers to a URL.
func Relaying(url string) engine.Workflow[Relay, string] {
	// A receiver that is down comes back some time: the relay never gives up.
	patient := engine.Retry{Attempts: -1, Initial: 100 * time.Millisecond, Max: time.Minute}
	return engine.Workflow[Relay, string]{
		Name:  Relays,
		Doc:   "Deliver what is in the outbox.",
		Steps: []engine.Step[Relay]{{Name: "deliver", Do: endpoint{url}.deliver, Retry: patient}},
	}
}

// deliver sends the oldest messages that wait, and marks them with its transition.
func (e endpoint) deliver(ctx *engine.Context, r *Relay) (engine.Transition, error) {
	waiting, err := engine.DoTx(ctx, "take", take)
	if err != nil {
		return engine.Transition{}, err
	}
	if len(waiting) == 0 {
		return engine.Sleep(pause, "deliver"), nil
	}
	for _, m := range waiting {
		err := engine.Exec(ctx, "send", func(ctx context.Context) error { return e.send(ctx, m) },
			engine.CallTimeout(10*time.Second), engine.CallRetry(engine.Retry{Attempts: 3, Initial: 10 * time.Millisecond}))
		if err != nil {
			return engine.Transition{}, err
		}
	}
	r.Delivered += int64(len(waiting))
	return engine.Repeat().Tx(func(ctx context.Context, tx engine.Tx) error { return mark(ctx, tx, waiting) }), nil
}

// take is recorded, so that every attempt of a visit has the same messages, in the same order.
func take(ctx context.Context, tx engine.Tx) (waiting []message, err error) {
	err = tx.SelectContext(ctx, &waiting,
		"SELECT no, key, body FROM outbox WHERE delivered_us IS NULL ORDER BY no LIMIT ?", batch)
	return waiting, err
}

func mark(ctx context.Context, tx engine.Tx, sent []message) error {
	now := time.Now().UnixMicro()
	for _, m := range sent {
		if _, err := tx.ExecContext(ctx, "UPDATE outbox SET delivered_us = ? WHERE no = ?", now, m.No); err != nil {
			return err
		}
	}
	return nil
}

// send makes one request. The key is the message's own, the same however often it is sent.
func (e endpoint) send(ctx context.Context, m message) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, strings.NewReader(m.Body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", m.Key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("send %s: %s", m.Key, resp.Status)
	}
	return nil
}
