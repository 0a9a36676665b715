package hdf5

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Messages that are read, but not written (IV.A.2).
const (
	messageContinuation = 0x10
	messageSymbolTable  = 0x11
)

// What a header has at most. Blocks can lead to each other in a circle.
const (
	maxMessages = 1 << 20
	maxBlocks   = 1 << 14
)

// objectHeader is the messages of a group or dataset.
type objectHeader struct {
	messages []message
	blocks   int // that they were in, but for the first
}

type message struct {
	kind   uint64
	shared bool
	body   []byte
}

// find returns the first message of a kind, nil if there is none.
func (h *objectHeader) find(kind uint64) *message {
	for i := range h.messages {
		if h.messages[i].kind == kind {
			return &h.messages[i]
		}
	}
	return nil
}

// header reads an object header, version 1 or 2 (IV.A.1).
func (in *input) header(address uint64) (*objectHeader, error) {
	h := &objectHeader{}
	c := in.at(address, 64)
	if c.err != nil {
		return nil, c.err
	}
	there := len(c.b)
	if c.b[0] == 1 {
		c.skip(8) // version, number of messages, references
		size := c.number(4)
		if c.err != nil {
			return nil, c.err
		}
		return h, in.messagesV1(h, address+16, size)
	}
	c.expect("OHDR")
	version, flags := c.number(1), c.number(1)
	if c.err == nil && version != 2 {
		return nil, fmt.Errorf("object header of version %d is not known", version)
	}
	if flags&0x20 != 0 {
		c.skip(16) // times
	}
	if flags&0x10 != 0 {
		c.skip(4) // when attributes move elsewhere
	}
	sizeBytes := 1 << (flags & 3)
	size := c.number(sizeBytes)
	if c.err != nil {
		return nil, c.err
	}
	before := uint64(there - len(c.b))
	b, err := in.sealed(address, before+size+4)
	if err != nil {
		return nil, err
	}
	return h, in.messagesV2(h, b[before:], flags)
}

// sealed returns the block of n bytes at an address without its checksum, with which it must agree.
func (in *input) sealed(address, n uint64) ([]byte, error) {
	b, err := in.block(address, n)
	if err != nil || n < 4 {
		return nil, errors.Join(errCut, err)
	}
	if word(b, len(b)-4) != lookup3(b[:len(b)-4]) {
		return nil, fmt.Errorf("is damaged: the checksum of the block at %d is wrong", address)
	}
	return b[:len(b)-4], nil
}

func (in *input) messagesV1(h *objectHeader, address, size uint64) error {
	b, err := in.block(address, size)
	if err != nil {
		return err
	}
	for c := (&cursor{b: b}); len(c.b) >= 8; {
		kind, length, flags := c.number(2), c.number(2), c.number(1)
		c.skip(3)
		body := c.bytes(int(length))
		if c.err != nil {
			return c.err
		}
		if err := in.message(h, kind, flags, body, in.messagesV1); err != nil {
			return err
		}
	}
	return nil
}

func (in *input) messagesV2(h *objectHeader, b []byte, flags uint64) error {
	next := func(h *objectHeader, address, size uint64) error {
		b, err := in.sealed(address, size)
		if err != nil {
			return err
		}
		c := &cursor{b: b}
		c.expect("OCHK")
		if c.err != nil {
			return c.err
		}
		return in.messagesV2(h, c.b, flags)
	}
	for c := (&cursor{b: b}); len(c.b) >= 4; {
		kind, length, messageFlags := c.number(1), c.number(2), c.number(1)
		if flags&0x04 != 0 {
			c.skip(2) // the order of creation
		}
		body := c.bytes(int(length))
		if c.err != nil {
			return c.err
		}
		if err := in.message(h, kind, messageFlags, body, next); err != nil {
			return err
		}
	}
	return nil
}

// message keeps a message, or reads on where it says.
func (in *input) message(h *objectHeader, kind, flags uint64, body []byte, next func(*objectHeader, uint64, uint64) error) error {
	if len(h.messages) > maxMessages {
		return errCut
	}
	h.messages = append(h.messages, message{kind, flags&0x02 != 0, body})
	if kind != messageContinuation {
		return nil
	}
	c := &cursor{b: body}
	address, size := c.number(8), c.number(8)
	if h.blocks++; c.err != nil || h.blocks > maxBlocks {
		return errCut
	}
	return next(h, address, size)
}

// links returns the hard links of a group.
func (in *input) links(ctx context.Context, h *objectHeader) ([]link, error) {
	if m := h.find(messageSymbolTable); m != nil {
		c := &cursor{b: m.body}
		tree, names := c.number(8), c.number(8)
		if c.err != nil {
			return nil, c.err
		}
		return in.symbols(ctx, tree, names)
	}
	if m := h.find(messageLinkInfo); m != nil {
		c := &cursor{b: m.body}
		c.skip(1)
		if flags := c.number(1); flags&1 != 0 {
			c.skip(8)
		}
		if heap := c.number(8); heap != undefined {
			return nil, errors.New("is a group of many links in a newer form: h5py without libver and track_order writes the usual one")
		}
	}
	var links []link
	for _, m := range h.messages {
		if m.kind != messageLink {
			continue
		}
		l, hard, err := decodeLink(m.body)
		if err != nil {
			return nil, err
		}
		if hard {
			links = append(links, l)
		}
	}
	return links, nil
}

// decodeLink reads a link message; it is not hard if it leads to a name.
func decodeLink(body []byte) (l link, hard bool, err error) {
	c := &cursor{b: body}
	c.skip(1)
	flags, kind := c.number(1), uint64(0)
	if flags&0x08 != 0 {
		kind = c.number(1)
	}
	if flags&0x04 != 0 {
		c.skip(8)
	}
	if flags&0x10 != 0 {
		c.skip(1)
	}
	l.name = string(c.bytes(int(c.number(1 << (flags & 3)))))
	if kind != 0 {
		return l, false, c.err
	}
	l.address = c.number(8)
	return l, true, errors.Join(c.err, validName(l.name))
}

func validName(name string) error {
	if !utf8.ValidString(name) {
		return fmt.Errorf("%q is not valid UTF-8", name)
	}
	return nil
}
