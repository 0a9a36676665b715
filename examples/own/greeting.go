package main

import (
	"fmt"
	"strings"

	"github.com/durable-wf/wf/engine"
)

// Greet names the workflow.
const Greet engine.Name[Guests, string] = "greet"

// Guests is its state: fields with help are flags, the rest is what a checkpoint keeps.
type Guests struct {
	Names   []string `json:"names" help:"whom to greet" arg:"rest"`
	Word    string   `json:"word" help:"how to greet" default:"Hello"`
	Greeted int      `json:"greeted"`
	Lines   []string `json:"lines"`
}

// Greeting greets everybody, one after the other, once.
func Greeting() engine.Workflow[Guests, string] {
	return engine.Workflow[Guests, string]{
		Name:  Greet,
		Doc:   "Greet everybody.",
		Steps: []engine.Step[Guests]{{Name: "greet", Do: greet}},
	}
}

func greet(ctx *engine.Context, g *Guests) (engine.Transition, error) {
	for i := range engine.Range(ctx, &g.Greeted, len(g.Names)) {
		g.Lines = append(g.Lines, fmt.Sprintf("%s, %s!", g.Word, g.Names[i]))
	}
	return Greet.Done(strings.Join(g.Lines, " ")), nil
}
