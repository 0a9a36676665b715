package statefile

import (
	"bytes"
	"encoding/binary"
)

// wholePickle follows the opcodes up to the STOP that is the last byte: a byte of a value may look like
// one. Several pickles may follow each other. An opcode that it does not know ends the walk; then the
// last byte alone has to do. pickletools.py of CPython describes the opcodes.
func wholePickle(data []byte) bool {
	if data[len(data)-1] != '.' {
		return false
	}
	for len(data) > 0 {
		op := data[0]
		size, known := pickleArgument(op, data[1:])
		switch {
		case op == '.' && len(data) == 1:
			return true
		case op == '.' && !isPickle(data[1:]):
			return false
		case !known:
			return true
		case size > len(data)-1:
			return false
		}
		data = data[1+size:]
	}
	return false
}

// pickleArgument returns how many bytes follow an opcode, and whether it is known.
func pickleArgument(op byte, rest []byte) (size int, known bool) {
	switch op {
	case '(', ')', ']', '}', '0', '1', '2', 'N', 'R', 'Q', 'b', 'o', 'a', 'e', 's', 'u', 'd', 'l', 't',
		0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8f, 0x90, 0x91, 0x92, 0x93, 0x94, 0x97, 0x98, '.': // no argument
		return 0, true
	case 'K', 'q', 'h', 0x80, 0x82: // one byte
		return 1, true
	case 'M', 0x83: // two
		return 2, true
	case 'J', 'r', 'j', 0x84: // four
		return 4, true
	case 'G', 0x95: // eight
		return 8, true
	case 'U', 'C', 0x8a, 0x8c: // a length of one byte, and as many bytes
		return counted(rest, 1)
	case 'T', 'B', 'X', 0x8b: // a length of four
		return counted(rest, 4)
	case 0x8d, 0x8e, 0x96: // a length of eight
		return counted(rest, 8)
	case 'I', 'L', 'F', 'S', 'V', 'g', 'p', 'P', 'i': // a line
		return line(rest, 1)
	case 'c': // two lines
		return line(rest, 2)
	}
	return 0, false
}

func counted(rest []byte, width int) (size int, known bool) {
	if len(rest) < width {
		return width, true
	}
	var length [8]byte
	copy(length[:], rest[:width])
	n := binary.LittleEndian.Uint64(length[:])
	if n > uint64(len(rest)) {
		return len(rest) + 1, true // beyond the end
	}
	return width + int(n), true
}

func line(rest []byte, lines int) (size int, known bool) {
	for range lines {
		end := bytes.IndexByte(rest[size:], '\n')
		if end < 0 {
			return len(rest) + 1, true
		}
		size += end + 1
	}
	return size, true
}
