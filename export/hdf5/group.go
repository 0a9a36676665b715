package hdf5

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// Group is a folder in the file: it holds groups, datasets and attributes under names.
type Group struct {
	file       *File
	path       string
	names      map[string]bool
	links      []link
	attributes attributes
}

// link says where an object of a group is; an object that is a group is not written yet.
type link struct {
	name    string
	address uint64
	group   *Group
}

// Group creates the group name within g. The name may be any text without "/" and zero bytes, but "." and "".
func (g *Group) Group(name string) (*Group, error) {
	if err := g.claim(name); err != nil {
		return nil, err
	}
	child := &Group{file: g.file, path: g.join(name), names: map[string]bool{}}
	g.links = append(g.links, link{name: name, group: child})
	return child, nil
}

// SetAttribute gives g an attribute. See [Dataset.SetAttribute] for the values.
func (g *Group) SetAttribute(name string, value any) error {
	if err := g.attributes.set(g.file, name, value); err != nil {
		return fmt.Errorf("group %s: %w", g.path, err)
	}
	return nil
}

// write appends g and the groups in it to the file and returns its address.
func (g *Group) write() (uint64, error) {
	var h header
	none := binary.LittleEndian.AppendUint64(nil, undefined)
	h.add(messageLinkInfo, 0, append(append([]byte{0, 0}, none...), none...)) // links are messages, not in a heap
	h.add(messageGroupInfo, constant, []byte{0, 0})
	for _, l := range g.links {
		if l.group != nil {
			address, err := l.group.write()
			if err != nil {
				return 0, err
			}
			l.address = address
		}
		h.add(messageLink, 0, l.encode())
	}
	g.attributes.addTo(&h)
	if len(h.messages) > math.MaxUint32 {
		return 0, fmt.Errorf("group %s holds too many objects (%d)", g.path, len(g.links))
	}
	return g.file.append(h.encode())
}

// encode returns the link message, version 1, of a hard link with a name in UTF-8 (IV.A.2.g).
func (l link) encode() []byte {
	const nameIn2Bytes, hasCharacterSet, utf8 = 0x01, 0x10, 1
	b := []byte{1, nameIn2Bytes | hasCharacterSet, utf8}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(l.name)))
	b = append(b, l.name...)
	return binary.LittleEndian.AppendUint64(b, l.address)
}

// join returns the path of name in g, for errors.
func (g *Group) join(name string) string {
	return strings.TrimSuffix(g.path, "/") + "/" + name
}

// claim takes a name in g, or says why that cannot be.
func (g *Group) claim(name string) error {
	err := claim(name, g.names)
	if name == "." || strings.Contains(name, "/") {
		err = fmt.Errorf("%q cannot be a name in HDF5, where \".\" and \"/\" belong to paths", name)
	}
	if err != nil {
		return fmt.Errorf("group %s: %w", g.path, err)
	}
	return nil
}

// claim adds name to taken, or says why that cannot be.
func claim(name string, taken map[string]bool) error {
	const maxName = 1 << 15
	switch {
	case name == "":
		return errors.New("a name is empty")
	case strings.Contains(name, "\x00"):
		return fmt.Errorf("%q contains a zero byte, which would end the name", name)
	case !utf8.ValidString(name):
		return fmt.Errorf("%q is not valid UTF-8", name)
	case len(name) > maxName:
		return errors.New("a name is longer than 32 KiB")
	case taken[name]:
		return fmt.Errorf("%q is there twice", name)
	}
	taken[name] = true
	return nil
}
