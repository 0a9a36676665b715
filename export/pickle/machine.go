package pickle

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// machine runs the opcodes of a pickle on a stack, as Python does; but to call is to describe, see call.
type machine struct {
	r     *bufio.Reader
	stack []any
	marks []int // lengths of the stack at each open mark
	memo  map[uint32]any
}

// The values on the stack are nil, bool, int64, *big.Int, float64, string, []byte, and:
type (
	tuple []any
	list  struct{ items []any } // a set, too
	dict  struct{ keys, values []any }
	class struct{ module, name string }
)

// object is what a class that is not known here would build.
type object struct {
	class class
	args  tuple
	state any
	items list
	pairs dict
}

var errUnderflow = errors.New("an opcode needs more than there is")

// load reads a pickle to its end.
func load(r io.Reader) (any, error) {
	m := &machine{r: bufio.NewReaderSize(r, 64<<10), memo: map[uint32]any{}}
	for {
		op, err := m.r.ReadByte()
		if err != nil {
			return nil, errors.New("is no pickle, or cut off")
		}
		if op == opStop {
			return m.pop()
		}
		if err := m.step(op); err != nil {
			return nil, err
		}
	}
}

// step runs an opcode. Those that push a constant are in constant, those that use the stack in combine.
func (m *machine) step(op byte) error {
	switch op {
	case opProto:
		version, err := m.number(1)
		if version > 5 {
			return fmt.Errorf("protocol %d is not known", version)
		}
		return err
	case opFrame:
		_, err := m.number(8) // frames only say how much to read at once
		return err
	case opMark:
		m.marks = append(m.marks, len(m.stack))
		return nil
	case opPut, opBinPut, opLongBinPut, opMemoize, opGet, opBinGet, opLongBinGet:
		return m.remember(op)
	}
	value, known, err := m.constant(op)
	if err != nil {
		return fmt.Errorf("opcode %q: %w", op, err)
	}
	if known {
		m.push(value)
		return nil
	}
	if err := m.combine(op); err != nil {
		return fmt.Errorf("opcode %q: %w", op, err)
	}
	return nil
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

// floor is how much of the stack lies under the topmost mark.
func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

func (m *machine) pop() (any, error) {
	if len(m.stack) <= m.floor() {
		return nil, errUnderflow
	}
	v := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return v, nil
}

// top returns the topmost value and leaves it there.
func (m *machine) top() (any, error) {
	if len(m.stack) <= m.floor() {
		return nil, errUnderflow
	}
	return m.stack[len(m.stack)-1], nil
}

// popN returns a copy of the topmost n values, the first at the bottom.
func (m *machine) popN(n int) ([]any, error) {
	if len(m.stack)-n < m.floor() {
		return nil, errUnderflow
	}
	items := append([]any{}, m.stack[len(m.stack)-n:]...)
	m.stack = m.stack[:len(m.stack)-n]
	return items, nil
}

// popMark returns what lies above the topmost mark, and takes the mark away.
func (m *machine) popMark() ([]any, error) {
	if len(m.marks) == 0 {
		return nil, errors.New("there is no mark")
	}
	items, err := m.popN(len(m.stack) - m.floor())
	m.marks = m.marks[:len(m.marks)-1]
	return items, err
}

// remember stores the topmost value under a number, or pushes the one with that number.
func (m *machine) remember(op byte) error {
	var at uint64
	var err error
	switch op {
	case opPut, opGet:
		at, err = m.decimal()
	case opBinPut, opBinGet:
		at, err = m.number(1)
	case opLongBinPut, opLongBinGet:
		at, err = m.number(4)
	case opMemoize:
		at = uint64(len(m.memo))
	}
	if err != nil {
		return err
	}
	if at > math.MaxUint32 {
		return fmt.Errorf("memo has no place %d", at)
	}
	if op == opGet || op == opBinGet || op == opLongBinGet {
		v, ok := m.memo[uint32(at)]
		if !ok {
			return fmt.Errorf("memo has nothing at %d", at)
		}
		m.push(v)
		return nil
	}
	v, err := m.top()
	m.memo[uint32(at)] = v
	return err
}

// number reads an unsigned integer of size bytes, the least significant first.
func (m *machine) number(size int) (uint64, error) {
	var b [8]byte
	if _, err := io.ReadFull(m.r, b[:size]); err != nil {
		return 0, errCut
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}

var errCut = errors.New("is cut off")

// bytes reads as many bytes as a number of size bytes says. The memory grows with what is really there.
func (m *machine) bytes(size int) ([]byte, error) {
	n, err := m.number(size)
	if err != nil {
		return nil, err
	}
	if n > math.MaxInt64 {
		return nil, errCut
	}
	var b bytes.Buffer
	if got, err := b.ReadFrom(io.LimitReader(m.r, int64(n))); err != nil || uint64(got) != n {
		return nil, errCut
	}
	return b.Bytes(), nil
}

// line reads up to the end of a line, which is not part of it.
func (m *machine) line() (string, error) {
	line, err := m.r.ReadString('\n')
	if err != nil {
		return "", errCut
	}
	return line[:len(line)-1], nil
}
