package runs_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/export"
	"github.com/durable-wf/wf/export/runs"
)

// exportResults writes the results of runs to a CSV file; --force would be export.Always.
func exportResults(ctx context.Context, eng *engine.Engine, path string, ids ...int64) error {
	doc, err := runs.Document(ctx, eng, ids, []runs.What{runs.Results})
	if err != nil {
		return err
	}
	return export.WriteFile(ctx, path, export.CSV(), doc, export.Never)
}

// squareState is the state of the workflow square.
type squareState struct {
	N int `json:"n" help:"the number"`
}

const square engine.Name[squareState, int] = "square"

func squaring() engine.Definition {
	return engine.Workflow[squareState, int]{
		Name: square,
		Steps: []engine.Step[squareState]{{Name: "do", Do: func(_ *engine.Context, s *squareState) (engine.Transition, error) {
			return square.Done(s.N * s.N), nil
		}}},
	}
}

func ExampleDocument() {
	dir, err := os.MkdirTemp("", "wf")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	ctx := context.Background()
	eng, err := engine.Open(ctx, engine.Config{Path: filepath.Join(dir, "wf.db"), Access: engine.Create}, squaring())
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close() //nolint:errcheck // nothing is written any more
	var ids []int64
	for n := range 3 {
		run, err := square.Start(ctx, eng, squareState{N: n + 1}, nil)
		if err != nil {
			log.Fatal(err)
		}
		if _, err := eng.Execute(ctx, run.ID, nil); err != nil {
			log.Fatal(err)
		}
		ids = append(ids, run.ID)
	}
	if err := exportResults(ctx, eng, filepath.Join(dir, "squares.csv"), ids...); err != nil {
		log.Fatal(err)
	}
	doc, err := runs.Document(ctx, eng, ids, []runs.What{runs.Results})
	if err != nil {
		log.Fatal(err)
	}
	results := doc.Tables[0]
	for row, err := range results.Rows {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(row[len(row)-2:]...)
	}
	// Output:
	// 1 1
	// 2 4
	// 3 9
}
