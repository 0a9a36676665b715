package steps

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/durable-wf/wf/engine"
)

// maxPoints bounds the runs of a sweep, all of which are made in one transaction.
const maxPoints = 100_000

// plan is the points of a sweep, in their order: the last axis is the one that changes fastest.
type plan struct {
	def    engine.Definition
	said   engine.Description
	common []setting // the same at all points
	axes   [][]point // one of each makes a point of the sweep
	words  []string
	size   int
}

// point is what an axis says at one place.
type point []setting

// setting is an input and its value: a word as on a command line, or JSON that is no scalar.
type setting struct {
	name, word string
	doc        json.RawMessage
}

func (w sweeper) plan(s *SweepState) (*plan, error) {
	def, err := w.workflow(s.Workflow)
	if err != nil {
		return nil, err
	}
	p := &plan{def: def, said: def.Describe(), words: s.Words}
	for _, text := range s.Set {
		name, word, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("set %q needs the form NAME=VALUE", text)
		}
		p.common = append(p.common, setting{name: name, word: word})
	}
	points, err := pointAxis(s.Points)
	if err != nil {
		return nil, err
	}
	p.add(points)
	for _, text := range s.Grid {
		axis, err := valueAxis("grid", text)
		if err != nil {
			return nil, err
		}
		p.add(axis)
	}
	zipped, err := zipAxis(s.Zip)
	if err != nil {
		return nil, err
	}
	p.add(zipped)
	if s.Repeat > 1 {
		p.add(make([]point, min(s.Repeat, maxPoints+1)))
	}
	return p, p.check()
}

// workflow finds the one to run.
func (w sweeper) workflow(name string) (engine.Definition, error) {
	names := make([]string, len(w.workflows))
	for i, def := range w.workflows {
		names[i] = def.Describe().Name
		if names[i] == name {
			return def, nil
		}
	}
	known := "there are " + strings.Join(names, ", ")
	if name == "" {
		return nil, errors.New("it needs a workflow to run; " + known)
	}
	return nil, fmt.Errorf("workflow %q is unknown; %s", name, known)
}

func (p *plan) add(axis []point) {
	if len(axis) > 0 {
		p.axes = append(p.axes, axis)
	}
}

// check counts the points, and finds names that are given twice.
func (p *plan) check() error {
	if len(p.axes) == 0 {
		return errors.New("it needs points: grid, zip, points or repeat")
	}
	p.size = 1
	for _, axis := range p.axes {
		if p.size *= len(axis); p.size > maxPoints {
			return fmt.Errorf("there are more than %d points", maxPoints)
		}
	}
	if len(p.words) > 0 && p.rest() == "" {
		return fmt.Errorf("workflow %s takes no words after --", p.said.Name)
	}
	for i := range p.size {
		seen := map[string]bool{}
		for _, s := range p.at(i) {
			if seen[s.name] {
				return fmt.Errorf("%s is given twice", s.name)
			}
			seen[s.name] = true
		}
	}
	return nil
}

// at returns what is set at a point: what changes, then what is common.
func (p *plan) at(i int) point {
	return append(p.varying(i), p.common...)
}

// varying returns what is set at a point but not at all.
func (p *plan) varying(i int) (settings point) {
	places := make([]int, len(p.axes))
	for a := len(p.axes) - 1; a >= 0; a-- {
		places[a] = i % len(p.axes[a])
		i /= len(p.axes[a])
	}
	for a, place := range places {
		settings = append(settings, p.axes[a][place]...)
	}
	return settings
}

// input makes the input of the run at a point.
func (p *plan) input(i int) (json.RawMessage, error) {
	words, docs := map[string][]string{}, map[string]json.RawMessage{}
	settings := p.at(i)
	for _, s := range settings {
		switch name, word := p.place(s); {
		case s.doc != nil:
			docs[s.name] = s.doc
		default:
			words[name] = append(words[name], word)
		}
	}
	if rest := p.rest(); len(p.words) > 0 {
		words[rest] = settings.substitute(p.words)
	}
	if len(docs) == 0 {
		return p.def.Input(nil, words)
	}
	base, err := json.Marshal(docs)
	if err != nil {
		return nil, err
	}
	return p.def.Input(base, words)
}

// place says which input takes a setting. What is no input is a parameter, if the workflow takes such by an input
// param: then it stands for a program that has names of its own.
func (p *plan) place(s setting) (name, word string) {
	isInput := func(name string) func(engine.Input) bool {
		return func(in engine.Input) bool { return in.Name == name }
	}
	known := slices.ContainsFunc(p.said.Inputs, isInput(s.name))
	if i := slices.IndexFunc(p.said.Inputs, isInput("param")); !known && i >= 0 && p.said.Inputs[i].Repeated {
		return "param", s.name + "=" + s.word
	}
	return s.name, s.word
}

// rest names the input that takes the words after "--", "" if there is none.
func (p *plan) rest() string {
	i := slices.IndexFunc(p.said.Inputs, func(in engine.Input) bool { return in.Rest })
	if i < 0 {
		return ""
	}
	return p.said.Inputs[i].Name
}

// substitute puts the values of a point into words, for {NAME}.
func (p point) substitute(words []string) []string {
	var pairs []string
	for _, s := range p {
		pairs = append(pairs, "{"+s.name+"}", s.text())
	}
	replacer := strings.NewReplacer(pairs...)
	changed := make([]string, len(words))
	for i, word := range words {
		changed[i] = replacer.Replace(word)
	}
	return changed
}

// blame says at which point an error came up.
func (p *plan) blame(i int, err error) error {
	if inner, ok := errors.AsType[*engine.InputError](err); ok {
		err = inner.Err
	}
	var where []string
	for _, s := range p.varying(i) {
		where = append(where, s.name+"="+s.text())
	}
	if len(where) == 0 {
		return fmt.Errorf("point %d: %w", i+1, err)
	}
	return fmt.Errorf("point %d (%s): %w", i+1, strings.Join(where, ", "), err)
}

// text is the value as a word.
func (s setting) text() string {
	if s.doc != nil {
		return string(s.doc)
	}
	return s.word
}
