package store

import (
	"context"
	"database/sql"
	"fmt"

	queries "github.com/durable-wf/wf/sql"
)

// setAttributes writes what was said about runs: args are those of attribute_set.sql.
func (b *batch) setAttributes(args []any) error {
	_, err := b.w.stmts.attributeSet.exec(args)
	return err
}

// appendAttributes appends the parameters of attribute_set.sql, and deletes the attributes that list
// takes away. Of two values of one name the later counts.
func (b *batch) appendAttributes(args []any, run int64, list []Attribute) ([]any, error) {
	if len(list) == 0 {
		return args, nil
	}
	last := make(map[string]int, len(list))
	for i, a := range list {
		last[a.Name] = i
	}
	for i, a := range list {
		switch {
		case last[a.Name] != i:
		case a.Value != nil:
			args = append(args, run, a.Name, a.Value)
		default:
			if err := b.w.exec(b.w.stmts.attributeDelete, run, a.Name); err != nil {
				return nil, err
			}
		}
	}
	return args, nil
}

// Attributes returns the attributes of some runs, those of each in the order of their names.
func (s *Store) Attributes(ctx context.Context, runs ...int64) (map[int64][]Attribute, error) {
	type row struct {
		Run int64 `db:"run"`
		Attribute
	}
	if len(runs) == 0 {
		return nil, nil
	}
	rows, err := list[row](ctx, s, "attributes", queries.AttributeList, sql.Named("runs", jsonList(runs)))
	if err != nil {
		return nil, err
	}
	found := map[int64][]Attribute{}
	for _, r := range rows {
		found[r.Run] = append(found[r.Run], r.Attribute)
	}
	return found, nil
}

// KnowsAttribute reports whether any run has an attribute of that name.
func (s *Store) KnowsAttribute(ctx context.Context, name string) (bool, error) {
	return get[bool](ctx, s, fmt.Sprintf("attribute %q", name), queries.AttributeKnown, sql.Named("name", name))
}

// AttributeNames returns the names of all attributes, at most 1,000.
func (s *Store) AttributeNames(ctx context.Context) ([]string, error) {
	return list[string](ctx, s, "names of attributes", queries.AttributeNames, sql.Named("limit", pageRows))
}
