package input

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
)

// setBase sets the inputs that the JSON object base names and adds their names to given.
func (f *form) setBase(state reflect.Value, base []byte, given map[string]bool) error {
	if len(bytes.TrimSpace(base)) == 0 {
		return nil
	}
	if f.opaque {
		if err := decode(base, state.Interface()); err != nil {
			return at("", err)
		}
		return nil
	}
	found := map[string]json.RawMessage{}
	if err := f.split("", base, found); err != nil {
		return err
	}
	for _, e := range f.inputs {
		raw, ok := found[e.Name]
		if !ok {
			continue
		}
		given[e.Name] = true
		if err := setJSON(e.in(state.Elem()), raw); err != nil {
			return at(e.Name, err)
		}
	}
	return nil
}

// split puts the members of the object raw, which is called prefix, under their dotted names.
func (f *form) split(prefix string, raw []byte, found map[string]json.RawMessage) error {
	var members map[string]json.RawMessage
	if !bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{")) {
		return &Error{Field: prefix, Problem: "takes a JSON object"}
	}
	if err := decode(raw, &members); err != nil {
		return at(prefix, err)
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		full := join(prefix, name)
		if f.groups[full] {
			if err := f.split(full, members[name], found); err != nil {
				return err
			}
			continue
		}
		if _, err := f.find(full); err != nil {
			return err
		}
		found[full] = members[name]
	}
	return nil
}

// setJSON sets v to a JSON value as the codec does, but integers may also be written 1e6.
func setJSON(v reflect.Value, raw []byte) error {
	raw = bytes.TrimSpace(raw)
	t := indirect(v.Type())
	switch {
	case readsText(t) || readsJSON(t):
	case isNumber(raw) && kindName(t) == "int":
		return setInt(alloc(v), string(raw))
	case isNumber(raw) && kindName(t) == "uint":
		return setUint(alloc(v), string(raw))
	case t.Kind() == reflect.Slice && isList(t) && bytes.HasPrefix(raw, []byte("[")):
		return setJSONList(alloc(v), raw)
	}
	return decode(raw, v.Addr().Interface())
}

func setJSONList(v reflect.Value, raw []byte) error {
	var items []json.RawMessage
	if err := decode(raw, &items); err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		if err := setJSON(v.Index(i), item); err != nil {
			return at(strconv.Itoa(i), err)
		}
	}
	return nil
}

func isNumber(raw []byte) bool {
	return len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9') && json.Valid(raw)
}
