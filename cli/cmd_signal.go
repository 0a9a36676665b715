package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

const signalLong = `Send a signal to a run. It is durable when the command returns, also if the run does not wait for it yet: it
then stays in the run's mailbox until the run does. Signals of one name are taken in the order in which they came.
A program that has the run's workflow checks name and data; any other sends what it is given.
--list shows the mailbox instead.`

// signaling is what the flags of wf signal say.
type signaling struct {
	data string
	key  string
	list bool
}

// signalCommand is wf signal.
func (a *app) signalCommand() *cobra.Command {
	var s signaling
	cmd := &cobra.Command{
		Use:     "signal RUN NAME",
		Short:   "Send a signal to a run",
		Long:    signalLong,
		GroupID: groupSteer,
		Args:    arguments(1, 2),
		Example: `  wf signal 7 approved --data '{"by": "ann"}'
  wf signal order-1042 packed --data @packing.json --key delivery-note-88
  wf signal 7 --list`,
	}
	cmd.Flags().StringVar(&s.data, "data", "", "the payload as JSON: the text, @FILE, or - for stdin (default null)")
	cmd.Flags().Var((*keyFlag)(&s.key), "key", "a name for the signal: another one with that name changes nothing")
	cmd.Flags().BoolVar(&s.list, "list", false, "list the signals in the run's mailbox")
	a.addOutput(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case s.list && len(args) == 2:
			return usagef("--list goes without a signal's name; usage: %s", cmd.UseLine())
		case s.list:
			return a.withEngine(cmd.Context(), engine.ReadOnly, func(eng *engine.Engine) error { return a.mailbox(cmd.Context(), eng, args[0]) })
		case len(args) < 2:
			return usagef("the name of the signal is missing; usage: %s", cmd.UseLine())
		}
		return a.signal(cmd.Context(), args[0], args[1], s)
	}
	return cmd
}

func (a *app) signal(ctx context.Context, ref, name string, s signaling) error {
	data, err := a.readInput("--data", s.data)
	if err != nil {
		return err
	}
	return a.withEngine(ctx, engine.ReadWrite, func(eng *engine.Engine) error {
		run, err := a.find(ctx, eng, ref)
		if err != nil {
			return err
		}
		err = eng.Signal(ctx, run.ID, name, data, &engine.SendOptions{Key: s.key})
		if _, invalid := errors.AsType[*engine.InputError](err); invalid {
			return &usageError{err: err}
		}
		if err != nil {
			return err
		}
		a.note("%s: signal %s sent", title(run), name)
		return nil
	})
}

// mailboxPage is how many signals are listed at most.
const mailboxPage = 1000

func (a *app) mailbox(ctx context.Context, eng *engine.Engine, ref string) error {
	run, err := a.find(ctx, eng, ref)
	if err != nil {
		return err
	}
	signals, err := eng.Signals(ctx, run.ID, 0, mailboxPage)
	if err != nil {
		return err
	}
	if len(signals) == 0 && a.format == asTable {
		a.note("the mailbox of %s is empty", title(run))
	}
	return newRows(a, signalColumns()).All(signals)
}

func signalColumns() []column[engine.Delivered] {
	return []column[engine.Delivered]{
		{Name: "id", Head: "ID", Value: func(s engine.Delivered) any { return s.ID }},
		{Name: "time", Head: "TIME", Value: func(s engine.Delivered) any { return s.Time },
			Show: func(s engine.Delivered) string { return s.Time.UTC().Format(eventLayout) }},
		{Name: "name", Head: "SIGNAL", Value: func(s engine.Delivered) any { return s.Name }},
		{Name: "key", Head: "KEY", Value: func(s engine.Delivered) any { return textOrNull(s.Key) }},
		{Name: "visit", Head: "TAKEN", Value: func(s engine.Delivered) any { return countOrNull(s.Visit) }, Show: func(s engine.Delivered) string {
			if s.Visit == 0 {
				return "waits"
			}
			return fmt.Sprintf("visit %d", s.Visit)
		}},
		{Name: "data", Head: "DATA", Value: func(s engine.Delivered) any { return json.RawMessage(s.Payload.Data) }},
		{Name: "sender", Value: func(s engine.Delivered) any { return json.RawMessage(s.Sender) }},
	}
}
