package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/durable-wf/wf/engine/internal/codec"
	"github.com/durable-wf/wf/engine/internal/input"
)

const (
	briefLength = 120 // of a brief, in bytes
	briefValue  = 40  // of one value in it
)

// briefState is the short form of a state for people, such as "i=5 total=15": its scalar fields that are
// no inputs.
func briefState[S any](s *S) string {
	var b strings.Builder
	b.Grow(briefLength / 2)
	v := reflect.ValueOf(s).Elem()
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		addBrief(&b, "", v)
		return b.String()
	}
	for _, f := range briefFields(v.Type()) {
		addBrief(&b, f.name, v.Field(f.index))
	}
	return b.String()
}

type briefField struct {
	index int
	name  string
}

var briefPlans sync.Map // reflect.Type -> []briefField; a cache of what is derived from types

func briefFields(t reflect.Type) []briefField {
	if plan, ok := briefPlans.Load(t); ok {
		return plan.([]briefField)
	}
	var plan []briefField
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if _, isInput := f.Tag.Lookup("help"); isInput || !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		plan = append(plan, briefField{i, name})
	}
	briefPlans.Store(t, plan)
	return plan
}

// addBrief appends name=value if value is scalar, or speaks for itself, and there is room.
func addBrief(b *strings.Builder, name string, v reflect.Value) {
	var text string
	switch v.Kind() {
	case reflect.String:
		if text = v.String(); v.Type() != reflect.TypeFor[string]() { // it may have a form of its own
			text = fmt.Sprint(v.Interface())
		}
	case reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		text = fmt.Sprint(v.Interface())
	case reflect.Slice, reflect.Map, reflect.Array:
		text = lengthText(v.Len())
	default:
		s, ok := v.Interface().(fmt.Stringer)
		if !ok || v.Kind() == reflect.Pointer && v.IsNil() {
			return
		}
		text = s.String()
	}
	writeBrief(b, name, text)
}

// lengthText stands for a list in a brief.
func lengthText(n int) string { return "[" + strconv.Itoa(n) + "]" }

func writeBrief(b *strings.Builder, name, text string) {
	if len(text) > briefValue {
		cut := briefValue
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "…"
	}
	if b.Len()+len(name)+len(text) > briefLength {
		return
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	if name != "" {
		b.WriteString(name)
		b.WriteByte('=')
	}
	b.WriteString(text)
}

// briefJSON is the short form of a state of which only the JSON is at hand; the names in skip are
// left out.
func briefJSON(doc []byte, skip map[string]bool) string {
	var b strings.Builder
	if doc = bytes.TrimSpace(doc); len(doc) == 0 || doc[0] != '{' {
		writeBrief(&b, "", string(doc))
		return b.String()
	}
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	if _, err := dec.Token(); err != nil { // never: it is the brace
		return ""
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			break
		}
		var v any
		if err := dec.Decode(&v); err != nil {
			break
		}
		if s, ok := name.(string); ok && !skip[s] {
			briefAny(&b, s, v)
		}
	}
	return b.String()
}

// sketch is the short form of a stored state, "" if it cannot be read.
func sketch(p Payload, skip map[string]bool) string {
	if brief, ok := briefMembers(p, skip); ok {
		return brief
	}
	doc, err := p.JSON()
	if err != nil {
		return ""
	}
	return briefJSON(doc, skip)
}

// briefMembers is the short form of a large state, of which it does not render all as JSON. It reports false for
// one that is small, or JSON anyway.
func briefMembers(p Payload, skip map[string]bool) (string, bool) {
	if len(p.Data) <= codec.MaxInline {
		return "", false
	}
	tree, err := p.Tree()
	members, ok := tree.(map[string]any)
	if err != nil || !ok {
		return "", false
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !skip[name] {
			briefAny(&b, name, members[name])
		}
	}
	return b.String(), true
}

func briefAny(b *strings.Builder, name string, v any) {
	switch v := v.(type) {
	case nil, map[string]any:
	case []any:
		writeBrief(b, name, fmt.Sprintf("[%d]", len(v)))
	case []byte:
		writeBrief(b, name, fmt.Sprintf("[%d]", len(v)))
	case fmt.Stringer:
		writeBrief(b, name, v.String())
	default:
		if list := reflect.ValueOf(v); list.Kind() == reflect.Slice {
			writeBrief(b, name, fmt.Sprintf("[%d]", list.Len()))
			return
		}
		writeBrief(b, name, fmt.Sprint(v))
	}
}

var inputPlans sync.Map // reflect.Type -> map[string]bool; a cache of what is derived from types

// inputNames are the top-level fields of t that are inputs. The map must not be changed.
func inputNames(t reflect.Type) map[string]bool {
	if names, ok := inputPlans.Load(t); ok {
		return names.(map[string]bool)
	}
	names := map[string]bool{}
	fields, _ := input.Fields(t)
	for _, f := range fields {
		name, _, _ := strings.Cut(f.Name, ".")
		names[name] = true
	}
	inputPlans.Store(t, names)
	return names
}

func decodeJSON(doc []byte, v any) error {
	return codec.Decode(Payload{Codec: string(JSON), Data: doc}, v)
}
