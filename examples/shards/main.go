// Shards runs one workflow on several files, so that several disks and cores write: what one file can carry is said in
// docs/scaling.md.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/durable-wf/wf/engine"
)

// Payment is the state of a run.
type Payment struct {
	Account string `json:"account" help:"who pays"`
	Cents   int64  `json:"cents" help:"how much"`
}

// Payments are found by the key "ACCOUNT/NUMBER".
const Payments engine.Name[Payment, int64] = "payment"

func workflow() engine.Workflow[Payment, int64] {
	return engine.Workflow[Payment, int64]{Name: Payments, Steps: []engine.Step[Payment]{
		{Name: "reserve", Do: func(*engine.Context, *Payment) (engine.Transition, error) { return engine.Next(), nil }},
		{Name: "pay", Do: func(_ *engine.Context, p *Payment) (engine.Transition, error) { return Payments.Done(p.Cents), nil }},
	}}
}

func main() {
	dir := flag.String("dir", ".", "the `folder` of the files")
	n := flag.Int("shards", 4, "how many files; always the same")
	payments := flag.Int("payments", 1000, "how many payments to make")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *dir, *n, *payments); err != nil {
		fmt.Fprintln(os.Stderr, "shards:", err)
		os.Exit(1)
	}
}

// run makes payments and waits for them. Repeated, it goes on with those that there are.
func run(ctx context.Context, dir string, n, payments int) (err error) {
	shards, err := Open(ctx, dir, n, workflow())
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- shards.Serve(ctx) }() // ends with ctx; close waits for it
	defer func() {
		stop()
		if serveErr := <-served; err == nil {
			err = serveErr
		}
		if closeErr := shards.Close(); err == nil {
			err = closeErr
		}
	}()
	begun := time.Now()
	total, err := pay(ctx, shards, payments)
	if err == nil {
		fmt.Printf("%d payments of %d cents together in %d files\n", payments, total, n)
		fmt.Fprintf(os.Stderr, "took %v\n", time.Since(begun).Round(time.Millisecond))
	}
	return err
}

// pay starts payments, each in the file of its key, and then waits for all.
func pay(ctx context.Context, shards Shards, payments int) (total int64, err error) {
	key := func(i int) string { return fmt.Sprintf("account-%d/%d", i%100, i) }
	ids := make([]int64, payments)
	for i := range ids {
		started, err := Payments.Start(ctx, shards.For(key(i)), Payment{Account: fmt.Sprintf("account-%d", i%100), Cents: int64(i)},
			&engine.StartOptions{Key: key(i)})
		if err != nil {
			return total, err
		}
		ids[i] = started.ID
	}
	for i, id := range ids {
		cents, err := Payments.Wait(ctx, shards.For(key(i)), id)
		if err != nil {
			return total, err
		}
		total += cents
	}
	return total, nil
}
