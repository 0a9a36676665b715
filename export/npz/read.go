package npz

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/durable-wf/wf/export"
	"github.com/durable-wf/wf/export/internal/numpy"
)

// read makes a document of an archive, with the groups and attributes that Format writes.
func read(ctx context.Context, f *os.File) (*export.Document, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	archive, err := zip.NewReader(f, info.Size())
	if err != nil {
		return nil, errors.New("is no .npz file, which is a zip archive")
	}
	doc := &export.Document{}
	for _, entry := range archive.File {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := readEntry(doc, entry); err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name, err)
		}
	}
	return doc, doc.Check()
}

func readEntry(doc *export.Document, entry *zip.File) error {
	path, isArray := strings.CutSuffix(entry.Name, ".npy")
	if !isArray {
		return errors.New("is no array: .npz files hold .npy files alone")
	}
	g := doc
	names := strings.Split(path, "/")
	for _, name := range names[:len(names)-1] {
		g = subgroup(g, name)
	}
	in, err := entry.Open()
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	return add(g, names[len(names)-1], in)
}

// subgroup returns the group of g with this name, which it makes if it is not there.
func subgroup(g *export.Group, name string) *export.Group {
	for _, sub := range g.Groups {
		if sub.Name == name {
			return sub
		}
	}
	sub := &export.Group{Name: name}
	g.Groups = append(g.Groups, sub)
	return sub
}

// readArray makes a document of a single array, named as its file is.
func readArray(_ context.Context, f *os.File) (*export.Document, error) {
	doc := &export.Document{}
	name := filepath.Base(f.Name())
	if err := add(doc, strings.TrimSuffix(name, filepath.Ext(name)), f); err != nil {
		return nil, err
	}
	return doc, doc.Check()
}

// add reads an .npy file and adds it to g as an array, a table or an attribute.
func add(g *export.Group, name string, in io.Reader) error {
	r := bufio.NewReaderSize(in, 64<<10)
	h, err := readHeader(r)
	if err != nil {
		return err
	}
	data, err := readData(r, h)
	if err != nil {
		return err
	}
	if h.dtype.Kind == 'V' {
		t, err := h.dtype.Table(name, h.dims, data)
		if err == nil {
			g.Tables = append(g.Tables, t)
		}
		return err
	}
	a, err := h.dtype.Array(name, h.dims, h.columnMajor, data)
	if err != nil {
		return err
	}
	if attribute, ok := strings.CutPrefix(name, "@"); ok && len(a.Dims) == 0 {
		g.Attributes = append(g.Attributes, export.Attribute{Name: attribute, Value: a.At(0)})
		return nil
	}
	g.Arrays = append(g.Arrays, a)
	return nil
}

// readData reads the elements. The memory that it takes grows with what is really there.
func readData(r io.Reader, h header) ([]byte, error) {
	n, err := numpy.Count(h.dims)
	if err != nil {
		return nil, err
	}
	const most = 1 << 48
	if h.dtype.Size > 0 && n > most/h.dtype.Size {
		return nil, fmt.Errorf("dimensions %v make no sense", h.dims)
	}
	want := int64(n) * int64(h.dtype.Size)
	var data bytes.Buffer
	data.Grow(int(min(want, 64<<20)) + bytes.MinRead)
	got, err := data.ReadFrom(io.LimitReader(r, want+1))
	if err != nil {
		return nil, err
	}
	if got > want {
		return nil, fmt.Errorf("holds %d bytes of data or more instead of the %d that its header tells of", got, want)
	}
	if got < want {
		return nil, fmt.Errorf("holds %d bytes of data instead of the %d that its header tells of", got, want)
	}
	return data.Bytes(), nil
}
