package enginetest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/engine/enginetest"
)

// parcel is the state of a workflow that waits for all there is to wait for.
type parcel struct {
	Items  int   `json:"items" help:"how many children to spawn"`
	Friend int64 `json:"friend"`
	Sum    int   `json:"sum"`
	Slips  []int `json:"slips"`
}

const (
	parcels engine.Name[parcel, string] = "parcels"
	packing engine.Name[parcel, int]    = "packing"
	packed  engine.Signal[int]          = "packed"
	greeted engine.Signal[int]          = "greeted"
)

// setup makes the user's own table: a ledger, in which each line must stand once.
func setup(ctx context.Context, tx engine.Tx) error {
	_, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS ledger (line TEXT NOT NULL)")
	return err
}

// book writes a line into the ledger.
func book(format string, args ...any) func(context.Context, engine.Tx) error {
	line := fmt.Sprintf(format, args...)
	return func(ctx context.Context, tx engine.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO ledger (line) VALUES (?)", line)
		return err
	}
}

func bookOnce(ctx *engine.Context, name, line string) error {
	_, err := engine.DoTx(ctx, name, func(ctx context.Context, tx engine.Tx) (int, error) { return 0, book("%s", line)(ctx, tx) })
	return err
}

// childOf packs one item: it sleeps, and books it.
func childOf() engine.Workflow[parcel, int] {
	return engine.Workflow[parcel, int]{Name: packing, Steps: []engine.Step[parcel]{
		{Name: "rest", Do: func(*engine.Context, *parcel) (engine.Transition, error) {
			return engine.Sleep(time.Hour, "pack"), nil
		}},
		{Name: "pack", Do: func(_ *engine.Context, s *parcel) (engine.Transition, error) {
			return packing.Done(s.Items * s.Items).Tx(book("packed %d", s.Items)), nil
		}},
	}}
}

// parent sleeps, spawns children, waits for a signal from outside and one of its own, and books what it does.
func parent() engine.Workflow[parcel, string] {
	return engine.Workflow[parcel, string]{
		Name: parcels, Signals: []engine.AnySignal{packed, greeted},
		Steps: []engine.Step[parcel]{
			{Name: "begin", Do: func(*engine.Context, *parcel) (engine.Transition, error) {
				return engine.Sleep(30*24*time.Hour, "spawn").Tx(book("begun")), nil
			}},
			{Name: "spawn", Do: func(ctx *engine.Context, s *parcel) (engine.Transition, error) {
				if err := bookOnce(ctx, "spawn", "spawning"); err != nil {
					return engine.Transition{}, err
				}
				var children []engine.Child
				for i := range s.Items {
					children = append(children, packing.Child(parcel{Items: i + 1}, nil))
				}
				return engine.Spawn(slices.Values(children), "gather").Limit(2).Within(48*time.Hour, "gather"), nil
			}},
			{Name: "gather", Do: func(ctx *engine.Context, s *parcel) (engine.Transition, error) {
				for n, err := range packing.Results(ctx) {
					if err != nil {
						return engine.Transition{}, err
					}
					s.Sum += n
				}
				return packed.Await("take").Within(time.Hour, "take"), nil
			}},
			{Name: "take", Do: func(ctx *engine.Context, s *parcel) (engine.Transition, error) {
				n, err := packed.Payload(ctx)
				if err != nil {
					return engine.Transition{}, err
				}
				if s.Slips = append(s.Slips, n); len(s.Slips) < 2 {
					return packed.Await("take"), nil
				}
				return greeted.Await("end").Send(greeted.To(ctx.Run().ID, 5)), nil
			}},
			{Name: "end", Do: func(ctx *engine.Context, s *parcel) (engine.Transition, error) {
				n, err := greeted.Payload(ctx)
				return parcels.Done(fmt.Sprint(s.Sum, s.Slips, n)).Tx(book("ended")), err
			}},
		},
	}
}

