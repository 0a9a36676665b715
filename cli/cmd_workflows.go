package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

func (a *app) workflowsCommand() *cobra.Command {
	graph := graphForm("")
	cmd := &cobra.Command{
		Use:   "workflows [WORKFLOW...]",
		Short: "List the workflows of this program, with their inputs",
		Long: `List the workflows of this program: name, version, inputs with their defaults, steps. With names,
their inputs and steps in full. It opens no database.

--graph draws the steps: as text, or with --graph=dot for Graphviz. The step that follows and the step
itself can always be next; a step that names no others may go anywhere.`,
		Example: `  wf workflows
  wf workflows sum
  wf workflows sum --graph=dot | dot -Tsvg > sum.svg`,
		GroupID: groupLook,
		Args:    arguments(0, -1),
		RunE: func(_ *cobra.Command, args []string) error {
			list, err := a.described(args)
			if err != nil {
				return err
			}
			switch {
			case graph != "":
				_, err = fmt.Fprint(a.stdout, drawAll(list, graph))
				return err
			case len(args) > 0 && a.format == asTable:
				return a.describe(list)
			}
			return newRows(a, workflowColumns()).All(list)
		},
	}
	cmd.Flags().Var(&graph, "graph", "draw the steps: text, or dot for Graphviz")
	cmd.Flags().Lookup("graph").NoOptDefVal = string(graphText)
	_ = cmd.RegisterFlagCompletionFunc("graph", cobra.FixedCompletions(fixed([]string{"text", "dot"}), cobra.ShellCompDirectiveNoFileComp))
	a.addOutput(cmd)
	return cmd
}

// described returns the descriptions of the named workflows, of all if none is named, by name.
func (a *app) described(names []string) ([]engine.Description, error) {
	var list []engine.Description
	for _, name := range names {
		def, err := a.workflow(name)
		if err != nil {
			return nil, err
		}
		list = append(list, def.Describe())
	}
	if len(names) == 0 {
		for _, def := range a.defs {
			list = append(list, def.Describe())
		}
		slices.SortFunc(list, func(a, b engine.Description) int { return strings.Compare(a.Name, b.Name) })
	}
	return list, nil
}

// inputView is an input as machines read it.
type inputView struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Default  string `json:"default"`
	Help     string `json:"help"`
	Repeated bool   `json:"repeated"`
	Rest     bool   `json:"rest"`
}

// stepView is a step as machines read it.
type stepView struct {
	Name     string   `json:"name"`
	To       []string `json:"to"` // null means any
	Attempts int      `json:"attempts"`

	Undo      bool  `json:"undo"`
	Pure      bool  `json:"pure"`
	Timeout   int64 `json:"timeout_us"`   // 0 for none
	Heartbeat int64 `json:"heartbeat_us"` // 0 for none
}

func workflowColumns() []column[engine.Description] {
	return []column[engine.Description]{
		{Name: "name", Head: "WORKFLOW", Value: func(d engine.Description) any { return d.Name }},
		{Name: "version", Head: "VERSION", Value: func(d engine.Description) any { return d.Version }},
		{Name: "doc", Head: "DOES", Value: func(d engine.Description) any { return d.Doc }},
		{Name: "inputs", Head: "INPUTS", Show: inputsText, Value: func(d engine.Description) any {
			views := []inputView{}
			for _, in := range d.Inputs {
				views = append(views, inputView{in.Name, in.Type, in.Default, in.Help, in.Repeated, in.Rest})
			}
			return views
		}},
		{Name: "steps", Value: func(d engine.Description) any {
			views := []stepView{}
			for _, s := range d.Steps {
				views = append(views, stepView{s.Name, s.To, attempts(s.Retry), s.Undo, s.Pure, s.Timeout.Microseconds(), s.Heartbeat.Microseconds()})
			}
			return views
		}},
	}
}

// inputsText is the inputs as flags, with their defaults.
func inputsText(d engine.Description) string {
	var words []string
	for _, in := range d.Inputs {
		word := "--" + in.Name
		if in.Default != "" && !in.Bool {
			word += " " + shellWord(in.Default)
		}
		words = append(words, word)
	}
	return strings.Join(words, "  ")
}

// attempts is how often a step is tried in a row, negative for no limit.
func attempts(r engine.Retry) int {
	if r.Attempts == 0 {
		return 1
	}
	return r.Attempts
}

// describe writes workflows in full.
func (a *app) describe(list []engine.Description) error {
	for i, d := range list {
		lead := ""
		if i > 0 {
			lead = "\n"
		}
		if _, err := fmt.Fprintf(a.stdout, "%s%s  version %d\n%s\n\ninputs\n", lead, d.Name, d.Version, d.Doc); err != nil {
			return err
		}
		rows := [][]string{}
		if len(d.Inputs) == 0 {
			rows = append(rows, []string{"  none"})
		}
		for _, in := range d.Inputs {
			rows = append(rows, []string{"  --" + in.Name, in.Type, defaultText(in.Default), in.Help})
		}
		if err := new(grid).write(a.stdout, nil, rows); err != nil {
			return err
		}
		if _, err := fmt.Fprint(a.stdout, "\nsteps\n"+drawSteps(d)); err != nil {
			return err
		}
	}
	return nil
}

func defaultText(text string) string {
	if text == "" {
		return ""
	}
	return "default " + text
}
