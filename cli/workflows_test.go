package cli_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/steps"
)

// definitions are the workflows of the scripts: the built-in ones, and some that go wrong.
func definitions() []engine.Definition {
	return slices.Concat(steps.All(echo(), gate()), []engine.Definition{deaf(), flaky(), stray(), quirks(), tally(), panics(), hopeless(), order(), ask(), measure()}, crowd())
}

type echoState struct {
	Say  string `json:"say" help:"the result" default:"hello"`
	Form string `json:"form" help:"text, object or none" default:"text"`
	Fail string `json:"fail" help:"fail with this message instead"`
}

// echo ends with a result of the form that is wanted, or fails.
func echo() engine.Definition {
	const name engine.Name[echoState, any] = "echo"
	return engine.Workflow[echoState, any]{
		Name:     name,
		Doc:      "Say something.",
		Validate: (*echoState).validate,
		Steps: []engine.Step[echoState]{{Name: "say", Do: func(_ *engine.Context, s *echoState) (engine.Transition, error) {
			switch {
			case s.Fail != "":
				return engine.Transition{}, engine.Permanent(errors.New(s.Fail))
			case s.Form == "object":
				return engine.Done(map[string]any{"said": s.Say, "times": []int{1, 2}}), nil
			case s.Form == "none":
				return engine.Next(), nil
			}
			return engine.Done(s.Say), nil
		}}},
	}
}

func (s *echoState) validate() error {
	if !slices.Contains([]string{"text", "object", "none"}, s.Form) {
		return fmt.Errorf("form %q must be text, object or none", s.Form)
	}
	return nil
}

type gateState struct {
	Began string `json:"began" help:"file to write the process's number to when the step begins"`
	Open  string `json:"open" help:"file to wait for"`
	Tries int    `json:"tries"`
}

// gate waits for a file, so that a script decides when the run goes on. It saves when it has to stop.
func gate() engine.Definition {
	const name engine.Name[gateState, string] = "gate"
	return engine.Workflow[gateState, string]{
		Name: name,
		Doc:  "Wait for a file.",
		Steps: []engine.Step[gateState]{{Name: "wait", Do: func(ctx *engine.Context, s *gateState) (engine.Transition, error) {
			s.Tries++
			if err := announce(s.Began); err != nil {
				return engine.Transition{}, err
			}
			if !appears(ctx, s.Open) {
				return engine.Transition{}, ctx.Save()
			}
			return name.Done(fmt.Sprintf("open after %d", s.Tries)), nil
		}}},
	}
}

// announce writes the process's number to a file, which appears with it.
func announce(file string) error {
	if err := os.WriteFile(file+".new", []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// appears waits until a file exists, and returns false when ctx ends before.
func appears(ctx context.Context, file string) bool {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(file); err == nil {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}

// deaf does not hear that it has to stop.
func deaf() engine.Definition {
	const name engine.Name[gateState, string] = "deaf"
	return engine.Workflow[gateState, string]{
		Name: name,
		Doc:  "Wait for a file, whatever happens.",
		Steps: []engine.Step[gateState]{{Name: "wait", Do: func(_ *engine.Context, s *gateState) (engine.Transition, error) {
			if err := announce(s.Began); err != nil {
				return engine.Transition{}, err
			}
			appears(context.Background(), s.Open)
			return name.Done("open"), nil
		}}},
	}
}

type flakyState struct {
	Until string `json:"until" help:"file without which every attempt fails"`
}

// flaky fails and waits for a retry until a file exists.
func flaky() engine.Definition {
	const name engine.Name[flakyState, string] = "flaky"
	const pause = 300 * time.Millisecond
	return engine.Workflow[flakyState, string]{
		Name: name,
		Doc:  "Fail until a file exists.",
		Steps: []engine.Step[flakyState]{{
			Name:  "try",
			Retry: engine.Retry{Attempts: -1, Initial: pause, Max: pause},
			Do: func(_ *engine.Context, s *flakyState) (engine.Transition, error) {
				if _, err := os.Stat(s.Until); err != nil {
					return engine.Transition{}, errors.New("not yet")
				}
				return name.Done("at last"), nil
			},
		}},
	}
}

// hopeless fails for good after two retries.
func hopeless() engine.Definition {
	return engine.Workflow[struct{}, string]{
		Name: "hopeless",
		Doc:  "Fail three times.",
		Steps: []engine.Step[struct{}]{{
			Name:  "try",
			Retry: engine.Retry{Attempts: 3, Initial: time.Millisecond},
			Do: func(*engine.Context, *struct{}) (engine.Transition, error) {
				return engine.Transition{}, errors.New("no way")
			},
		}},
	}
}

// stray goes to a step that it must not go to, which blocks the run.
func stray() engine.Definition {
	const name engine.Name[struct{}, string] = "stray"
	return engine.Workflow[struct{}, string]{
		Name: name,
		Doc:  "Go astray.",
		Steps: []engine.Step[struct{}]{
			{Name: "leave", To: []string{"home"}, Do: func(*engine.Context, *struct{}) (engine.Transition, error) {
				return engine.Goto("swamp"), nil
			}},
			{Name: "home", Do: func(*engine.Context, *struct{}) (engine.Transition, error) { return name.Done("home"), nil }},
		},
	}
}

type orderState struct {
	Refund string   `json:"refund" help:"file without which the refund fails"`
	Log    []string `json:"log"`
}

// order takes money, and fails then, so that it has to be undone.
func order() engine.Definition {
	const name engine.Name[orderState, string] = "order"
	step := func(what string) func(*engine.Context, *orderState) (engine.Transition, error) {
		return func(_ *engine.Context, s *orderState) (engine.Transition, error) {
			s.Log = append(s.Log, what)
			return engine.Next(), nil
		}
	}
	return engine.Workflow[orderState, string]{
		Name: name,
		Doc:  "Fail, and undo what was done.",
		Steps: []engine.Step[orderState]{
			{Name: "reserve", Do: step("reserved"), Undo: func(_ *engine.Context, s *orderState) error {
				s.Log = append(s.Log, "released")
				return nil
			}},
			{Name: "charge", Do: step("charged"), Retry: engine.Retry{Attempts: 2, Initial: 300 * time.Millisecond, Jitter: -1},
				Undo: func(_ *engine.Context, s *orderState) error {
					if _, err := os.Stat(s.Refund); err != nil {
						return errors.New("the bank is closed")
					}
					s.Log = append(s.Log, "refunded")
					return nil
				}},
			{Name: "ship", Do: func(*engine.Context, *orderState) (engine.Transition, error) {
				return engine.Transition{}, engine.Permanent(errors.New("out of stock"))
			}},
		},
	}
}

type quirksState struct {
	Key   string            `json:"key" help:"a field with the name of a flag of wf's own"`
	Every []int             `json:"every" help:"a list"`
	Tags  map[string]string `json:"tags" help:"a map"`
	Grid  struct {
		NX int `json:"nx" help:"cells" default:"3"`
	} `json:"grid"`
	Loud  bool     `json:"loud" help:"a switch"`
	Words []string `json:"words" help:"what follows" arg:"rest"`
}

// quirks ends with its own inputs.
func quirks() engine.Definition {
	const name engine.Name[quirksState, quirksState] = "quirks"
	return engine.Workflow[quirksState, quirksState]{
		Name: name,
		Doc:  "Show the inputs.",
		Steps: []engine.Step[quirksState]{{Name: "show", Do: func(_ *engine.Context, s *quirksState) (engine.Transition, error) {
			return name.Done(*s), nil
		}}},
	}
}
