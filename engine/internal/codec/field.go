package codec

import (
	"reflect"
	"slices"
	"strings"
)

// Field is a struct field as it appears in JSON.
type Field struct {
	Name   string // in JSON
	GoName string
	Type   reflect.Type
	Tag    reflect.StructTag
	Index  []int // for reflect.Value.FieldByIndex; embedded structs are on the way
}

// Fields returns the stored fields of struct type t in the order of declaration. Embedded structs
// are replaced by their fields; unexported fields and those tagged json:"-" are left out.
func Fields(t reflect.Type) []Field {
	return appendFields(nil, t, nil, map[reflect.Type]bool{})
}

func appendFields(fields []Field, t reflect.Type, index []int, above map[reflect.Type]bool) []Field {
	if above[t] {
		return fields // a struct that embeds itself by a pointer
	}
	above[t] = true
	defer delete(above, t)
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("json") == "-" {
			continue
		}
		at := append(slices.Clip(index), i)
		if inner := embedded(f); inner != nil {
			fields = appendFields(fields, inner, at, above)
			continue
		}
		if !f.IsExported() {
			continue
		}
		fields = append(fields, Field{Name: jsonName(f), GoName: f.Name, Type: f.Type, Tag: f.Tag, Index: at})
	}
	return fields
}

// embedded returns the struct type whose fields take the place of f in JSON, or nil.
func embedded(f reflect.StructField) reflect.Type {
	tagName, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if !f.Anonymous || tagName != "" {
		return nil
	}
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

func jsonName(f reflect.StructField) string {
	if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
		return name
	}
	return f.Name
}

// hasOption reports whether the json tag has the option after its name.
func hasOption(tag reflect.StructTag, option string) bool {
	_, options, _ := strings.Cut(tag.Get("json"), ",")
	for o := range strings.SplitSeq(options, ",") {
		if o == option {
			return true
		}
	}
	return false
}
