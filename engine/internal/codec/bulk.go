package codec

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"

	"github.com/fxamacker/cbor/v2"
)

// bulkSize is from how many bytes on a field is copied on its own.
const bulkSize = 64 << 10

// encodeCBOR is cborEncoder.Marshal, and copies large fields only once: it encodes the rest with a random number in
// place of each, and then puts the fields where the numbers are. The library would let the bytes of an array pass
// through three buffers, and a step stands still for that.
func encodeCBOR(v any) ([]byte, error) {
	frame, fields := framed(v)
	if len(fields) == 0 {
		return cborEncoder.Marshal(v)
	}
	data, err := cborEncoder.Marshal(frame)
	if err != nil {
		return nil, err
	}
	size := len(data)
	for i := range fields {
		if !fields[i].find(data) { // chance has made one number twice
			return cborEncoder.Marshal(v)
		}
		size += len(fields[i].content) + maxHead
	}
	slices.SortFunc(fields, func(a, b bulkyField) int { return a.at - b.at })
	out, from := make([]byte, 0, size), 0
	for _, f := range fields {
		out = appendHead(append(out, data[from:f.at]...), majorBytes, uint64(len(f.content)))
		begin := len(out)
		out = append(out, f.content...)
		f.order(out[begin:])
		from = f.at + 1 + len(f.mark)
	}
	return append(out, data[from:]...), nil
}

const maxHead = 9 // bytes of the head of a CBOR item

// bulkyField is a field that encodeCBOR puts in itself.
type bulkyField struct {
	content []byte
	order   func([]byte) // makes the numbers in content little-endian
	mark    [8]byte      // what stands for it
	at      int          // where in the frame the byte string of mark begins
}

// find looks for the place of the field, and reports false if there is not exactly one.
func (f *bulkyField) find(frame []byte) bool {
	f.at = bytes.Index(frame, f.mark[:]) - 1
	return f.at >= 0 && frame[f.at] == majorBytes<<5|byte(len(f.mark)) && !bytes.Contains(frame[f.at+2:], f.mark[:])
}

// framed returns the struct that v is or points to with a mark in place of each large field; none if there is no such
// field. v itself stays as it is.
func framed(v any) (frame any, fields []bulkyField) {
	rv := reflect.ValueOf(v)
	for rv.Kind() == reflect.Pointer && !rv.IsNil() {
		rv = rv.Elem()
	}
	if rv.Kind() != reflect.Struct {
		return nil, nil
	}
	var copied reflect.Value
	place := func(index []int) reflect.Value {
		if !copied.IsValid() {
			copied = reflect.New(rv.Type())
			copied.Elem().Set(rv)
		}
		return copied.Elem().FieldByIndex(index)
	}
	plan := bulkyFields(rv.Type())
	for _, index := range plan.fields {
		if field := rv.FieldByIndex(index); isBulky(field) {
			fields = append(fields, mark(field, place(index)))
		}
	}
	for _, index := range plan.lists {
		fields = append(fields, markAll(rv.FieldByIndex(index), func() reflect.Value { return place(index) })...)
	}
	if len(fields) == 0 {
		return nil, nil
	}
	return copied.Interface(), fields
}

func isBulky(field reflect.Value) bool {
	return field.Len()*int(field.Type().Elem().Size()) >= bulkSize
}

// maxListed is up to how many structs a list is searched for large fields.
const maxListed = 1024

// markAll marks the large fields of a list of structs, in a copy of the list, which it puts into place.
func markAll(list reflect.Value, place func() reflect.Value) (fields []bulkyField) {
	if list.Len() > maxListed {
		return nil
	}
	indexes := ownBulky(list.Type().Elem())
	var own reflect.Value
	for i := range list.Len() {
		for _, index := range indexes {
			field := list.Index(i).FieldByIndex(index)
			if !isBulky(field) {
				continue
			}
			if !own.IsValid() {
				own = reflect.MakeSlice(list.Type(), list.Len(), list.Len())
				reflect.Copy(own, list)
				place().Set(own)
			}
			fields = append(fields, mark(field, own.Index(i).FieldByIndex(index)))
		}
	}
	return fields
}

// mark puts a mark into place, and returns what the field there holds.
func mark(field, place reflect.Value) bulkyField {
	number := rand.Uint64()
	f := bulkyField{order: func([]byte) {}}
	binary.LittleEndian.PutUint64(f.mark[:], number)
	switch array := field.Interface().(type) {
	case Floats:
		f.content, f.order = memory(array), swap[float64]
		place.Set(reflect.ValueOf(must(numbers[float64](f.mark[:]))).Convert(place.Type()))
	case Float32s:
		f.content, f.order = memory(array), swap[float32]
		place.Set(reflect.ValueOf(must(numbers[float32](f.mark[:]))).Convert(place.Type()))
	case Ints:
		f.content, f.order = memory(array), swap[int64]
		place.Set(reflect.ValueOf(must(numbers[int64](f.mark[:]))).Convert(place.Type()))
	default:
		f.content = field.Bytes()
		place.SetBytes(f.mark[:])
	}
	return f
}

var bulkyPlans sync.Map //nolint:gochecknoglobals // a cache of facts that never change

// bulkyPlan says where in a struct there are byte strings and typed arrays, and lists of structs that have such fields
// themselves; but behind pointers.
type bulkyPlan struct{ fields, lists [][]int }

func bulkyFields(t reflect.Type) bulkyPlan {
	if plan, ok := bulkyPlans.Load(t); ok {
		return plan.(bulkyPlan)
	}
	var plan bulkyPlan
	plan.add(t, nil)
	bulkyPlans.Store(t, plan)
	return plan
}

func (p *bulkyPlan) add(t reflect.Type, index []int) {
	if t.Kind() != reflect.Struct || marshals(t) {
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(index[:len(index):len(index)], i)
		list := f.Type.Kind() == reflect.Slice && !marshals(f.Type)
		switch {
		case !f.IsExported() && !f.Anonymous || f.Tag.Get("json") == "-":
		case isTypedArray(f.Type), list && f.Type.Elem().Kind() == reflect.Uint8:
			p.fields = append(p.fields, at)
		case list && len(ownBulky(f.Type.Elem())) > 0:
			p.lists = append(p.lists, at)
		default:
			p.add(f.Type, at)
		}
	}
}

// ownBulky is where the elements of a list have large fields; in lists within them nobody looks, so that a type may
// hold itself.
func ownBulky(t reflect.Type) [][]int {
	if t.Kind() != reflect.Struct || marshals(t) {
		return nil
	}
	var fields [][]int
	for i := range t.NumField() {
		f := t.Field(i)
		plain := f.IsExported() && f.Tag.Get("json") != "-"
		if plain && (isTypedArray(f.Type) || f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Uint8 && !marshals(f.Type)) {
			fields = append(fields, []int{i})
		}
	}
	return fields
}

// marshals reports whether a type has a method of its own by which it is written as CBOR.
func marshals(t reflect.Type) bool {
	return methodsOf(t).writes() || reflect.PointerTo(t).Implements(reflect.TypeFor[cbor.Marshaler]())
}
