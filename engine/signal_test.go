package engine_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
)

const (
	packed  engine.Signal[packing]  = "packed"
	refused engine.Signal[string]   = "refused"
	unheard engine.Signal[struct{}] = "unheard"
)

type packing struct {
	Box string `json:"box"`
}

type parcel struct {
	Log []string `json:"log"`
}

const parcels engine.Name[parcel, []string] = "parcels"

// parcelFlow waits for so many parcels to be packed, and notes what woke it.
func parcelFlow(boxes int, wait func() engine.Transition) engine.Workflow[parcel, []string] {
	note := func(ctx *engine.Context, s *parcel) (engine.Transition, error) {
		p, err := packed.Payload(ctx)
		if err != nil {
			return engine.Transition{}, engine.Permanent(err)
		}
		s.Log = append(s.Log, p.Box)
		if len(s.Log) < boxes {
			return engine.Goto("wait"), nil
		}
		return parcels.Done(s.Log), nil
	}
	return engine.Workflow[parcel, []string]{
		Name: parcels, Signals: []engine.AnySignal{packed, refused},
		Steps: []engine.Step[parcel]{
			{Name: "wait", Do: func(*engine.Context, *parcel) (engine.Transition, error) { return wait(), nil }},
			{Name: "packed", Do: note},
			{Name: "refused", Do: func(ctx *engine.Context, s *parcel) (engine.Transition, error) {
				why, err := refused.Payload(ctx)
				return parcels.Done(append(s.Log, "refused: "+why)), err
			}},
			{Name: "late", Do: func(_ *engine.Context, s *parcel) (engine.Transition, error) {
				return parcels.Done(append(s.Log, "late")), nil
			}},
		},
	}
}

func awaitPacked() engine.Transition { return packed.Await("packed") }

// Signals that come before they are awaited are kept, in the order of their arrival.
func TestSignalsAreBufferedInOrder(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, parcelFlow(3, awaitPacked))
	run, err := parcels.Start(t.Context(), eng, parcel{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, box := range []string{"a", "b"} {
		if err := packed.Send(t.Context(), eng, run.ID, packing{box}, nil); err != nil {
			t.Fatal(err)
		}
	}
	run, err = eng.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true})
	if err != nil || run.Status != engine.Waiting || run.Waiting.Kind != "signal" {
		t.Fatalf("%s for %q, %v; want to wait for the third", run.Status, run.Waiting.Kind, err)
	}
	if err := packed.Send(t.Context(), eng, run.ID, packing{"c"}, nil); err != nil {
		t.Fatal(err)
	}
	serve(t, eng)
	if got, err := parcels.Wait(t.Context(), eng, run.ID); err != nil || !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("Wait: %q, %v", got, err)
	}
	if left, err := eng.Signals(t.Context(), run.ID, 0, 10); err != nil || len(left) > 0 {
		t.Errorf("%d signals are left of a completed run, %v", len(left), err)
	}
}

// A signal with the key of one that has come before changes nothing, also once that one was taken.
func TestSignalKeyCountsOnce(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, parcelFlow(2, awaitPacked))
	serve(t, eng)
	run, err := parcels.Start(t.Context(), eng, parcel{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"k1", "k1", "k1", "k2"} {
		if err := packed.Send(t.Context(), eng, run.ID, packing{key}, &engine.SendOptions{Key: key}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond) // so that k1 is taken when it comes again
	}
	if got, err := parcels.Wait(t.Context(), eng, run.ID); err != nil || !slices.Equal(got, []string{"k1", "k2"}) {
		t.Errorf("Wait: %q, %v", got, err)
	}
}

// Of several signals that are there, the oldest opens its door, whatever their order in Or.
func TestOrTakesTheOldest(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, parcelFlow(1, func() engine.Transition { return packed.Await("packed").Or(refused, "refused") }))
	run, err := parcels.Start(t.Context(), eng, parcel{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := refused.Send(t.Context(), eng, run.ID, "broken", nil); err != nil {
		t.Fatal(err)
	}
	if err := packed.Send(t.Context(), eng, run.ID, packing{"a"}, nil); err != nil {
		t.Fatal(err)
	}
	serve(t, eng)
	if got, err := parcels.Wait(t.Context(), eng, run.ID); err != nil || !slices.Equal(got, []string{"refused: broken"}) {
		t.Errorf("Wait: %q, %v", got, err)
	}
}

// Within leads elsewhere when its time is over, and a signal that comes after that wakes nobody.
func TestWithinLeadsElsewhere(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, parcelFlow(1, func() engine.Transition { return packed.Await("packed").Within(20*time.Millisecond, "late") }))
	got, err := parcels.Run(t.Context(), eng, parcel{}, nil)
	if err != nil || !slices.Equal(got, []string{"late"}) {
		t.Errorf("Run: %q, %v", got, err)
	}
	err = packed.Send(t.Context(), eng, 1, packing{"x"}, nil)
	if !errors.Is(err, engine.ErrRunEnded) {
		t.Errorf("Send to a run that has ended: %v", err)
	}
}

