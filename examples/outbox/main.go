// Outbox is a transactional outbox: orders write what the world has to hear into a table, in the same
// commit, and a relay delivers it over HTTP at least once. See docs/example-outbox.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/durable-wf/wf/engine"
)

// service is the program's work on one file.
type service struct {
	eng    *engine.Engine
	orders int // 0 means to serve until it is told to stop
}

func main() {
	db := flag.String("db", "outbox.db", "the database `file`")
	to := flag.String("to", "http://127.0.0.1:8766", "the `URL` to deliver to")
	orders := flag.Int("orders", 0, "place so many orders and end when all is delivered; 0 serves until Ctrl-C")
	listen := flag.String("listen", "", "be a receiver to try it with, at this `address`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if *listen != "" {
		err = receive(ctx, *listen)
	} else {
		err = run(ctx, *db, *to, *orders)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "outbox:", err)
		os.Exit(1)
	}
}

// receive takes messages until ctx ends.
func receive(ctx context.Context, address string) error {
	server := &http.Server{Addr: address, Handler: &Receiver{Log: os.Stdout}, ReadHeaderTimeout: time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() }) // it has nothing to lose
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// run opens the file, works until ctx ends or all orders are delivered, and prints how it stands.
func run(ctx context.Context, db, to string, orders int) (err error) {
	eng, err := engine.Open(ctx, engine.Config{Path: db, Setup: setup}, Placing(), Relaying(to))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, eng.Close()) }()
	s := service{eng, orders}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1) // taken below: run ends after Serve
	go func() {
		served <- eng.Serve(ctx)
		stop() // without workers there is nothing to wait for
	}()
	err = s.work(ctx)
	if ctx.Err() != nil {
		err = nil // a person has stopped it, which is no failure
	}
	stop()
	if err := errors.Join(err, <-served); err != nil {
		return err
	}
	b, err := s.balance(context.WithoutCancel(ctx))
	if err == nil {
		fmt.Printf("%d orders, %d messages, %d delivered\n", b.Orders, b.Messages, b.Delivered)
	}
	return err
}

// work starts what is not yet there, by its keys, and waits. A program that was killed does the same again.
func (s service) work(ctx context.Context) error {
	if _, err := Relays.Start(ctx, s.eng, Relay{}, &engine.StartOptions{Key: "relay"}); err != nil {
		return err
	}
	for i := range s.orders {
		o := Order{ID: fmt.Sprintf("order-%d", i+1), Cents: int64(100 * (i + 1))}
		if _, err := Orders.Start(ctx, s.eng, o, &engine.StartOptions{Key: o.ID}); err != nil {
			return err
		}
	}
	if s.orders == 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		b, err := s.balance(ctx)
		if err != nil || b.Orders >= s.orders && b.Delivered == b.Messages {
			return err
		}
	}
}

// balance is how the tables stand.
type balance struct{ Orders, Messages, Delivered int }

func (s service) balance(ctx context.Context) (b balance, err error) {
	err = s.eng.Tx(ctx, func(ctx context.Context, tx engine.Tx) error {
		return tx.GetContext(ctx, &b, `SELECT (SELECT count(*) FROM orders) AS orders,
			count(*) AS messages, count(delivered_us) AS delivered FROM outbox`)
	})
	return b, err
}
