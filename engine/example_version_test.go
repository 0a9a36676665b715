package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/durable-wf/wf/engine"
)

// Invoice is a state of the example, in its second version: Cents was a number of euros, called total, before.
type Invoice struct {
	Number string `json:"number" help:"of the invoice"`
	Cents  int64  `json:"cents"`
}

// migrateInvoice makes an Invoice of what version 1 has written.
func migrateInvoice(version int, state []byte) (Invoice, error) {
	var old struct {
		Number string `json:"number"`
		Total  int64  `json:"total"`
	}
	if err := json.Unmarshal(state, &old); err != nil {
		return Invoice{}, fmt.Errorf("version %d: %w", version, err)
	}
	return Invoice{Number: old.Number, Cents: old.Total * 100}, nil
}

// A program with a new version of a workflow goes on with the runs of the old one.
func ExampleWorkflow_migrate() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "wf")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "wf.db")

	type invoice1 struct { // as the program was last year
		Number string `json:"number" help:"of the invoice"`
		Total  int64  `json:"total"`
	}
	old := engine.Workflow[invoice1, string]{Name: "invoice", Version: 1, Steps: []engine.Step[invoice1]{{
		Name: "send", Do: func(*engine.Context, *invoice1) (engine.Transition, error) { return engine.Done("sent"), nil },
	}}}
	eng, err := engine.Open(ctx, engine.Config{Path: path}, old)
	if err != nil {
		panic(err)
	}
	run, err := old.Name.Start(ctx, eng, invoice1{Number: "7", Total: 12}, nil)
	fmt.Println("started by version", run.Version, err)
	if err := eng.Close(); err != nil {
		panic(err)
	}

	eng, err = engine.Open(ctx, engine.Config{Path: path}, engine.Workflow[Invoice, string]{
		Name: "invoice", Version: 2, Migrate: migrateInvoice,
		Steps: []engine.Step[Invoice]{{Name: "send", Do: func(_ *engine.Context, i *Invoice) (engine.Transition, error) {
			return engine.Done(fmt.Sprintf("sent %s over %d cents", i.Number, i.Cents)), nil
		}}},
	})
	if err != nil {
		panic(err)
	}
	defer func() { _ = eng.Close() }()
	run, err = eng.Execute(ctx, run.ID, nil)
	fmt.Println(run.Status, string(run.Result), err)
	// Output:
	// started by version 1 <nil>
	// completed "sent 7 over 1200 cents" <nil>
}
