package npz

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/durable-wf/wf/export/internal/numpy"
)

// magic begins each .npy file. Two bytes with the version of the format follow, and the length of the header.
const magic = "\x93NUMPY"

// maxHeader is the length of the largest header that NumPy 1.24 and later load without being told to.
const maxHeader = 10_000

// header is what an .npy file says about its data.
type header struct {
	descr       string // the type as a literal
	dims        []int
	columnMajor bool
	dtype       numpy.DType // of a header that was read
}

// encode returns the header with what comes before it, a multiple of 64 bytes: version 1, or 3 if it is not ASCII.
func (h header) encode() []byte {
	var shape strings.Builder
	for _, n := range h.dims {
		fmt.Fprintf(&shape, "%d, ", n)
	}
	tuple := shape.String()
	if len(h.dims) > 1 {
		tuple = strings.TrimSuffix(tuple, ", ")
	} else {
		tuple = strings.TrimSuffix(tuple, " ")
	}
	dict := fmt.Sprintf("{'descr': %s, 'fortran_order': False, 'shape': (%s), }", h.descr, tuple)
	version, lengthBytes := byte(1), 2
	if strings.IndexFunc(dict, func(r rune) bool { return r > 127 }) >= 0 || len(dict) > 60_000 {
		version, lengthBytes = 3, 4
	}
	before := len(magic) + 2 + lengthBytes
	dict += strings.Repeat(" ", 63-(before+len(dict))%64) + "\n"
	b := append([]byte(magic), version, 0)
	if version == 1 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(dict)))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(dict)))
	}
	return append(b, dict...)
}

// pyText returns s as a literal of Python.
func pyText(s string) string {
	quoted := strconv.Quote(s) // its escapes are those of Python
	return "'" + strings.ReplaceAll(strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`), "'", `\'`) + "'"
}

// readHeader reads the header of any version.
func readHeader(r *bufio.Reader) (header, error) {
	var start [8]byte
	if _, err := io.ReadFull(r, start[:]); err != nil || string(start[:6]) != magic {
		return header{}, errors.New("is no NumPy array")
	}
	var length uint64
	switch start[6] {
	case 1:
		var n [2]byte
		_, _ = io.ReadFull(r, n[:]) // too short a file shows below
		length = uint64(binary.LittleEndian.Uint16(n[:]))
	case 2, 3:
		var n [4]byte
		_, _ = io.ReadFull(r, n[:])
		length = uint64(binary.LittleEndian.Uint32(n[:]))
	default:
		return header{}, fmt.Errorf("version %d of the format is not known", start[6])
	}
	var text bytes.Buffer
	if n, err := io.CopyN(&text, r, int64(length)); err != nil || n == 0 {
		return header{}, errors.New("header is cut off")
	}
	dict, err := parseDict(latin1(start[6], text.Bytes()))
	if err != nil {
		return header{}, err
	}
	return dict.header()
}

// latin1 returns the text of a header, which is Latin-1 before version 3.
func latin1(version byte, text []byte) string {
	if version == 3 {
		return string(text)
	}
	runes := make([]rune, len(text))
	for i, b := range text {
		runes[i] = rune(b)
	}
	return string(runes)
}

func (d pyDict) header() (header, error) {
	var h header
	shape, isTuple := d["shape"].(pyTuple)
	order, isBool := d["fortran_order"].(bool)
	if !isTuple || !isBool {
		return h, errors.New("header lacks shape or fortran_order")
	}
	h.columnMajor, h.dims = order, []int{}
	for _, v := range shape {
		n, ok := v.(int)
		if !ok {
			return h, errors.New("header has a shape that is not made of numbers")
		}
		h.dims = append(h.dims, n)
	}
	var err error
	h.dtype, err = dtypeOf(d["descr"])
	return h, err
}

// dtypeOf reads a description: a text, or a list of names and texts for records.
func dtypeOf(descr any) (numpy.DType, error) {
	if text, ok := descr.(string); ok {
		return numpy.ParseType(text)
	}
	record := numpy.DType{Kind: 'V'}
	fields, ok := descr.(pyTuple)
	if !ok {
		return record, errors.New("header has no type")
	}
	for _, f := range fields {
		pair, _ := f.(pyTuple)
		if len(pair) != 2 {
			return record, errors.New("records with arrays in them are not understood")
		}
		name, isText := pair[0].(string)
		descr, isPlain := pair[1].(string)
		if !isText || !isPlain {
			return record, errors.New("records within records are not understood")
		}
		if name == "" { // padding
			descr = strings.Replace(descr, "V", "S", 1)
		}
		t, err := numpy.ParseType(descr)
		if err != nil {
			return record, fmt.Errorf("column %q: %w", name, err)
		}
		if name != "" {
			record.Fields = append(record.Fields, numpy.Field{Name: name, Offset: record.Size, Type: t})
		}
		record.Size += t.Size
	}
	return record, nil
}
