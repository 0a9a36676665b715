package where

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// compiler makes terms of an expression's tree.
type compiler struct {
	search     *Search
	expression string
	mentions   []Mention
}

// fault makes the error of something at a place in the expression.
func (c *compiler) fault(at lexer.Position, nearest, format string, args ...any) error {
	return &Error{position(c.expression, at.Offset), fmt.Sprintf(format, args...), nearest}
}

func (c *compiler) anyOf(tree *anyOf) (term, error) {
	return several(true, tree.Any, c.allOf)
}

func (c *compiler) allOf(tree *allOf) (term, error) {
	return several(false, tree.All, c.unary)
}

// several makes one term of some parts; of a single one, that alone.
func several[T any](any bool, parts []T, compile func(T) (term, error)) (term, error) {
	t := term{any: any}
	for _, part := range parts {
		inner, err := compile(part)
		if err != nil {
			return term{}, err
		}
		t.of = append(t.of, inner)
	}
	if len(t.of) == 1 {
		return t.of[0], nil
	}
	return t, nil
}

func (c *compiler) unary(tree *unary) (t term, err error) {
	if tree.Group != nil {
		t, err = c.anyOf(tree.Group)
	} else {
		t, err = c.testing(tree.Test)
	}
	t.not = t.not != (len(tree.Nots)%2 == 1)
	return t, err
}

// testing makes a test of a comparison.
func (c *compiler) testing(tree *testing) (term, error) {
	if c.search.tests++; c.search.tests > maxTests {
		return term{}, c.fault(tree.Pos, "", "it has more than %d comparisons", maxTests)
	}
	switch {
	case tree.Null != nil:
		return c.null(tree.Left, tree.Null.Not)
	case tree.In != nil:
		return c.in(tree)
	case tree.Binary != nil:
		return c.binary(tree.Left, tree.Binary)
	}
	what := c.textAt(tree.Left)
	return term{}, c.fault(tree.Pos, "", "%s is compared with nothing: write such as %s = 1", what, what)
}

// subject begins the test of what an operand names.
func (c *compiler) subject(o *operand) (*test, error) {
	switch {
	case o.Call != nil && o.Call.Name == "attr":
		return &test{attribute: unquote(o.Call.Text)}, nil
	case o.Call != nil && !o.isValue():
		_, err := c.function(o)
		return nil, err
	case o.Name == nil:
		return nil, c.fault(o.Pos, "", "%s is a value: a comparison begins with the name of a field or an attribute", c.textAt(o))
	}
	if f, ok := fieldOf(*o.Name); ok {
		return &test{field: f}, nil
	}
	c.mentions = append(c.mentions, Mention{*o.Name, position(c.expression, o.Pos.Offset)})
	return &test{attribute: *o.Name}, nil
}

func (c *compiler) null(left *operand, not bool) (term, error) {
	t, err := c.subject(left)
	if err != nil {
		return term{}, err
	}
	t.op = opNull
	return term{not: not, test: t}, nil
}

func (c *compiler) in(tree *testing) (term, error) {
	t, err := c.subject(tree.Left)
	if err != nil {
		return term{}, err
	}
	t.op = opIn
	for _, o := range tree.In.List {
		v, err := c.value(t, o)
		if err != nil {
			return term{}, err
		}
		t.values = append(t.values, v)
	}
	return term{not: tree.In.Not, test: t}, nil
}

func (c *compiler) binary(left *operand, b *binary) (term, error) {
	o, not := op(strings.ToLower(b.Op)), b.Not
	if b.Not && !o.textual() {
		return term{}, c.fault(b.Pos, "", "not stands before in, like, contains, startsWith and endsWith, or before the whole comparison")
	}
	switch {
	case o == "==":
		o = opEqual
	case o == "!=" || o == "<>":
		o, not = opEqual, true
	}
	right := b.Right
	if left.isValue() && !o.textual() { // 42 < customer
		left, right, o = right, left, o.turned()
	}
	if right.Word != nil && strings.EqualFold(*right.Word, "null") && o == opEqual {
		return c.null(left, not)
	}
	t, err := c.subject(left)
	if err != nil {
		return term{}, err
	}
	t.op = o
	if f, ok := c.fieldAt(right); ok && t.attribute == "" && f.kind == t.field.kind && !o.textual() {
		t.other = &f
		return term{not: not, test: t}, nil
	}
	v, err := c.value(t, right)
	t.values = []any{v}
	return term{not: not, test: t}, err
}

// isValue reports whether the operand can only be what something is compared with.
func (o *operand) isValue() bool {
	return o.Name == nil && (o.Call == nil || o.Call.Name == "time" || o.Call.Name == "duration")
}

// turned is the operator with its sides exchanged.
func (o op) turned() op {
	switch o {
	case opLess:
		return opGreater
	case opMost:
		return opLeast
	case opGreater:
		return opLess
	case opLeast:
		return opMost
	default:
		return o
	}
}

