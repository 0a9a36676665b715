package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/durable-wf/wf/engine"
)

// signals returns a context that ends, with engine.ErrShutdown as its cause, at the first SIGINT or
// SIGTERM. The second one ends the process. A closed pipe ends nothing by itself: whoever writes to it
// gets an error, so that a run outlives the reader of its progress.
func signals(parent context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(parent)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // not Ignore, which child processes would inherit
	stops := make(chan os.Signal, 2)
	signal.Notify(stops, os.Interrupt, syscall.SIGTERM)
	go func() { // ends with the process
		<-stops
		cancel(engine.ErrShutdown)
		<-stops
		os.Exit(ExitSuspended)
	}()
	return ctx
}
