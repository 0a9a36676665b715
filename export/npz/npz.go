// Package npz writes and reads NumPy's .npz files: zip archives of .npy files, one for each array.
//
// The formats are those of https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html and of numpy.savez.
// A table is a structured array, which pandas takes as it is: pandas.DataFrame(numpy.load("x.npz")["results"]).
// Nothing that is read is executed: arrays of Python objects, which are pickles, are refused.
package npz

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/flate"

	"github.com/durable-wf/wf/export"
)

// Format writes documents as .npz files and reads them. A name within groups is a path: "run 1/state/u". An attribute is
// a single value whose name begins with "@". What NumPy lacks is written so:
//
//   - A time is a datetime64[us], NaT if it is missing; an attribute that is a time is text in RFC 3339.
//   - A column of whole numbers or truth values of which some are missing holds floats, with NaN for what is missing; if
//     some are too large for that, beyond 2⁵³, it holds texts. A missing text is empty. JSON is text.
//   - A table of so many columns that NumPy would not load it without being asked becomes an array per column, with the
//     name of the table before its own. A table without columns is left out.
//
// Texts have a fixed width in NumPy, four bytes for each character of the longest. Texts that end with a zero byte,
// which NumPy drops, and texts that take more than 4 GiB that way are errors.
func Format() export.Format {
	return export.Format{
		Name:     "npz",
		Suffixes: []string{".npz"},
		Doc:      "arrays and tables for NumPy",
		Holds:    export.All,
		Stream:   write,
		Read:     read,
	}
}

// Array reads .npy files: single arrays.
func Array() export.Format {
	return export.Format{Name: "npy", Suffixes: []string{".npy"}, Doc: "an array of NumPy, as input", Holds: export.All, Read: readArray}
}

// write writes an archive of equal bytes for equal documents.
func write(ctx context.Context, out io.Writer, doc *export.Document) error {
	archive := zip.NewWriter(out)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestSpeed)
	})
	w := writer{archive}
	if err := w.group(ctx, "", doc); err != nil {
		return err
	}
	return archive.Close()
}

type writer struct{ archive *zip.Writer }

func (w writer) group(ctx context.Context, path string, g *export.Group) error {
	for _, a := range g.Attributes {
		if err := w.array(ctx, path+"@"+a.Name, attribute(a.Value)); err != nil {
			return refused(path+a.Name, err)
		}
	}
	for _, t := range g.Tables {
		if err := w.table(ctx, path+t.Name, t); err != nil {
			return refused(path+t.Name, err)
		}
	}
	for _, a := range g.Arrays {
		if err := w.array(ctx, path+a.Name, a); err != nil {
			return refused(path+a.Name, err)
		}
	}
	for _, sub := range g.Groups {
		if err := w.group(ctx, path+sub.Name+"/", sub); err != nil {
			return err
		}
	}
	return nil
}

func attribute(value any) *export.Array {
	if t, ok := value.(time.Time); ok {
		value = t.UTC().Format(export.TimeLayout)
	}
	return export.Scalar("", value)
}

// refused says where something did not fit, unless a part of it has said that already.
func refused(where string, err error) error {
	if _, said := errors.AsType[*export.FormatError](err); said {
		return err
	}
	return &export.FormatError{Format: "npz", Where: where, Err: err}
}

// begin starts an array in the archive.
func (w writer) begin(name string, h header) (io.Writer, error) {
	out, err := w.archive.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: zip.Deflate})
	if err != nil {
		return nil, err
	}
	if _, err := out.Write(h.encode()); err != nil {
		return nil, fmt.Errorf("write the header: %w", err)
	}
	return out, nil
}
