package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/durable-wf/wf/engine"
)

// graphForm is how a graph of steps is drawn.
type graphForm string

// The forms of --graph.
const (
	graphText graphForm = "text"
	graphDOT  graphForm = "dot"
)

// String, Set and Type make a graphForm a flag.
func (g *graphForm) String() string { return string(*g) }

// Set accepts one of the forms.
func (g *graphForm) Set(s string) error {
	if f := graphForm(s); f != graphText && f != graphDOT {
		return fmt.Errorf("must be text or dot")
	}
	*g = graphForm(s)
	return nil
}

// Type names the flag's values in the help.
func (g *graphForm) Type() string { return "form" }

// drawAll draws the steps of workflows.
func drawAll(list []engine.Description, form graphForm) string {
	var b strings.Builder
	if form == graphDOT {
		drawDOT(&b, list)
		return b.String()
	}
	for i, d := range list {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s  version %d\n%s", d.Name, d.Version, drawSteps(d))
	}
	return b.String()
}

// drawSteps draws a line a step: where it may go.
func drawSteps(d engine.Description) string {
	var rows [][]string
	for i, s := range d.Steps {
		next := "end"
		if i+1 < len(d.Steps) {
			next = d.Steps[i+1].Name
		}
		ways := []string{next}
		for _, to := range s.To {
			if !slices.Contains(ways, to) {
				ways = append(ways, to)
			}
		}
		text := strings.Join(ways, ", ")
		if s.To == nil && len(d.Steps) > 1 {
			text += ", or any"
		}
		rows = append(rows, []string{"  " + s.Name, "→ " + text, bounds(s)})
	}
	var b strings.Builder
	_ = new(grid).write(&b, nil, rows) // a Builder takes everything
	return b.String()
}

// bounds says how often a step is tried, and how long a try may take.
func bounds(s engine.StepDescription) string {
	var parts []string
	if text := tries(s.Retry); text != "" {
		parts = append(parts, text)
	}
	if s.Timeout > 0 {
		parts = append(parts, fmt.Sprintf("at most %v", s.Timeout))
	}
	if s.Heartbeat > 0 {
		parts = append(parts, fmt.Sprintf("a sign of life every %v", s.Heartbeat))
	}
	if s.Undo {
		parts = append(parts, "can be undone")
	}
	if s.Pure {
		parts = append(parts, "pure")
	}
	return strings.Join(parts, ", ")
}

// tries says how often a step is tried if that is more than once.
func tries(r engine.Retry) string {
	switch n := attempts(r); {
	case n < 0:
		return "tried without limit"
	case n > 1:
		return fmt.Sprintf("tried %d times", n)
	}
	return ""
}

// drawDOT draws a digraph with a cluster for each workflow, for Graphviz.
func drawDOT(b *strings.Builder, list []engine.Description) {
	b.WriteString("digraph workflows {\n\trankdir=LR;\n\tnode [shape=box, style=rounded];\n")
	for i, d := range list {
		node := func(name string) string { return fmt.Sprintf("%q", d.Name+"/"+name) }
		fmt.Fprintf(b, "\tsubgraph cluster_%d {\n\t\tlabel=%q;\n", i, fmt.Sprintf("%s, version %d", d.Name, d.Version))
		fmt.Fprintf(b, "\t\t%s [label=\"\", shape=doublecircle, width=0.15];\n", node(""))
		for j, s := range d.Steps {
			fmt.Fprintf(b, "\t\t%s [label=%q];\n", node(s.Name), s.Name)
			next := ""
			if j+1 < len(d.Steps) {
				next = d.Steps[j+1].Name
			}
			fmt.Fprintf(b, "\t\t%s -> %s;\n", node(s.Name), node(next))
			for _, to := range s.To {
				if to != next {
					fmt.Fprintf(b, "\t\t%s -> %s [style=dashed];\n", node(s.Name), node(to))
				}
			}
		}
		b.WriteString("\t}\n")
	}
	b.WriteString("}\n")
}
