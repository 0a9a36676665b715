package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/durable-wf/wf/engine/internal/store"
	"github.com/durable-wf/wf/engine/internal/where"
)

// RunFilter selects runs. Zero fields select all; each field that is set narrows it.
type RunFilter struct {
	Workflows []string
	Statuses  []Status
	Queues    []string
	Since     time.Time // created at or after
	Until     time.Time // created before
	Key       string
	Parent    int64 // only its children
	Root      int64 // only its descendants, not itself
	Schedule  int64 // only the runs that it has started
	// Attributes selects by what [Context.Set] or StartOptions.Attributes has said. A value is one that Set
	// takes, or an []any of which one must be it.
	Attributes map[string]any
	// Where is an expression over the fields and the attributes of a run, such as
	//
	//	customer = 42 and status in ("failed", "cancelled") and created > "2h ago"
	//
	// See docs/search.md. One that is wrong is a *FilterError.
	Where     string
	Before    int64 // only numbers below; the last one of a page gives the next page
	Limit     int   // 0 means 1,000, which is also the most
	WithState bool  // read states and results too
}

// FilterError says that a RunFilter is not valid. Nothing was done.
type FilterError struct {
	Where string // the expression, if it is at fault
	Err   error
}

func (e *FilterError) Error() string {
	if e.Where == "" {
		return fmt.Sprintf("filter: %v", e.Err)
	}
	return fmt.Sprintf("filter %q: %v", e.Where, e.Err)
}
func (e *FilterError) Unwrap() error { return e.Err }

// List returns runs, newest first, with their attributes.
func (e *Engine) List(ctx context.Context, f RunFilter) ([]Run, error) {
	filter, err := e.filter(ctx, &f)
	if err != nil {
		return nil, err
	}
	rows, err := e.store.Runs(ctx, filter)
	if err != nil {
		return nil, err
	}
	list := make([]Run, len(rows))
	for i := range rows {
		list[i] = e.runOf(&rows[i])
	}
	return list, e.attribute(ctx, list)
}

// filter makes the store's filter of f.
func (e *Engine) filter(ctx context.Context, f *RunFilter) (store.RunFilter, error) {
	search, err := e.search(ctx, f)
	return store.RunFilter{
		Workflows: f.Workflows, Statuses: texts(f.Statuses), SinceUS: micros(f.Since), UntilUS: micros(f.Until),
		Key: f.Key, BeforeID: f.Before, Limit: limit(f.Limit), NoState: !f.WithState, Where: search,
	}, err
}

// search makes a condition of those fields of f that few searches have.
func (e *Engine) search(ctx context.Context, f *RunFilter) (where.Condition, error) {
	s := where.New(where.Options{Now: e.clock.Now(), Statuses: texts(Statuses())})
	if len(f.Queues) > 0 {
		s.Field("queue", anys(f.Queues)...)
	}
	for _, exact := range []struct {
		field string
		value int64
	}{{"parent", f.Parent}, {"root", f.Root}, {"schedule", f.Schedule}} {
		if exact.value != 0 {
			s.Field(exact.field, exact.value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Attributes)) {
		values, err := attributeChoice(f.Attributes[name])
		if err != nil {
			return where.Condition{}, &FilterError{Err: fmt.Errorf("attribute %q: %w", name, err)}
		}
		s.Attribute(name, values...)
	}
	if f.Where == "" {
		return s.Condition(), nil
	}
	mentions, err := s.Expression(f.Where)
	if err != nil {
		return where.Condition{}, &FilterError{f.Where, err}
	}
	return s.Condition(), e.mentioned(ctx, f.Where, mentions)
}

// attributeChoice returns the values of which an attribute is to have one.
func attributeChoice(value any) ([]any, error) {
	choice, several := value.([]any)
	if !several {
		choice = []any{value}
	}
	values := make([]any, len(choice))
	for i, v := range choice {
		var err error
		if values[i], err = attributeValue(v); err != nil {
			return nil, err
		}
		if values[i] == nil {
			return nil, errors.New("nil is no value: for runs that lack it, use Where with is null")
		}
	}
	return values, nil
}

// mentioned reports a name that no run has as an attribute and that is nearly one of the known names: it
// was misspelt. Left alone, it would select no run, or with "not" all of them.
func (e *Engine) mentioned(ctx context.Context, expression string, mentions []where.Mention) error {
	for _, m := range mentions {
		known, err := e.store.KnowsAttribute(ctx, m.Name)
		if err != nil {
			return err
		}
		if known {
			continue
		}
		names, err := e.store.AttributeNames(ctx)
		if err != nil {
			return err
		}
		if near := where.Near(m.Name, slices.Concat(where.Fields(), names)); near != "" {
			text := fmt.Sprintf("no run has an attribute %s, nor is it a field (if it is right, write attr(%q))", m.Name, m.Name)
			return &FilterError{expression, &where.Error{Position: m.Position, Text: text, Nearest: near}}
		}
	}
	return nil
}

func anys[T any](list []T) []any {
	values := make([]any, len(list))
	for i, v := range list {
		values[i] = v
	}
	return values
}
