package hdf5

import (
	"encoding/binary"
	"fmt"
	"io"
)

// undefined is the address of what is not there (II.A, "undefined address").
const undefined = ^uint64(0)

// superblockSize is the length of a superblock of version 2 with addresses of 8 bytes.
const superblockSize = 48

// File is an HDF5 file that is being written.
type File struct {
	w    io.WriterAt
	end  uint64 // the length of the file so far
	heap heap
	root *Group
}

// Create begins an HDF5 file in w, which is empty. The file is complete once Close has returned without an error;
// neither function closes or syncs w.
func Create(w io.WriterAt) *File {
	f := &File{w: w, end: superblockSize}
	f.root = &Group{file: f, path: "/", names: map[string]bool{}}
	return f
}

// Root returns the group "/".
func (f *File) Root() *Group { return f.root }

// Close writes the groups and, at last, the superblock, before which no reader takes the file for an HDF5 file.
// Each dataset must have been closed before.
func (f *File) Close() error {
	if err := f.heap.flush(f); err != nil {
		return err
	}
	root, err := f.root.write()
	if err != nil {
		return err
	}
	b := []byte("\x89HDF\r\n\x1a\n")
	b = append(b, 2, 8, 8, 0)                          // version, bytes of an address, of a length; not open for writing
	b = binary.LittleEndian.AppendUint64(b, 0)         // base address
	b = binary.LittleEndian.AppendUint64(b, undefined) // no superblock extension
	b = binary.LittleEndian.AppendUint64(b, f.end)
	b = binary.LittleEndian.AppendUint64(b, root)
	return f.writeAt(sealed(b), 0)
}

// append writes b at the end of the file and returns its address.
func (f *File) append(b []byte) (uint64, error) {
	address := f.allocate(len(b))
	return address, f.writeAt(b, address)
}

// allocate reserves n bytes at the end of the file and returns their address.
func (f *File) allocate(n int) uint64 {
	address := f.end
	f.end += uint64(n)
	return address
}

func (f *File) writeAt(b []byte, address uint64) error {
	if _, err := f.w.WriteAt(b, int64(address)); err != nil {
		return fmt.Errorf("write %d bytes at %d: %w", len(b), address, err)
	}
	return nil
}
