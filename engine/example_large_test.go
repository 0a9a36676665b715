package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/durable-wf/wf/engine"
)

// Rod is a metal rod whose ends are kept cold: a state of as many numbers as it has cells.
type Rod struct {
	Cells int           `json:"cells" help:"parts of the rod" default:"1000000"`
	Steps int           `json:"steps" help:"steps of time" default:"10000"`
	Step  int           `json:"step"`
	T     engine.Floats `json:"t"` // temperatures
}

// Rods names the workflow.
const Rods engine.Name[Rod, float64] = "rod"

// Cooling keeps its states as CBOR, in which engine.Floats are one block of bytes.
func Cooling() engine.Workflow[Rod, float64] {
	return engine.Workflow[Rod, float64]{
		Name: Rods, Version: 1, Codec: engine.CBOR,
		Steps: []engine.Step[Rod]{{Name: "cool", Do: cool}},
	}
}

func cool(ctx *engine.Context, r *Rod) (engine.Transition, error) {
	if r.T == nil {
		r.T = make(engine.Floats, r.Cells)
		r.T[r.Cells/2] = 1000
	}
	next := make(engine.Floats, r.Cells)
	for r.Step < r.Steps {
		for i := 1; i < r.Cells-1; i++ {
			next[i] = r.T[i] + (r.T[i-1]-2*r.T[i]+r.T[i+1])/4
		}
		r.T, next = next, r.T
		r.Step++
		if ctx.Due() {
			if err := ctx.Save(); err != nil {
				return engine.Transition{}, err
			}
		}
	}
	return Rods.Done(r.T[r.Cells/2]), nil
}

// A state of many numbers: Save copies them and goes on; the rest happens behind the step's back.
func Example_largeState() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "rods")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	eng, err := engine.Open(ctx, engine.Config{Path: filepath.Join(dir, "wf.db")}, Cooling())
	if err != nil {
		log.Fatal(err)
	}
	middle, err := Rods.Run(ctx, eng, Rod{Cells: 1001, Steps: 1000}, nil)
	fmt.Printf("%.3f %v\n", middle, errors.Join(err, eng.Close()))
	// Output: 17.839 <nil>
}
