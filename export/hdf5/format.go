package hdf5

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"strings"
	"time"

	"github.com/durable-wf/wf/export"
	"github.com/durable-wf/wf/export/internal/pieces"
)

// timeUnits describes the numbers that times become.
const timeUnits = "microseconds since 1970-01-01 00:00:00 UTC"

// Format writes documents as HDF5 files. Groups and arrays stay what they are; a table becomes a dataset of a compound
// type. What HDF5 lacks is written so:
//
//   - A time is an int64, microseconds since 1970 in UTC; the attribute COLUMN.units of the table says so. A missing
//     one is the least int64, which NumPy takes for NaT. An attribute that is a time is text in RFC 3339.
//   - A column of whole numbers or truth values of which some are missing holds floats, with NaN for what is missing; if
//     some are too large for that, beyond 2⁵³, it holds texts.
//   - A missing text is empty. JSON is text.
//   - In names, "." alone becomes "·", and a zero byte "␀". A table without columns is an empty group that has its number
//     of rows as an attribute.
//
// A text with a zero byte is an error, since readers would cut it off there.
//
// What is read is what h5py and the library write unless they are told to use a newer form: groups, arrays and tables of
// integers, floats, truth values and texts, compressed by gzip or not. Attributes, and links that are no hard links, are
// left out; what is not understood is an error.
func Format() export.Format {
	return export.Format{
		Name:     "hdf5",
		Suffixes: []string{".h5", ".hdf5"},
		Doc:      "groups, arrays and tables for h5py, MATLAB, R and Julia",
		Holds:    export.All,
		Read:     read,
		File: func(ctx context.Context, out *os.File, doc *export.Document) error {
			f := Create(out)
			if err := writeGroup(ctx, f.Root(), doc); err != nil {
				return err
			}
			return f.Close()
		},
	}
}

func writeGroup(ctx context.Context, g *Group, from *export.Group) error {
	for _, a := range from.Attributes {
		value := a.Value
		if t, ok := value.(time.Time); ok {
			value = t.UTC().Format(export.TimeLayout)
		}
		if err := g.SetAttribute(safe(a.Name), value); err != nil {
			return refused(a.Name, err)
		}
	}
	for _, t := range from.Tables {
		if err := writeTable(ctx, g, t); err != nil {
			return refused(t.Name, err)
		}
	}
	for _, a := range from.Arrays {
		if err := writeArray(ctx, g, a); err != nil {
			return refused(a.Name, err)
		}
	}
	for _, sub := range from.Groups {
		child, err := g.Group(safe(sub.Name))
		if err == nil {
			err = writeGroup(ctx, child, sub)
		}
		if err != nil {
			return refused(sub.Name, err)
		}
	}
	return nil
}

// refused says where something did not fit, unless a part of it has said that already.
func refused(where string, err error) error {
	if _, said := errors.AsType[*export.FormatError](err); said {
		return err
	}
	return &export.FormatError{Format: "hdf5", Where: where, Err: err}
}

// safe returns a name that HDF5 can have.
func safe(name string) string {
	if name == "." {
		return "·"
	}
	return strings.ReplaceAll(name, "\x00", "␀")
}

func writeArray(ctx context.Context, g *Group, a *export.Array) error {
	dims := make([]uint64, len(a.Dims))
	for i, n := range a.Dims {
		dims[i] = uint64(n)
	}
	d, err := g.Array(safe(a.Name), arrayType(a.Data), dims...)
	if err != nil {
		return err
	}
	for elements, err := range encoded(g.file, a.Data) {
		if err == nil {
			_, err = d.Write(elements)
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
	return d.Close()
}

func arrayType(data any) Type {
	switch data.(type) {
	case []float64:
		return Float64()
	case []float32:
		return Float32()
	case []int64:
		return Int64()
	case []bool:
		return Bool()
	case []string:
		return Text()
	}
	return Uint8()
}

// encoded yields the elements of data as they are in the file, piece by piece: an array may be large.
func encoded(f *File, data any) iter.Seq2[[]byte, error] {
	if numbers, ok := pieces.OfNumbers(data); ok {
		return numbers
	}
	if texts, ok := data.([]string); ok {
		return pieces.Of(texts, func(b []byte, texts []string) (_ []byte, err error) {
			for _, s := range texts {
				if b, err = f.AppendText(b, s); err != nil {
					return nil, err
				}
			}
			return b, nil
		})
	}
	return func(yield func([]byte, error) bool) { yield(nil, fmt.Errorf("a %T cannot be an array", data)) }
}
