package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/durable-wf/wf/engine"
)

// Payment is what a run of the example's workflow keeps.
type Payment struct {
	Cents int64 `json:"cents" help:"what to pay"`
}

// Payments names the workflow.
const Payments engine.Name[Payment, string] = "payment"

// errBusy is an error of the bank that another attempt may mend.
var errBusy = errors.New("the bank is busy")

// bank takes a payment at the third attempt, and nothing over its limit.
type bank struct{ attempts, limit int64 }

func (b *bank) pay(_ *engine.Context, p *Payment) (engine.Transition, error) {
	if b.attempts++; b.attempts < 3 {
		return engine.Transition{}, errBusy
	}
	if p.Cents > b.limit {
		return engine.Transition{}, fmt.Errorf("%d cents are over the limit", p.Cents)
	}
	return Payments.Done("paid"), nil
}

func (b *bank) workflow() engine.Workflow[Payment, string] {
	return engine.Workflow[Payment, string]{Name: Payments, Steps: []engine.Step[Payment]{{
		Name: "pay", Do: b.pay,
		Timeout: 30 * time.Second, // of one try
		Retry: engine.Retry{
			Attempts: 5, Initial: time.Millisecond,
			If: func(err error) bool { return errors.Is(err, errBusy) },
		},
	}}}
}

// exampleEngine opens a database that is removed with the example.
func exampleEngine(defs ...engine.Definition) (eng *engine.Engine, remove func()) {
	folder, err := os.MkdirTemp("", "wf")
	if err != nil {
		panic(err)
	}
	if eng, err = engine.Open(context.Background(), engine.Config{Path: filepath.Join(folder, "wf.db")}, defs...); err != nil {
		panic(err)
	}
	return eng, func() {
		if err := errors.Join(eng.Close(), os.RemoveAll(folder)); err != nil {
			panic(err)
		}
	}
}

// A step is tried again as long as its errors are worth it; a run that has failed goes on when a person has
// mended the cause.
func ExampleEngine_Retry() {
	ctx, b := context.Background(), &bank{limit: 100}
	eng, remove := exampleEngine(b.workflow())
	defer remove()

	run, err := Payments.Start(ctx, eng, Payment{Cents: 500}, nil)
	if err == nil {
		run, err = eng.Execute(ctx, run.ID, nil)
	}
	fmt.Println(run.Status, "after", b.attempts, "attempts:", run.Error, err)

	b.limit = 1000
	if _, err = eng.Retry(ctx, run.ID, &engine.RetryOptions{Reason: "the limit was raised"}); err == nil {
		run, err = eng.Execute(ctx, run.ID, nil)
	}
	fmt.Println(run.Status, err)
	// Output:
	// failed after 3 attempts: 500 cents are over the limit <nil>
	// completed <nil>
}
