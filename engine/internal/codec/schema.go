package codec

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Schema returns the canonical text of the JSON shape of t: names and kinds, names sorted. Two types
// with the same text read each other's data. Go names, the order of fields and tags such as help and
// default do not matter; a type that marshals itself counts by its name.
func Schema(t reflect.Type) string {
	if t == nil {
		return "null"
	}
	var b strings.Builder
	writeSchema(&b, t, nil)
	return b.String()
}

// Fingerprint returns 16 hexadecimal digits of the SHA-256 of the schema of t and of extra.
func Fingerprint(t reflect.Type, extra ...string) string {
	h := sha256.New()
	for _, s := range append([]string{Schema(t)}, extra...) {
		// The length first, so that ("a", "bc") differs from ("ab", "c").
		h.Write(binary.AppendUvarint(nil, uint64(len(s))))
		h.Write([]byte(s))
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// writeSchema writes t; above are the named types that contain it, outermost first.
func writeSchema(b *strings.Builder, t reflect.Type, above []reflect.Type) {
	if m := methodsOf(t); m.writes() || m.reads() {
		b.WriteString("<" + t.String() + ">")
		return
	}
	if i := slices.Index(above, t); i >= 0 {
		b.WriteString("^" + strconv.Itoa(len(above)-i)) // a recursive type: so many names up
		return
	}
	if t.Name() != "" && isComposite(t) {
		above = append(above, t)
	}
	switch t.Kind() {
	case reflect.Pointer:
		b.WriteByte('?')
		writeSchema(b, t.Elem(), above)
	case reflect.Slice:
		if isTypedArray(t) {
			b.WriteString("array ") // a plain slice does not read it
		}
		b.WriteString("[]")
		writeSchema(b, t.Elem(), above)
	case reflect.Array:
		b.WriteString("[" + strconv.Itoa(t.Len()) + "]")
		writeSchema(b, t.Elem(), above)
	case reflect.Map:
		b.WriteString("map[")
		writeSchema(b, t.Key(), above)
		b.WriteByte(']')
		writeSchema(b, t.Elem(), above)
	case reflect.Struct:
		writeStruct(b, t, above)
	default:
		if t == durationType {
			b.WriteString("duration")
			return
		}
		b.WriteString(t.Kind().String())
	}
}

func writeStruct(b *strings.Builder, t reflect.Type, above []reflect.Type) {
	fields := Fields(t)
	slices.SortStableFunc(fields, func(x, y Field) int { return strings.Compare(x.Name, y.Name) })
	b.WriteByte('{')
	for i, f := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(f.Name) + ":")
		if hasOption(f.Tag, "string") {
			b.WriteString("quoted ")
		}
		writeSchema(b, f.Type, above)
	}
	b.WriteByte('}')
}
