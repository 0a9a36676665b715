package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/durable-wf/wf/engine/internal/store"
)

// The longest names of attributes and metrics, and the longest text of an attribute, in bytes.
const (
	MaxName          = 255
	MaxAttributeText = 4096
)

// Attributes returns what was said about a run to search it by: each value is an int64, a float64 or a
// string. They stay with a run that has ended, until it is pruned. It returns ErrRunNotFound if there is
// no such run.
func (e *Engine) Attributes(ctx context.Context, run int64) (map[string]any, error) {
	found, err := e.store.Attributes(ctx, run)
	if err != nil || len(found) > 0 {
		return attributeMap(found[run]), err
	}
	_, err = e.glance(ctx, run) // it may have none, or be gone
	return nil, err
}

// set is Context.Set.
func (a *attempt) set(name string, value any) {
	if err := nameFault(name); err != nil {
		a.blame(fmt.Errorf("attribute: %w", err))
		return
	}
	v, err := attributeValue(value)
	if err != nil {
		a.blame(fmt.Errorf("attribute %q: %w", name, err))
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.attributes == nil {
		a.attributes = map[string]any{}
	}
	a.attributes[name] = v
}

// nameFault says what is wrong with the name of an attribute or a metric.
func nameFault(name string) error {
	switch {
	case name == "":
		return errors.New("its name is empty")
	case len(name) > MaxName:
		return fmt.Errorf("its name has %d bytes, it must not have more than %d", len(name), MaxName)
	case !utf8.ValidString(name):
		return errors.New("its name is not UTF-8")
	}
	return nil
}

// attributeValue returns a value as it is stored: nil, an int64, a float64 or a string.
func attributeValue(value any) (any, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case time.Time:
		return v.UnixMicro(), nil
	case time.Duration:
		return v.Microseconds(), nil
	}
	switch v := reflect.ValueOf(value); v.Kind() { //nolint:exhaustive // no others can be searched by
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if v.Uint() > math.MaxInt64 {
			return nil, fmt.Errorf("%d is too great an integer", v.Uint())
		}
		return int64(v.Uint()), nil //nolint:gosec // it fits
	case reflect.Float32, reflect.Float64:
		if math.IsNaN(v.Float()) {
			return nil, errors.New("NaN cannot be searched by")
		}
		return v.Float(), nil
	case reflect.Bool:
		if v.Bool() {
			return int64(1), nil
		}
		return int64(0), nil
	case reflect.String:
		return attributeText(v.String())
	}
	return nil, fmt.Errorf("a %T cannot be searched by: it must be an integer, a float, a string, a bool or a time", value)
}

func attributeText(text string) (any, error) {
	switch {
	case len(text) > MaxAttributeText:
		return nil, fmt.Errorf("its text has %d bytes, it must not have more than %d", len(text), MaxAttributeText)
	case !utf8.ValidString(text):
		return nil, errors.New("its text is not UTF-8")
	}
	return text, nil
}

// attributeRows makes rows of the attributes of a new run, in the order of their names.
func attributeRows(set map[string]any) (rows []store.Attribute, err error) {
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if err := nameFault(name); err != nil {
			return nil, fmt.Errorf("attribute: %w", err)
		}
		value, err := attributeValue(set[name])
		if err != nil {
			return nil, fmt.Errorf("attribute %q: %w", name, err)
		}
		if value != nil {
			rows = append(rows, store.Attribute{Name: name, Value: value})
		}
	}
	return rows, nil
}

// attributeMap makes a map of rows; nil for none.
func attributeMap(rows []store.Attribute) map[string]any {
	if len(rows) == 0 {
		return nil
	}
	set := make(map[string]any, len(rows))
	for _, a := range rows {
		set[a.Name] = a.Value
	}
	return set
}

// attributes returns those of a run.
func (e *Engine) attributes(ctx context.Context, id int64) (map[string]any, error) {
	found, err := e.store.Attributes(ctx, id)
	return attributeMap(found[id]), err
}

// attribute fills in the attributes of runs, with one query for all.
func (e *Engine) attribute(ctx context.Context, runs []Run) error {
	ids := make([]int64, len(runs))
	for i := range runs {
		ids[i] = runs[i].ID
	}
	found, err := e.store.Attributes(ctx, ids...)
	for i := range runs {
		runs[i].Attributes = attributeMap(found[runs[i].ID])
	}
	return err
}

// change begins the change of a row that commits a snapshot: its attributes and metrics go with it. The caller
// puts the state into the row.
func (s *Snapshot) change(row *store.Run) *store.Change {
	c := &store.Change{State: true, Row: *row}
	if len(s.Attributes)+len(s.Metrics) == 0 { // as it is mostly
		return c
	}
	for _, name := range slices.Sorted(maps.Keys(s.Attributes)) {
		c.Attributes = append(c.Attributes, store.Attribute{Name: name, Value: s.Attributes[name]})
	}
	for _, m := range s.Metrics {
		c.Metrics = append(c.Metrics, store.Metric{Name: m.Name, X: m.X, Value: m.Value})
	}
	return c
}

// detail is the detail of the history row that commits a snapshot: its short form, more of the caller's, the
// attributes that it sets and how many points were measured.
func (s *Snapshot) detail(more ...any) string {
	if len(s.Attributes)+len(s.Metrics)+len(more) == 0 { // as it is mostly
		return detail("state", s.Brief)
	}
	pairs := append([]any{"state", s.Brief, "set", attributeJSON(s.Attributes)}, more...)
	if n := len(s.Metrics); n > 0 {
		pairs = append(pairs, "points", int64(n))
	}
	return detail(pairs...)
}

// told is the progress, for a detail: from it follows how fast a run was.
func (s *Snapshot) told() []any {
	if s.Done < 0 {
		return nil
	}
	return []any{"done", s.Done}
}

// attributeJSON renders attributes; infinities are strings. It is nil for none.
func attributeJSON(set map[string]any) json.RawMessage {
	if len(set) == 0 {
		return nil
	}
	shown := make(map[string]any, len(set))
	for name, value := range set {
		if f, ok := value.(float64); ok && math.IsInf(f, 0) {
			value = strconv.FormatFloat(f, 'g', -1, 64)
		}
		shown[name] = value
	}
	doc, err := json.Marshal(shown)
	if err != nil { // integers, finite floats and strings always marshal
		return nil
	}
	return doc
}

// inherit takes over what an older snapshot has said that is dropped in favour of this one.
func (s *Snapshot) inherit(old *Snapshot) {
	for name, value := range old.Attributes {
		if s.Attributes == nil {
			s.Attributes = map[string]any{}
		}
		if _, newer := s.Attributes[name]; !newer {
			s.Attributes[name] = value
		}
	}
	s.Metrics = append(old.Metrics, s.Metrics...)
}
