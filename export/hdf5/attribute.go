package hdf5

import (
	"encoding/binary"
	"fmt"
	"math"
)

// attributes are the attributes of one group or dataset, as messages.
type attributes struct {
	names    map[string]bool
	messages [][]byte
}

// set adds an attribute message, version 3 (IV.A.2.m).
func (a *attributes) set(f *File, name string, value any) error {
	if a.names == nil {
		a.names = map[string]bool{}
	}
	if err := claim(name, a.names); err != nil {
		return fmt.Errorf("attribute %w", err)
	}
	typ, dims, data, err := encodeValue(f, value)
	if err != nil {
		return fmt.Errorf("attribute %q: %w", name, err)
	}
	const utf8 = 1
	space := dataspace(dims, false)
	b := []byte{3, 0}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(name)+1))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(typ.message)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(space)))
	b = append(append(append(b, utf8), name...), 0)
	b = append(append(append(b, typ.message...), space...), data...)
	if len(b) > maxMessage {
		return fmt.Errorf("attribute %q takes %d bytes, HDF5 holds at most %d: make it an array", name, len(b), maxMessage)
	}
	a.messages = append(a.messages, b)
	return nil
}

func (a *attributes) addTo(h *header) {
	for _, m := range a.messages {
		h.add(messageAttribute, 0, m)
	}
}

// encodeValue returns type, dimensions and bytes of a Go value.
func encodeValue(f *File, value any) (typ Type, dims []uint64, data []byte, err error) {
	switch v := value.(type) {
	case string:
		data, err = f.AppendText(nil, v)
		return Text(), nil, data, err
	case bool:
		return Bool(), nil, AppendBool(nil, v), nil
	case int64:
		return Int64(), nil, binary.LittleEndian.AppendUint64(nil, uint64(v)), nil
	case float64:
		return Float64(), nil, binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)), nil
	case []string:
		for _, s := range v {
			if data, err = f.AppendText(data, s); err != nil {
				break
			}
		}
		return Text(), []uint64{uint64(len(v))}, data, err
	case []int64:
		for _, x := range v {
			data = binary.LittleEndian.AppendUint64(data, uint64(x))
		}
		return Int64(), []uint64{uint64(len(v))}, data, nil
	case []float64:
		for _, x := range v {
			data = binary.LittleEndian.AppendUint64(data, math.Float64bits(x))
		}
		return Float64(), []uint64{uint64(len(v))}, data, nil
	}
	return Type{}, nil, nil, fmt.Errorf("a %T cannot be an attribute", value)
}

// AppendBool appends an element of type [Bool] to b.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}
