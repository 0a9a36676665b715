package codec

import (
	"reflect"
	"sync"
)

// bulk is about how many bytes of CBOR the large fields of v come to: its texts, byte strings and typed
// arrays, as far as they stand in structs. It saves a large state from being copied again and again while
// the buffer grows.
func bulk(v any) int {
	rv := reflect.ValueOf(v)
	for rv.Kind() == reflect.Pointer && !rv.IsNil() {
		rv = rv.Elem()
	}
	if !rv.IsValid() || rv.Kind() == reflect.Pointer {
		return 0
	}
	if w := width(rv.Type()); w > 0 {
		return rv.Len() * w
	}
	size := 0
	for _, index := range bulkyFields(rv.Type()) {
		if f, err := rv.FieldByIndexErr(index); err == nil {
			size += f.Len() * width(f.Type())
		}
	}
	return size
}

var bulkyPlans sync.Map //nolint:gochecknoglobals // a cache of facts that never change

// bulkyFields returns where in t, if it is a struct, the fields with a width are.
func bulkyFields(t reflect.Type) [][]int {
	if plan, ok := bulkyPlans.Load(t); ok {
		return plan.([][]int)
	}
	plan := appendBulky(nil, t, nil, map[reflect.Type]bool{})
	bulkyPlans.Store(t, plan)
	return plan
}

func appendBulky(plan [][]int, t reflect.Type, index []int, above map[reflect.Type]bool) [][]int {
	if t.Kind() != reflect.Struct || above[t] || methodsOf(t).writes() {
		return plan
	}
	above[t] = true
	defer delete(above, t)
	for _, f := range Fields(t) {
		at := append(index[:len(index):len(index)], f.Index...)
		if width(f.Type) > 0 {
			plan = append(plan, at)
		}
		plan = appendBulky(plan, f.Type, at, above)
	}
	return plan
}

// width is how many bytes an element of a text, byte string or typed array takes, 0 for other types.
func width(t reflect.Type) int {
	switch {
	case methodsOf(t).writes():
		return 0
	case isTypedArray(t):
		return int(t.Elem().Size())
	case t.Kind() == reflect.String, t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return 1
	}
	return 0
}
