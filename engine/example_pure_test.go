package engine_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/durable-wf/wf/engine"
)

// Collatz is the state of a computation in small steps, of which one tells somebody.
type Collatz struct {
	N     int64 `json:"n" help:"where to begin"`
	Steps int   `json:"steps"`
}

const collatz engine.Name[Collatz, int] = "collatz"

func collatzWorkflow() engine.Workflow[Collatz, int] {
	return engine.Workflow[Collatz, int]{
		Name: collatz,
		Steps: []engine.Step[Collatz]{
			{Name: "halve or triple", Pure: true, Do: func(_ *engine.Context, c *Collatz) (engine.Transition, error) {
				switch {
				case c.N == 1:
					return engine.Next(), nil
				case c.N%2 == 0:
					c.N /= 2
				default:
					c.N = 3*c.N + 1
				}
				c.Steps++
				return engine.Repeat(), nil
			}},
			{Name: "tell", Do: func(_ *engine.Context, c *Collatz) (engine.Transition, error) {
				fmt.Println("1 after", c.Steps, "steps") // each of them is committed by now
				return engine.Done(c.Steps), nil
			}},
		},
	}
}

// Pure steps do not wait for the disk; a step with an effect waits for all that came before it.
func ExampleStep_pure() {
	dir, err := os.MkdirTemp("", "wf-example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	eng, err := engine.Open(context.Background(), engine.Config{Path: filepath.Join(dir, "wf.db")}, collatzWorkflow())
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close()
	steps, err := collatz.Run(context.Background(), eng, Collatz{N: 27}, nil)
	fmt.Println(steps, err)
	// Output:
	// 1 after 111 steps
	// 111 <nil>
}
