package steps

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/durable-wf/wf/engine"
)

// SweepRow is what became of the run at one point. In JSON it is one flat object: the parameters in their order,
// then run, status, result and error, so that a list of rows is a table. A parameter with the name of one of these
// is called input.NAME there.
type SweepRow struct {
	Params []Param
	Run    int64
	Status engine.Status
	Result json.RawMessage // nil if there is none
	Error  string          // why it did not complete
}

// Param is an input that differs from point to point.
type Param struct {
	Name  string
	Value json.RawMessage
}

// params are what is set at a point, as JSON.
func (p *plan) params(i int) []Param {
	var list []Param
	for _, s := range p.varying(i) {
		list = append(list, Param{s.name, p.value(s)})
	}
	return list
}

// value is a value as JSON: a number or truth if it is written like one and the input is no text.
func (p *plan) value(s setting) json.RawMessage {
	if s.doc != nil {
		return s.doc
	}
	i := slices.IndexFunc(p.said.Inputs, func(in engine.Input) bool { return in.Name == s.name })
	isText := i >= 0 && (p.said.Inputs[i].Type == "string" || p.said.Inputs[i].Type == "text")
	switch x := exact(s.word); {
	case isText:
	case x != nil:
		return []byte(decimal(x))
	case s.word == "true" || s.word == "false":
		return []byte(s.word)
	}
	doc, _ := json.Marshal(s.word) // a string always does
	return doc
}

// rowNames are those of a row's own columns.
func rowNames() []string { return []string{"run", "status", "result", "error"} }

const inputPrefix = "input."

// MarshalJSON returns the row as one object.
func (r SweepRow) MarshalJSON() ([]byte, error) {
	b := []byte("{")
	for _, p := range r.Params {
		if slices.Contains(rowNames(), p.Name) {
			p.Name = inputPrefix + p.Name
		}
		name, err := json.Marshal(p.Name)
		if err != nil {
			return nil, err
		}
		b = append(append(append(append(b, name...), ':'), p.Value...), ',')
	}
	own, err := json.Marshal(struct {
		Run    int64           `json:"run"`
		Status engine.Status   `json:"status"`
		Result json.RawMessage `json:"result"`
		Error  string          `json:"error"`
	}{r.Run, r.Status, r.Result, r.Error})
	if err != nil {
		return nil, err
	}
	return append(b, own[1:]...), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *SweepRow) UnmarshalJSON(doc []byte) error {
	*r = SweepRow{}
	return eachMember(doc, func(name string, value json.RawMessage) error {
		switch name {
		case "run":
			return json.Unmarshal(value, &r.Run)
		case "status":
			return json.Unmarshal(value, &r.Status)
		case "result":
			if string(value) != "null" {
				r.Result = value
			}
			return nil
		case "error":
			return json.Unmarshal(value, &r.Error)
		}
		if own := strings.TrimPrefix(name, inputPrefix); slices.Contains(rowNames(), own) {
			name = own
		}
		r.Params = append(r.Params, Param{name, value})
		return nil
	})
}

// eachMember calls fn with the members of a JSON object in their order.
func eachMember(doc []byte, fn func(name string, value json.RawMessage) error) error {
	dec := json.NewDecoder(bytes.NewReader(doc))
	if first, err := dec.Token(); err != nil || first != json.Delim('{') {
		return errors.New("it must be a JSON object")
	}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // the decoder takes nothing else for a name
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		if err := fn(name, value); err != nil {
			return err
		}
	}
	return nil
}
