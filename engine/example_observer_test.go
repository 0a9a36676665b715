package engine_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/durable-wf/wf/engine"
)

// An Observer counts, logs or traces what happens, after it is committed.
func ExampleObserver() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is temporary
	eng, err := engine.Open(context.Background(), engine.Config{
		Path: filepath.Join(dir, "wf.db"),
		Observer: engine.Observer{
			StepStarted: func(r engine.Ref) { fmt.Println("step", r.Step, "begins") },
			RunEnded:    func(r engine.Run) { fmt.Println("run", r.ID, r.Status) },
		},
	}, sum(add))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := Sum.Run(context.Background(), eng, State{N: 5}, nil); err != nil {
		log.Fatal(err)
	}
	if err := eng.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// step add begins
	// run 1 completed
}