func TestEverythingCrashesEverywhere(t *testing.T) {
	t.Parallel()
	enginetest.CrashEverywhere(t, parent(), parcel{Items: 3}, &enginetest.CrashOptions{
		Config: engine.Config{Setup: setup, Adopt: true}, Each: *crashEach, With: []engine.Definition{childOf()},
		Signals: []enginetest.Signal{enginetest.Answer(t, packed, 7), enginetest.Answer(t, packed, 8)},
	})
}

// saga fails in its last step: what was done is undone, newest first.
func saga() engine.Workflow[parcel, string] {
	step := func(name string) engine.Step[parcel] {
		return engine.Step[parcel]{
			Name: name,
			Do: func(ctx *engine.Context, _ *parcel) (engine.Transition, error) {
				return engine.Next(), bookOnce(ctx, name, "did "+name)
			},
			Undo: func(ctx *engine.Context, _ *parcel) error { return bookOnce(ctx, name, "undid "+name) },
		}
	}
	return engine.Workflow[parcel, string]{Name: "saga", Steps: []engine.Step[parcel]{
		step("reserve"), step("charge"),
		{Name: "ship", Retry: engine.Retry{Attempts: 2}, Do: func(*engine.Context, *parcel) (engine.Transition, error) {
			return engine.Transition{}, errors.New("no ship")
		}},
	}}
}

func TestSagaCrashesEverywhere(t *testing.T) {
	t.Parallel()
	enginetest.CrashEverywhere(t, saga(), parcel{}, &enginetest.CrashOptions{Config: engine.Config{Setup: setup, Adopt: true}, Each: *crashEach, Again: 4})
}

const relay engine.Name[parcel, int] = "relay"

// relays starts another run in its transaction, as long as there are items, and fails its children.
func relays() engine.Workflow[parcel, int] {
	return engine.Workflow[parcel, int]{Name: relay, Deadline: 10 * 24 * time.Hour, Signals: []engine.AnySignal{greeted}, Steps: []engine.Step[parcel]{
		{
			Name: "hand on", Undo: func(ctx *engine.Context, s *parcel) error { return bookOnce(ctx, "back", fmt.Sprint("back ", s.Items)) },
			Do: func(_ *engine.Context, s *parcel) (engine.Transition, error) {
				if s.Items < 0 {
					return engine.Transition{}, engine.Permanent(errors.New("none left"))
				}
				return engine.Next().Tx(func(ctx context.Context, tx engine.Tx) error {
					next := parcel{Items: s.Items - 1}
					if s.Items < 2 {
						return book("last")(ctx, tx)
					}
					_, err := relay.StartTx(tx, next, &engine.StartOptions{Key: fmt.Sprint("relay ", next.Items), Keep: engine.KeepNone})
					return errors.Join(err, book("handed on %d", s.Items)(ctx, tx))
				}), nil
			},
		},
		{Name: "spawn", Do: func(_ *engine.Context, s *parcel) (engine.Transition, error) {
			children := []engine.Child{relay.Child(parcel{Items: -1}, nil), packing.Child(parcel{Items: 5}, nil)}
			return engine.Spawn(slices.Values(children), "gather").FailFast(), nil
		}},
		{Name: "gather", Do: func(ctx *engine.Context, s *parcel) (engine.Transition, error) {
			for run, err := range ctx.Children() {
				if err != nil {
					return engine.Transition{}, err
				}
				if run.Status == engine.Failed {
					s.Sum++
				}
			}
			if s.Items > 1 {
				return greeted.Await("end"), nil // nobody sends it: the deadline ends the run
			}
			return engine.Goto("end"), nil
		}},
		{Name: "end", Do: func(_ *engine.Context, s *parcel) (engine.Transition, error) { return relay.Done(s.Sum), nil }},
	}}
}

func TestRelayCrashesEverywhere(t *testing.T) {
	t.Parallel()
	enginetest.CrashEverywhere(t, relays(), parcel{Items: 2}, &enginetest.CrashOptions{
		Config: engine.Config{Setup: setup, Adopt: true}, Each: *crashEach, With: []engine.Definition{childOf()},
	})
}
