// Package pickle writes documents as pickles of Python and reads pickles without running anything that they ask for.
//
// The format is that of https://docs.python.org/3/library/pickle.html and of the comments in CPython's pickletools.py. It
// is written in protocol 4, which Python 3.4 and later read, from nothing but dicts, lists, texts, numbers, truth values,
// None and datetimes, so that a reader needs no library. Protocols 0 to 5 are read, with NumPy's arrays and numbers.
package pickle

import (
	"bufio"
	"context"
	"io"

	"github.com/durable-wf/wf/export"
)

// Format writes documents as pickles and reads them.
//
// A group is a dict of its tables, arrays and groups; its attributes are the dict "attributes" in it. A table is a list
// of dicts, one for each row, which pandas.DataFrame takes. An array is lists in each other, a single value is itself.
// JSON becomes the Python values that it describes, and None stands for what is missing.
//
// A dict that is read becomes a group, unless there are no arrays of NumPy in it: then it is what its JSON would be, see
// [export.Group.Unfold]. So is a list; a list of dicts is the table [export.Whole], any other value that is no dict is
// named "value". Tuples and sets are lists, bytes are text in Base64, datetimes text in RFC 3339. An object of a class that is not known here is not built: it is an object
// with the members "class", "args", "state", "items" and "dict", as far as they are there.
func Format() export.Format {
	return export.Format{
		Name:     "pickle",
		Suffixes: []string{".pkl", ".pickle"},
		Doc:      "dicts and lists for Python",
		Holds:    export.All,
		Stream: func(ctx context.Context, out io.Writer, doc *export.Document) error {
			e := &encoder{w: bufio.NewWriterSize(out, 64<<10), memo: map[string]uint32{}}
			return e.document(ctx, doc)
		},
		Read: read,
	}
}