// An unknown name and a payload that does not decode are refused at the sender.
func TestSignalIsCheckedAtTheSender(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, parcelFlow(1, awaitPacked))
	run, err := parcels.Start(t.Context(), eng, parcel{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, signal, payload, want string
	}{
		{"unknown", "packde", `{}`, `packed`},
		{"undeclared", string(unheard), `{}`, `it takes no signal "unheard"`},
		{"wrong type", "packed", `{"box":7}`, "box"},
		{"unknown field", "packed", `{"bocks":"a"}`, "bocks"},
		{"not JSON", "packed", `{`, "not JSON"},
		{"too large", "packed", `{"box":"` + strings.Repeat("x", 1<<20) + `"}`, "more than"},
	} {
		err := eng.Signal(t.Context(), run.ID, c.signal, json.RawMessage(c.payload), nil)
		if _, ok := errors.AsType[*engine.InputError](err); !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an InputError with %q", c.name, err, c.want)
		}
	}
	if err := eng.Signal(t.Context(), 99, "packed", nil, nil); !errors.Is(err, engine.ErrRunNotFound) {
		t.Errorf("signal to a run that does not exist: %v", err)
	}
	if left, err := eng.Signals(t.Context(), run.ID, 0, 10); err != nil || len(left) > 0 {
		t.Errorf("%d signals got through, %v", len(left), err)
	}
}

// A signal to a paused run waits in the mailbox, and is there when the run is resumed.
func TestSignalToAPausedRun(t *testing.T) {
	t.Parallel()
	eng := newEngine(t, parcelFlow(1, awaitPacked))
	run, _, err := eng.StartHere(t.Context(), "parcels", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = eng.Execute(t.Context(), run.ID, &engine.ExecuteOptions{Return: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := eng.Pause(t.Context(), run.ID, "lunch"); err != nil {
		t.Fatal(err)
	}
	if err := packed.Send(t.Context(), eng, run.ID, packing{"a"}, nil); err != nil {
		t.Fatal(err)
	}
	if run, err = eng.Get(t.Context(), run.ID); err != nil || run.Status != engine.Paused {
		t.Fatalf("%s, %v: want paused", run.Status, err)
	}
	if run, err = eng.Resume(t.Context(), run.ID, nil); err != nil || run.Status != engine.Pending || run.Step != "packed" {
		t.Fatalf("%s in %s, %v: want pending in packed", run.Status, run.Step, err)
	}
	serve(t, eng)
	if got, err := parcels.Wait(t.Context(), eng, run.ID); err != nil || !slices.Equal(got, []string{"a"}) {
		t.Errorf("Wait: %q, %v", got, err)
	}
}

// Messages sent with a transition arrive if it is committed, once.
func TestSendGoesWithTheTransition(t *testing.T) {
	t.Parallel()
	tries := 0
	sender := oneStep("sender", func(_ *engine.Context, s *count) (engine.Transition, error) {
		tries++
		t := engine.Done(nil).Send(packed.To(s.N, packing{"a"}), packed.To(s.N, packing{"b"}))
		if tries == 1 {
			return t, errors.New("not yet") // with an error, nothing of the transition counts
		}
		return t, nil
	})
	sender.Steps[0].Retry = engine.Retry{Attempts: 2, Initial: time.Millisecond}
	eng := newEngine(t, parcelFlow(2, awaitPacked), sender)
	serve(t, eng)
	run, err := parcels.Start(t.Context(), eng, parcel{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sender.Name.Run(t.Context(), eng, count{N: run.ID}, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := parcels.Wait(t.Context(), eng, run.ID); err != nil || !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("Wait: %q, %v", got, err)
	}
	if _, err := sender.Name.Run(t.Context(), eng, count{N: 12345}, nil); err == nil || !strings.Contains(err.Error(), "run 12345") {
		t.Errorf("a message to a run that does not exist: %v", err)
	}
}

// A modifier that does not fit its transition fails the step for good, instead of being ignored.
func TestModifiersMustFit(t *testing.T) {
	t.Parallel()
	for name, tr := range map[string]engine.Transition{
		"Or on Next":         engine.Next().Or(packed, "late"),
		"Within on Goto":     engine.Goto("late").Within(time.Second, "late"),
		"Limit on Await":     awaitPacked().Limit(2),
		"FailFast on Sleep":  engine.Sleep(time.Second, "late").FailFast(),
		"undeclared":         unheard.Await("late"),
		"awaited twice":      awaitPacked().Or(packed, "late"),
		"Send on nothing":    engine.Transition{}.Send(packed.To(1, packing{})),
		"no sequence":        engine.Spawn(nil, "late"),
		"Within nowhere":     awaitPacked().Within(time.Second, ""),
		"negative Within":    awaitPacked().Within(-time.Second, "late"),
		"zero Limit":         engine.Spawn(nil, "late").Limit(0),
		"payload not a JSON": engine.Next().Send(engine.Signal[func()]("packed").To(1, nil)),
	} {
		_, err := parcels.Run(t.Context(), newEngine(t, parcelFlow(1, func() engine.Transition { return tr })), parcel{}, nil)
		if fail, ok := errors.AsType[*engine.RunError](err); !ok || fail.Status != engine.Failed {
			t.Errorf("%s: %v, want a failed run", name, err)
		}
	}
}
