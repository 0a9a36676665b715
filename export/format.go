package export

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Format is a file format. Of Stream and File one is set, unless it is only read.
type Format struct {
	Name     string   // such as "csv"
	Suffixes []string // of its files, each with its dot; the first one is the usual one
	Doc      string   // one line for people
	Holds    Holds    // what it has room for

	// Stream writes doc to w from front to back, so that w may be a pipe.
	Stream func(ctx context.Context, w io.Writer, doc *Document) error
	// File writes doc to the empty file f, of which only the content counts in the end: the caller syncs,
	// closes and renames it. It may write at any place of it, or open f.Name() by itself.
	File func(ctx context.Context, f *os.File, doc *Document) error
	// Read makes a document of a file, to be used as inputs; see Records. nil: the format is only written.
	// It executes nothing that the file holds. An error says what is wrong and where, without the file's name.
	Read func(ctx context.Context, f *os.File) (*Document, error)
}

// Holds is what a file of a format has room for.
type Holds int

// What a file may have room for.
const (
	OneTable  Holds = iota // a single table, the main one of the document
	AllTables              // tables alone; arrays become tables, see Flat
	All                    // the whole document
)

// FormatError says that a document does not fit into a format, and what to do.
type FormatError struct {
	Format string // name
	Where  string // table, column or array
	Err    error
}

func (e *FormatError) Error() string {
	if e.Where == "" {
		return fmt.Sprintf("%s: %v", e.Format, e.Err)
	}
	return fmt.Sprintf("%s: %s: %v", e.Format, e.Where, e.Err)
}
func (e *FormatError) Unwrap() error { return e.Err }

// Find returns the format with this name, or with the suffix of this path; the longest suffix counts.
func Find(formats []Format, name string) (Format, error) {
	for _, f := range formats {
		if f.Name == name {
			return f, nil
		}
	}
	best, length := -1, 0
	for i, f := range formats {
		for _, suffix := range f.Suffixes {
			if strings.HasSuffix(strings.ToLower(name), suffix) && len(suffix) > length {
				best, length = i, len(suffix)
			}
		}
	}
	if best < 0 {
		return Format{}, fmt.Errorf("%q is no file of a known format; known are %s", name, strings.Join(Suffixes(formats), ", "))
	}
	return formats[best], nil
}

// Suffixes returns the suffixes of formats, in their order.
func Suffixes(formats []Format) []string {
	var all []string
	for _, f := range formats {
		all = append(all, f.Suffixes...)
	}
	return slices.Clip(all)
}

// Writes reports whether f writes files at all.
func (f *Format) Writes() bool { return f.Stream != nil || f.File != nil }
