package engine_test

import (
	"context"
	"fmt"
	"log"
	"sync"
	"time"

	"github.com/durable-wf/wf/engine"
)

// Letter is the state of a run that sends a letter.
type Letter struct {
	To string `json:"to" help:"whom to send it to"`
}

const SendLetter engine.Name[Letter, string] = "letter"

// A queue bounds how many runs execute at the same time, in all processes, and how many begin in a time. Runs
// of different FairKeys take turns.
func ExampleEngine_SetQueue() {
	var mu sync.Mutex
	var order []string
	letters := engine.Workflow[Letter, string]{Name: SendLetter, Steps: []engine.Step[Letter]{
		{Name: "send", Do: func(_ *engine.Context, s *Letter) (engine.Transition, error) {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, s.To)
			return SendLetter.Done("sent"), nil
		}},
	}}
	eng, closeEngine := open(letters)
	defer closeEngine()
	ctx, stop := context.WithCancel(context.Background())
	one, hundred := 1, 100
	_, err := eng.SetQueue(ctx, "mail", engine.QueueOptions{Concurrency: &one, Rate: &hundred, Period: time.Second})
	if err != nil {
		log.Fatal(err)
	}
	var last engine.Run
	for _, to := range []string{"A1", "A2", "A3", "B1"} {
		opts := &engine.StartOptions{Queue: "mail", FairKey: to[:1]}
		if last, err = SendLetter.Start(ctx, eng, Letter{To: to}, opts); err != nil {
			log.Fatal(err)
		}
	}
	served := make(chan error)
	go func() { served <- eng.Serve(ctx) }()
	for id := int64(1); id <= last.ID; id++ {
		if _, err := SendLetter.Wait(ctx, eng, id); err != nil {
			log.Fatal(err)
		}
	}
	stop()
	if err := <-served; err != nil {
		log.Fatal(err)
	}
	fmt.Println(order)
	// Output: [A1 B1 A2 A3]
}
