package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/durable-wf/wf/engine"
)

const ledgers engine.Name[ledger, string] = "ledger"

// ledger is the state of a computation that mixes all that must survive a crash: steps, loops with
// checkpoints, recorded calls before and inside them, and random numbers.
type ledger struct {
	Out    string        `json:"out" help:"file that takes a line for each recorded call"`
	Rounds int64         `json:"rounds" help:"how often to go through the five steps" default:"1"`
	Loop   int64         `json:"loop" help:"iterations in each step" default:"8"`
	Pause  time.Duration `json:"pause" help:"sleep in each iteration" default:"1ms"`
	Round  int64         `json:"round"`
	I      int64         `json:"i"`
	Total  uint64        `json:"total"`
}

func ledgerWorkflow() engine.Workflow[ledger, string] {
	return engine.Workflow[ledger, string]{
		Name: ledgers, Version: 1, Doc: "Five steps with loops and recorded calls.",
		Steps: []engine.Step[ledger]{
			{Name: "one", Do: work}, {Name: "two", Do: work}, {Name: "three", Do: work}, {Name: "four", Do: work},
			{Name: "five", Do: func(ctx *engine.Context, s *ledger) (engine.Transition, error) {
				if _, err := work(ctx, s); err != nil {
					return engine.Transition{}, err
				}
				if s.Round++; s.Round < s.Rounds {
					return engine.Goto("one").Tx(enter(ctx.Run(), "transition")), nil
				}
				return ledgers.Done(fmt.Sprintf("%016x", s.Total)).Tx(enter(ctx.Run(), "transition")), nil
			}},
		},
	}
}

// work mixes random numbers and the results of calls into the total: a number or a result that is
// lost, repeated or taken twice changes it.
func work(ctx *engine.Context, s *ledger) (engine.Transition, error) {
	if s.I == 0 {
		if err := errors.Join(s.call(ctx, "enter"), s.book(ctx)); err != nil {
			return engine.Transition{}, err
		}
	}
	for s.I < s.Loop {
		if s.I%3 == 1 {
			if err := s.call(ctx, "tick"); err != nil {
				return engine.Transition{}, err
			}
		}
		time.Sleep(s.Pause)
		s.Total = s.Total*31 + ctx.Rand().Uint64()
		s.I++
		if ctx.Due() {
			if err := ctx.Save(); err != nil {
				return engine.Transition{}, err
			}
		}
	}
	s.I = 0
	return engine.Next().Tx(enter(ctx.Run(), "transition")), nil
}

func (s *ledger) call(ctx *engine.Context, name string) error {
	id := ctx.Run().ID
	v, err := engine.Do(ctx, name, func(ctx context.Context) (int64, error) {
		return s.Round*1000 + s.I, note(ctx, s.Out, id)
	})
	s.Total = s.Total*37 + uint64(v)
	return err
}

// book is a call to a table in the same file, whose result goes into the total as well.
func (s *ledger) book(ctx *engine.Context) error {
	ref := ctx.Run()
	v, err := engine.DoTx(ctx, "book", func(ctx context.Context, tx engine.Tx) (int64, error) {
		if err := enter(ref, "call")(ctx, tx); err != nil {
			return 0, err
		}
		var n int64
		return n, tx.GetContext(ctx, &n, "SELECT count(*) FROM book WHERE run = ?", ref.ID)
	})
	s.Total = s.Total*41 + uint64(v)
	return err
}

// enter writes a row to the book, which takes it as often as it comes.
func enter(ref engine.Ref, what string) func(context.Context, engine.Tx) error {
	return func(ctx context.Context, tx engine.Tx) error {
		_, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS book (run INTEGER, visit INTEGER, what TEXT)")
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO book (run, visit, what) VALUES (?, ?, ?)", ref.ID, ref.Visit, what)
		return err
	}
}

// note appends a line to the file and makes it durable: the run, and the stable key of the call.
func note(ctx context.Context, path string, run int64) error {
	_, key, _ := strings.Cut(engine.CallKey(ctx), "/")
	return appendLine(path, fmt.Sprintf("%d/%s", run, key))
}

func appendLine(path, line string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line + "\n")
	return errors.Join(err, f.Sync(), f.Close())
}
