package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/export"
)

// points is the input that takes all records of a file, for a workflow that has it: a sweep.
const points = "points"

// readFrom adds the inputs in the file of --from to those of the command line, which win. A single value of a
// file is understood as a word on the command line is, so that a cell of a table has the type of its input.
func (l *commandLine) readFrom(ctx context.Context, path string, base []byte) ([]byte, error) {
	if path == "" {
		return base, nil
	}
	records, err := recordsOf(ctx, path)
	if err != nil {
		return nil, err
	}
	given, err := objectOf(base)
	if err != nil {
		return nil, err
	}
	d := l.def.Describe()
	switch {
	case takesPoints(d, records):
		list, err := pointList(records)
		if _, ok := given[points]; !ok && l.words[points] == nil {
			given[points] = list
		}
		return marshaled(given, err)
	case len(records) != 1:
		return nil, hinted(usagef("%s holds %s, but one is needed: the inputs of %s", path, plural(int64(len(records)), "record"), d.Name),
			"start sweep runs a workflow with each record of a file")
	}
	for _, f := range records[0] {
		top, _, _ := strings.Cut(f.Name, ".")
		if _, ok := given[top]; ok || l.words[f.Name] != nil {
			continue
		}
		if f.Word != "" && !structured(f.Word) {
			l.words[f.Name] = []string{f.Word}
		} else {
			given[f.Name] = document(f)
		}
	}
	return marshaled(given, nil)
}

// recordsOf reads the records in a file.
func recordsOf(ctx context.Context, path string) ([][]export.Field, error) {
	format, err := export.Find(fileFormats(), path)
	if err == nil && format.Read == nil {
		err = fmt.Errorf("%s is written, not read", format.Name)
	}
	if err != nil {
		return nil, &usageError{err: fmt.Errorf("--from %s: %w", path, err)}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &usageError{err: fmt.Errorf("--from: %w", err)}
	}
	defer f.Close() //nolint:errcheck // it was only read
	var records [][]export.Field
	doc, err := format.Read(ctx, f)
	if err == nil {
		records, err = export.Records(ctx, doc)
	}
	if err != nil {
		return nil, &usageError{err: fmt.Errorf("--from %s: %w", path, err)}
	}
	return records, nil
}

// objectOf takes a JSON object apart, nothing for none.
func objectOf(doc []byte) (map[string]json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	if len(doc) == 0 {
		return members, nil
	}
	if err := json.Unmarshal(doc, &members); err != nil || members == nil {
		return nil, usagef("--input must be a JSON object to go with --from")
	}
	return members, nil
}

func marshaled(members map[string]json.RawMessage, err error) ([]byte, error) {
	if err != nil || len(members) == 0 {
		return nil, err
	}
	return json.Marshal(members)
}

// takesPoints reports whether the records are points of a sweep rather than the inputs of the workflow.
func takesPoints(d engine.Description, records [][]export.Field) bool {
	is := func(name string) bool {
		return slices.ContainsFunc(d.Inputs, func(in engine.Input) bool { return in.Name == name })
	}
	if !is(points) || len(records) != 1 {
		return is(points)
	}
	return !slices.ContainsFunc(records[0], func(f export.Field) bool { return is(f.Name) })
}

// pointList is the records as a JSON list of objects, their members in the order of the file. A single value that
// has no type of its own stays a text: whoever takes the points knows what it wants.
func pointList(records [][]export.Field) (json.RawMessage, error) {
	list := make([]json.RawMessage, len(records))
	for i, record := range records {
		object := []byte{'{'}
		for _, f := range record {
			name, err := json.Marshal(f.Name)
			if err != nil {
				return nil, err
			}
			if len(object) > 1 {
				object = append(object, ',')
			}
			object = append(append(append(object, name...), ':'), document(f)...)
		}
		list[i] = append(object, '}')
	}
	return json.Marshal(list)
}

// document is the value of a field, or the list or object that is written in a text.
func document(f export.Field) json.RawMessage {
	if f.Word != "" && structured(f.Word) {
		return json.RawMessage(f.Word)
	}
	return f.Value
}

// structured reports whether a text is a JSON list or object.
func structured(word string) bool {
	return (word[0] == '[' || word[0] == '{') && json.Valid([]byte(word))
}
