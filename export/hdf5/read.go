package hdf5

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/durable-wf/wf/export"
)

// maxGroups is how deep groups lie in each other at most: hard links can make circles.
const maxGroups = 64

// maxObjects is how many groups and datasets are read at most, for the same reason.
const maxObjects = 1 << 20

// input is a file that is read. Addresses and lengths have 8 bytes, as those of all files that h5py makes.
type input struct {
	r       io.ReaderAt
	size    uint64
	base    uint64 // is added to each address
	objects int
	heaps   map[uint64]map[uint16]string // the collections of texts that were read
}

// read makes a document of a file: what h5py writes unless it is told to use a newer version of the format, and what this
// package writes. Attributes, and links that are no hard links, are left out.
func read(ctx context.Context, f *os.File) (*export.Document, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	in := &input{r: f, size: uint64(info.Size()), heaps: map[uint64]map[uint16]string{}}
	root, err := in.superblock()
	if err != nil {
		return nil, err
	}
	doc := &export.Document{}
	h, err := in.header(root)
	if err != nil {
		return nil, err
	}
	if err := in.group(ctx, doc, h, 0); err != nil {
		return nil, err
	}
	return doc, doc.Check()
}

// superblock returns the address of the root group (II.A). It may lie behind what other programs put first.
func (in *input) superblock() (uint64, error) {
	for at := uint64(0); ; at = max(512, 2*at) {
		c := in.at(at, 96)
		if c.err != nil && at > 0 {
			return 0, errors.New("is no HDF5 file")
		}
		if string(c.bytes(8)) != "\x89HDF\r\n\x1a\n" {
			continue
		}
		version := c.number(1)
		switch version {
		case 0, 1:
			c.skip(4)
		case 2, 3:
		default:
			return 0, fmt.Errorf("superblock of version %d is not known", version)
		}
		if addressBytes, lengthBytes := c.number(1), c.number(1); addressBytes != 8 || lengthBytes != 8 {
			return 0, errors.New("has addresses of other than 8 bytes, which are not understood")
		}
		switch version {
		case 0:
			c.skip(1 + 2 + 2 + 4)
		case 1:
			c.skip(1 + 2 + 2 + 4 + 4)
		default:
			c.skip(1)
		}
		base := c.number(8)
		c.skip(16) // free space or extension, and the end of the file
		if version < 2 {
			c.skip(8 + 8) // driver, name of the root
		}
		root := c.number(8)
		if c.err == nil && version >= 2 {
			_, c.err = in.sealed(at, superblockSize)
		}
		in.base = base
		return root, c.err
	}
}

// group adds what a group holds to g.
func (in *input) group(ctx context.Context, g *export.Group, h *objectHeader, depth int) error {
	if depth > maxGroups {
		return errors.New("groups lie in each other too deeply, or in themselves")
	}
	links, err := in.links(ctx, h)
	if err != nil {
		return err
	}
	for _, l := range links {
		if err := in.object(ctx, g, l, depth); err != nil {
			return fmt.Errorf("%.200s: %w", l.name, err)
		}
	}
	return nil
}

// object adds what a link leads to.
func (in *input) object(ctx context.Context, g *export.Group, l link, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if in.objects++; in.objects > maxObjects {
		return errors.New("there are more than a million objects")
	}
	h, err := in.header(l.address)
	if err != nil {
		return err
	}
	if h.find(messageLayout) != nil {
		return in.dataset(ctx, g, l.name, h)
	}
	if h.find(messageDatatype) != nil {
		return nil // a type that has a name
	}
	sub := &export.Group{Name: l.name}
	g.Groups = append(g.Groups, sub)
	return in.group(ctx, sub, h, depth+1)
}
