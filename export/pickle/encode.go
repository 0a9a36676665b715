package pickle

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"time"

	"github.com/durable-wf/wf/export"
)

// batch is how many items a list or dict gets at once: a reader keeps as many on its stack.
const batch = 1000

// encoder writes one pickle. Errors of w show when it is flushed.
type encoder struct {
	w    *bufio.Writer
	memo map[string]uint32
}

func (e *encoder) document(ctx context.Context, doc *export.Document) error {
	e.op(opProto, 4)
	if err := e.group(ctx, doc); err != nil {
		return err
	}
	e.op(opStop)
	return e.w.Flush()
}

func (e *encoder) op(code ...byte) { _, _ = e.w.Write(code) }

func (e *encoder) group(ctx context.Context, g *export.Group) error {
	return e.dict(func(key func(string)) error {
		if len(g.Attributes) > 0 {
			key(attributesName(g))
			if err := e.attributes(g.Attributes); err != nil {
				return err
			}
		}
		for _, t := range g.Tables {
			key(t.Name)
			if err := e.table(ctx, t); err != nil {
				return &export.FormatError{Format: "pickle", Where: t.Name, Err: err}
			}
		}
		for _, a := range g.Arrays {
			key(a.Name)
			if err := e.array(ctx, a, a.Dims, new(int)); err != nil {
				return &export.FormatError{Format: "pickle", Where: a.Name, Err: err}
			}
		}
		for _, sub := range g.Groups {
			key(sub.Name)
			if err := e.group(ctx, sub); err != nil {
				return err
			}
		}
		return nil
	})
}

// attributesName is "attributes", or what is left of it: a group may hold something of that name.
func attributesName(g *export.Group) string {
	taken := map[string]bool{}
	for _, t := range g.Tables {
		taken[t.Name] = true
	}
	for _, a := range g.Arrays {
		taken[a.Name] = true
	}
	for _, sub := range g.Groups {
		taken[sub.Name] = true
	}
	name := "attributes"
	for taken[name] {
		name += "_"
	}
	return name
}

func (e *encoder) attributes(all []export.Attribute) error {
	return e.dict(func(key func(string)) error {
		for _, a := range all {
			key(a.Name)
			if err := e.value(a.Value); err != nil {
				return err
			}
		}
		return nil
	})
}

// dict writes a dict. fill calls key before each value that it writes.
func (e *encoder) dict(fill func(key func(string)) error) error {
	e.op(opEmptyDict)
	written := 0
	err := fill(func(name string) {
		if written%batch == 0 {
			if written > 0 {
				e.op(opSetItems)
			}
			e.op(opMark)
		}
		written++
		e.name(name)
	})
	if written > 0 {
		e.op(opSetItems)
	}
	return err
}

// list writes a list. fill calls next before each item that it writes.
func (e *encoder) list(fill func(next func()) error) error {
	e.op(opEmptyList)
	written := 0
	err := fill(func() {
		if written%batch == 0 {
			if written > 0 {
				e.op(opAppends)
			}
			e.op(opMark)
		}
		written++
	})
	if written > 0 {
		e.op(opAppends)
	}
	return err
}

func (e *encoder) table(ctx context.Context, t *export.Table) error {
	return e.list(func(next func()) error {
		if t.Rows == nil {
			return nil
		}
		for row, err := range t.Rows {
			if err == nil {
				err = t.CheckRow(row)
			}
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			next()
			err = e.dict(func(key func(string)) error {
				for i, v := range row {
					key(t.Columns[i].Name)
					if err := e.value(v); err != nil {
						return fmt.Errorf("column %s: %w", t.Columns[i].Name, err)
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// array writes the values from the one with number at on as lists in each other.
func (e *encoder) array(ctx context.Context, a *export.Array, dims []int, at *int) error {
	if len(dims) == 0 {
		*at++
		return e.value(a.At(*at - 1))
	}
	return e.list(func(next func()) error {
		for range dims[0] {
			next()
			if err := e.array(ctx, a, dims[1:], at); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
}

func (e *encoder) value(value any) error {
	switch v := value.(type) {
	case nil:
		e.op(opNone)
	case bool:
		if v {
			e.op(opTrue)
		} else {
			e.op(opFalse)
		}
	case int64:
		e.int(v)
	case *big.Int:
		e.bigInt(v)
	case float64:
		e.op(binary.BigEndian.AppendUint64([]byte{opBinFloat}, math.Float64bits(v))...)
	case string:
		e.text(v)
	case time.Time:
		e.time(v)
	case json.RawMessage:
		return e.json(v)
	default:
		return fmt.Errorf("a %T cannot be in a pickle", value)
	}
	return nil
}

func (e *encoder) int(n int64) {
	switch {
	case n >= 0 && n <= math.MaxUint8:
		e.op(opBinInt1, byte(n))
	case n >= 0 && n <= math.MaxUint16:
		e.op(binary.LittleEndian.AppendUint16([]byte{opBinInt2}, uint16(n))...)
	case n >= math.MinInt32 && n <= math.MaxInt32:
		e.op(binary.LittleEndian.AppendUint32([]byte{opBinInt}, uint32(int32(n)))...)
	default:
		e.op(binary.LittleEndian.AppendUint64([]byte{opLong1, 8}, uint64(n))...)
	}
}

func (e *encoder) text(s string) {
	switch n := len(s); {
	case n <= math.MaxUint8:
		e.op(opShortUnicode, byte(n))
	case n <= math.MaxUint32:
		e.op(binary.LittleEndian.AppendUint32([]byte{opBinUnicode}, uint32(n))...)
	default:
		e.op(binary.LittleEndian.AppendUint64([]byte{opBinUnicode8}, uint64(n))...)
	}
	_, _ = e.w.WriteString(s)
}

// name writes a text that may come again.
func (e *encoder) name(s string) {
	if !e.remembered(s) {
		e.text(s)
		e.remember(s)
	}
}

// remembered writes what has been remembered as s.
func (e *encoder) remembered(s string) bool {
	n, ok := e.memo[s]
	switch {
	case !ok:
	case n <= math.MaxUint8:
		e.op(opBinGet, byte(n))
	default:
		e.op(binary.LittleEndian.AppendUint32([]byte{opLongBinGet}, n)...)
	}
	return ok
}

// remember gives what was just written a number.
func (e *encoder) remember(s string) {
	e.memo[s] = uint32(len(e.memo))
	e.op(opMemoize)
}