func (c *compiler) fieldAt(o *operand) (field, bool) {
	if o.Name == nil {
		return field{}, false
	}
	return fieldOf(*o.Name)
}

// value reads what a test compares with: an int64, a float64 or a string.
func (c *compiler) value(t *test, o *operand) (any, error) {
	if c.search.values++; c.search.values > maxValues {
		return nil, c.fault(o.Pos, "", "it has more than %d values", maxValues)
	}
	v, err := c.literal(o)
	if err != nil {
		return nil, err
	}
	s, isText := v.(string)
	if t.op.textual() && (!isText || t.attribute == "" && t.field.kind != text && t.field.kind != status) {
		return nil, c.fault(o.Pos, "", "%s compares texts", t.op)
	}
	if t.attribute != "" {
		return v, nil
	}
	switch f := t.field; f.kind {
	case integer:
		if isText {
			return nil, c.fault(o.Pos, "", "%s is compared with a number, not with the text %s", f.name, shown(s))
		}
	case text, status:
		if !isText {
			return nil, c.fault(o.Pos, "", "%s is compared with a text in quotes", f.name)
		}
		if known := c.search.options.Statuses; f.kind == status && !t.op.textual() && !slices.Contains(known, s) {
			return nil, c.fault(o.Pos, Near(s, known), "%s is no status: there is %s", shown(s), strings.Join(known, ", "))
		}
	case moment:
		return c.momentValue(f, o, v)
	case span:
		return c.spanValue(f, o, v)
	}
	return v, nil
}

func (c *compiler) momentValue(f field, o *operand, v any) (any, error) {
	s, ok := v.(string)
	if !ok {
		if _, whole := v.(int64); whole && o.Call != nil { // time(…)
			return v, nil
		}
		return nil, c.fault(o.Pos, "", "%s is compared with a time such as \"2h ago\" or \"2026-11-01\"", f.name)
	}
	at, err := momentOf(s, c.search.options.Now)
	if err != nil {
		return nil, c.fault(o.Pos, "", "%v", err)
	}
	return at.UnixMicro(), nil
}

func (c *compiler) spanValue(f field, o *operand, v any) (any, error) {
	s, ok := v.(string)
	if !ok {
		if _, whole := v.(int64); whole && o.Call != nil { // duration(…)
			return v, nil
		}
		return nil, c.fault(o.Pos, "", "%s is compared with a length of time such as \"90s\" or \"2h\"", f.name)
	}
	d, err := spanOf(s)
	if err != nil {
		return nil, c.fault(o.Pos, "", "%v", err)
	}
	return d.Microseconds(), nil
}

// literal reads a value as it is written.
func (c *compiler) literal(o *operand) (any, error) {
	switch {
	case o.Text != nil:
		return unquote(*o.Text), nil
	case o.Number != nil:
		v, err := number(*o.Number)
		if err != nil {
			return nil, c.fault(o.Pos, "", "%v", err)
		}
		return v, nil
	case o.Word != nil && strings.EqualFold(*o.Word, "true"):
		return int64(1), nil
	case o.Word != nil && strings.EqualFold(*o.Word, "false"):
		return int64(0), nil
	case o.Word != nil:
		return nil, c.fault(o.Pos, "", "null is nothing to compare with: write is null or is not null")
	case o.Call != nil:
		return c.function(o)
	}
	return nil, c.fault(o.Pos, "", "%s is a name, not a value: write the text %s in quotes", c.textAt(o), strconv.Quote(*o.Name))
}

// function is the value of a function's call: attributes that are times are microseconds.
func (c *compiler) function(o *operand) (any, error) {
	said := unquote(o.Call.Text)
	switch o.Call.Name {
	case "time":
		at, err := momentOf(said, c.search.options.Now)
		if err != nil {
			return nil, c.fault(o.Pos, "", "%v", err)
		}
		return at.UnixMicro(), nil
	case "duration":
		d, err := spanOf(said)
		if err != nil {
			return nil, c.fault(o.Pos, "", "%v", err)
		}
		return d.Microseconds(), nil
	case "attr":
		return nil, c.fault(o.Pos, "", "an attribute is compared with a value")
	}
	known := []string{"attr", "time", "duration"}
	return nil, c.fault(o.Pos, Near(o.Call.Name, known), "there is no function %s: there is %s", shown(o.Call.Name), strings.Join(known, ", "))
}

// textAt is an operand as it stands in an error.
func (c *compiler) textAt(o *operand) string {
	switch {
	case o.Name != nil:
		return *o.Name
	case o.Call != nil:
		return o.Call.Name + "(" + o.Call.Text + ")"
	case o.Number != nil:
		return *o.Number
	case o.Word != nil:
		return *o.Word
	}
	return shown(unquote(*o.Text))
}
