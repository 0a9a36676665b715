// Command crashprog is the command line with workflows that leave a line in a file for each of their
// outside effects, so that a test which kills the program can count what was done how often.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/durable-wf/wf/cli"
	"github.com/durable-wf/wf/engine"
)

func main() {
	defs := []engine.Definition{ledgerWorkflow(), gateWorkflow(), deafWorkflow(), pagesWorkflow()}
	var err error
	switch command(1) {
	case "enqueue":
		err = enqueue(context.Background(), defs)
	case "observe":
		err = observe(context.Background(), defs)
	default:
		cli.Main(defs...)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func command(i int) string {
	if i < len(os.Args) {
		return os.Args[i]
	}
	return ""
}

// enqueue DB OUT FIRST COUNT starts that many runs of ledger with keys that count from FIRST, and
// prints the key and the ID of each once that is acknowledged.
func enqueue(ctx context.Context, defs []engine.Definition) error {
	first, err := strconv.Atoi(command(4))
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(command(5))
	if err != nil {
		return err
	}
	eng, err := engine.Open(ctx, engine.Config{Path: command(2)}, defs...)
	if err != nil {
		return err
	}
	input, err := ledgerWorkflow().Input(nil, map[string][]string{"out": {command(3)}})
	if err != nil {
		return err
	}
	for n := first; n < first+count; n++ {
		run, err := eng.Start(ctx, string(ledgers), input, &engine.StartOptions{
			Key: fmt.Sprintf("key-%d", n), Seed: new(int64(7)), Checkpoint: engine.Checkpoint{Every: 2},
		})
		if err != nil {
			return err
		}
		fmt.Println(n, run.ID)
	}
	return eng.Close()
}

// observe DB is a worker that deposes another one after two seconds without a heartbeat.
func observe(ctx context.Context, defs []engine.Definition) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	eng, err := engine.Open(ctx, engine.Config{Path: command(2), Lease: 2 * time.Second}, defs...)
	if err != nil {
		return err
	}
	if err := eng.Serve(ctx); err != nil {
		return err
	}
	return eng.Close()
}
