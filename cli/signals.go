package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/durable-wf/wf/engine"
)

const (
	sameStop    = time.Second            // signals this close to the first belong to it: timeout(1) and batch systems send several
	forcedWords = 100 * time.Millisecond // what is said at a forced end must not hold it up if stderr takes nothing
)

// signals returns a context that ends, with an engine.ErrShutdown that names the signal as its cause, at the first
// SIGINT, SIGTERM, SIGHUP or SIGUSR1; a SIGHUP that was ignored when the process began, as under nohup, stays
// ignored. A further one that comes more than sameStop later ends the process, but a SIGUSR1, by which batch systems
// ask for a save, never does. A closed pipe ends nothing by itself: whoever writes to it gets an error, so that a run
// outlives the reader of its progress.
func (a *app) signals(parent context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(parent)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // not Ignore, which child processes would inherit
	kinds := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		kinds = append(kinds, syscall.SIGHUP)
	}
	stops, saves := make(chan os.Signal, 8), make(chan os.Signal, 1)
	signal.Notify(stops, kinds...)
	signal.Notify(saves, syscall.SIGUSR1)
	go func() { // ends with the process
		var sig os.Signal
		select {
		case sig = <-stops:
		case sig = <-saves:
		}
		cancel(engine.StopBy(signalName(sig)))
		os.Exit(a.force(nextStop(stops, a.stillSaving)))
	}()
	return ctx
}

// signalName is the name of a signal that stops a process.
func signalName(sig os.Signal) string {
	switch sig {
	case os.Interrupt:
		return "SIGINT"
	case syscall.SIGTERM:
		return "SIGTERM"
	case syscall.SIGHUP:
		return "SIGHUP"
	case syscall.SIGUSR1:
		return "SIGUSR1"
	}
	return sig.String()
}

// nextStop waits for the first signal that does not belong to the same stop as the one before it, and
// calls late when from now on each does not.
func nextStop(stops <-chan os.Signal, late func()) os.Signal {
	for same := time.After(sameStop); ; {
		select {
		case <-stops:
		case <-same:
			late()
			return <-stops
		}
	}
}

// stillSaving tells who waits for the end of the process why it has not come.
func (a *app) stillSaving() {
	if _, busy := a.executing.runs(); busy {
		go a.note("saving; press Ctrl-C again to end without it") // ends with the process, at the latest
	}
}

// force tells what an end without saving means, and returns its exit code.
func (a *app) force(sig os.Signal) int {
	told := make(chan struct{})
	go func() { // ends with the process, at the latest
		defer close(told)
		a.mu.Lock()
		a.bars = nil // they would not be drawn again
		a.mu.Unlock()
		if ids, busy := a.executing.runs(); busy {
			a.complain(hinted(errForced, "go on with: %s", a.resumeLine(ids...)))
		} else {
			a.complain(engine.ErrShutdown)
		}
	}()
	select {
	case <-told:
	case <-time.After(forcedWords):
	}
	switch sig {
	case syscall.SIGHUP:
		return ExitHangup
	case syscall.SIGTERM:
		return ExitTerminate
	}
	return ExitInterrupt
}
