package pickle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// constant returns the value that an opcode stands for with what follows it; known is false for opcodes of another kind.
func (m *machine) constant(op byte) (value any, known bool, err error) {
	switch op {
	case opNone:
		return nil, true, nil
	case opTrue, opFalse:
		return op == opTrue, true, nil
	case opEmptyList, opEmptySet:
		return &list{}, true, nil
	case opEmptyTuple:
		return tuple{}, true, nil
	case opEmptyDict:
		return &dict{}, true, nil
	case opInt, opLong, opFloat, opString, opUnicode, opGlobal:
		value, err = m.textual(op)
	case opBinInt1, opBinInt2, opBinInt, opBinFloat:
		value, err = m.binary(op)
	case opLong1:
		value, err = m.long(1)
	case opLong4:
		value, err = m.long(4)
	case opShortUnicode, opShortStr:
		value, err = m.text(1)
	case opBinUnicode, opBinString:
		value, err = m.text(4)
	case opBinUnicode8:
		value, err = m.text(8)
	case opShortBytes:
		value, err = m.bytes(1)
	case opBinBytes:
		value, err = m.bytes(4)
	case opBinBytes8, opByteArray8:
		value, err = m.bytes(8)
	default:
		return nil, false, nil
	}
	return value, true, err
}

func (m *machine) binary(op byte) (any, error) {
	size := map[byte]int{opBinInt1: 1, opBinInt2: 2, opBinInt: 4, opBinFloat: 8}[op]
	n, err := m.number(size)
	switch op {
	case opBinInt:
		return int64(int32(uint32(n))), err
	case opBinFloat:
		return math.Float64frombits(swap(n)), err
	}
	return int64(n), err
}

func swap(n uint64) uint64 {
	return binary.BigEndian.Uint64(binary.LittleEndian.AppendUint64(nil, n))
}

// long reads an integer of any size in two's complement.
func (m *machine) long(size int) (any, error) {
	b, err := m.bytes(size)
	if err != nil {
		return nil, err
	}
	slices.Reverse(b)
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return small(n), nil
}

// small returns n as an int64 if it is one.
func small(n *big.Int) any {
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

func (m *machine) text(size int) (any, error) {
	b, err := m.bytes(size)
	if err == nil && !utf8.Valid(b) {
		err = errors.New("a text is not valid UTF-8")
	}
	return string(b), err
}

// textual reads a value of protocol 0, which is written in ASCII.
func (m *machine) textual(op byte) (any, error) {
	line, err := m.line()
	if err != nil {
		return nil, err
	}
	switch op {
	case opInt, opLong:
		switch {
		case op == opInt && line == "00":
			return false, nil
		case op == opInt && line == "01":
			return true, nil
		}
		const digits = 100_000 // more would take minutes
		n, ok := new(big.Int).SetString(strings.TrimSuffix(line, "L"), 10)
		if !ok || len(line) > digits {
			return nil, fmt.Errorf("%.30q is no integer", line)
		}
		return small(n), nil
	case opFloat:
		return strconv.ParseFloat(strings.TrimSpace(line), 64)
	case opUnicode:
		return rawUnicode(line)
	case opGlobal:
		name, err := m.line()
		return class{line, name}, err
	}
	return pyString(line)
}

// decimal reads the number of a place in the memo.
func (m *machine) decimal() (uint64, error) {
	line, err := m.line()
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(line, 10, 32)
}

// rawUnicode reads Python's encoding raw-unicode-escape: Latin-1, in which \uXXXX and \UXXXXXXXX are other characters.
func rawUnicode(line string) (string, error) {
	var s strings.Builder
	for i := 0; i < len(line); i++ {
		digits := 0
		if strings.HasPrefix(line[i:], `\u`) {
			digits = 4
		} else if strings.HasPrefix(line[i:], `\U`) {
			digits = 8
		}
		if digits == 0 {
			s.WriteRune(rune(line[i]))
			continue
		}
		if len(line) < i+2+digits {
			return "", errors.New("an escape is cut off")
		}
		r, err := strconv.ParseUint(line[i+2:i+2+digits], 16, 32)
		if err != nil || !utf8.ValidRune(rune(r)) {
			return "", errors.New("an escape is no character")
		}
		s.WriteRune(rune(r))
		i += 1 + digits
	}
	return s.String(), nil
}

// pyString reads a quoted str of Python 2, whose bytes are taken for UTF-8.
func pyString(line string) (string, error) {
	if len(line) < 2 || line[0] != line[len(line)-1] || line[0] != '\'' && line[0] != '"' {
		return "", errors.New("a text has no quotes")
	}
	var b []byte
	for rest := line[1 : len(line)-1]; rest != ""; {
		r, _, tail, err := strconv.UnquoteChar(rest, 0)
		switch {
		case strings.HasPrefix(rest, `\'`) || strings.HasPrefix(rest, `\"`):
			r, tail = rune(rest[1]), rest[2:]
		case rest[0] != '\\':
			r, tail = rune(rest[0]), rest[1:]
		case err != nil || r > math.MaxUint8:
			return "", errors.New("an escape in a text is not known")
		}
		b, rest = append(b, byte(r)), tail
	}
	if !utf8.Valid(b) {
		return "", errors.New("a text is not valid UTF-8")
	}
	return string(b), nil
}
