package pickle

import (
	"errors"
	"fmt"

	"github.com/durable-wf/wf/export"
	"github.com/durable-wf/wf/export/internal/numpy"
)

// dtype is a numpy.dtype: made by a call with its name, completed by its state.
type dtype struct{ numpy.DType }

// ndarray is a numpy.ndarray: made by a call without arguments that matter, completed by its state.
type ndarray struct {
	dtype       numpy.DType
	dims        []int
	columnMajor bool
	data        []byte
}

// numpyCall returns what NumPy's own functions for pickles return (numpy/core/src/multiarray/methods.c, array_reduce).
func numpyCall(c class, args tuple) (any, error) {
	var err error
	switch {
	case c.name == "_reconstruct":
		return &ndarray{}, nil
	case c.name == "dtype" && len(args) > 0:
		text, _ := args[0].(string)
		d := &dtype{numpy.DType{Kind: 'V'}}
		if text == "" || text[0] != 'V' { // records get their fields with their state
			d.DType, err = numpy.ParseType(text)
		}
		return d, numpyError(err)
	case c.name == "scalar" && len(args) == 2:
		a := &ndarray{dims: []int{}}
		if err = a.set(args[0], args[1]); err != nil {
			return nil, numpyError(err)
		}
		single, err := a.dtype.Array("", a.dims, false, a.data)
		if err != nil {
			return nil, numpyError(err)
		}
		return single.At(0), nil
	case c.name == "_frombuffer" && len(args) == 4:
		a := &ndarray{columnMajor: args[3] == "F"}
		if a.dims, err = dimensions(args[2]); err == nil {
			err = a.set(args[1], args[0])
		}
		return a, numpyError(err)
	}
	return &object{class: c, args: args}, nil
}

func numpyError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("a NumPy array: %w", err)
}

// set gives a its type and data.
func (a *ndarray) set(t, data any) error {
	typ, isType := t.(*dtype)
	raw, isBytes := data.([]byte)
	if !isType || !isBytes {
		return errors.New("has no type, or its data are Python objects")
	}
	a.dtype, a.data = typ.DType, raw
	return nil
}

// setState completes an array: version, dimensions, type, whether the first index runs fastest, and data.
func (a *ndarray) setState(state any) error {
	s, _ := state.(tuple)
	if len(s) != 5 {
		return numpyError(errors.New("its state is not understood"))
	}
	var err error
	a.columnMajor = s[3] == true
	if a.dims, err = dimensions(s[1]); err == nil {
		err = a.set(s[2], s[4])
	}
	return numpyError(err)
}

func dimensions(v any) ([]int, error) {
	shape, ok := v.(tuple)
	if !ok {
		return nil, errors.New("has no dimensions")
	}
	dims := make([]int, len(shape))
	for i, v := range shape {
		n, ok := v.(int64)
		if !ok {
			return nil, errors.New("has dimensions that are no integers")
		}
		dims[i] = int(n)
	}
	return dims, nil
}

// setState completes a type: version, byte order, -, names and fields of a record, its size, -, -, and the unit of times
// (numpy/core/src/multiarray/descriptor.c, arraydescr_reduce).
func (d *dtype) setState(state any) error {
	s, _ := state.(tuple)
	if len(s) < 8 {
		return numpyError(errors.New("the state of its type is not understood"))
	}
	d.Big = s[1] == ">"
	if d.Kind == 'M' {
		return numpyError(d.setUnit(s))
	}
	if d.Kind == 'V' {
		return numpyError(d.setFields(s))
	}
	return nil
}

func (d *dtype) setUnit(s tuple) error {
	if meta, ok := s[len(s)-1].(tuple); ok && len(meta) == 2 {
		if unit, ok := meta[1].(tuple); ok && len(unit) == 4 && unit[1] == int64(1) {
			switch name := unit[0].(type) {
			case []byte:
				d.Unit = string(name)
				return nil
			case string:
				d.Unit = name
				return nil
			}
		}
	}
	return errors.New("has times in a unit that is not understood")
}

func (d *dtype) setFields(s tuple) error {
	names, isTuple := s[3].(tuple)
	fields, isDict := s[4].(*dict)
	size, isInt := s[5].(int64)
	if !isTuple || !isDict || !isInt || size < 0 || size > 1<<30 {
		return errors.New("has a type that is not understood")
	}
	d.Size, d.Fields = int(size), nil
	for _, n := range names {
		name, _ := n.(string)
		spec, _ := fields.get(name).(tuple)
		if len(spec) < 2 {
			return fmt.Errorf("column %q has no type", name)
		}
		t, isType := spec[0].(*dtype)
		offset, isInt := spec[1].(int64)
		if !isType || !isInt || offset < 0 || offset > size {
			return fmt.Errorf("column %q has a type that is not understood", name)
		}
		d.Fields = append(d.Fields, numpy.Field{Name: name, Offset: int(offset), Type: t.DType})
	}
	return nil
}

func (d *dict) get(name string) any {
	for i, k := range d.keys {
		if k == name {
			return d.values[i]
		}
	}
	return nil
}

// addTo adds a to g, as a table if it is one of records.
func (a *ndarray) addTo(g *export.Group, name string) error {
	if a.dtype.Kind == 'V' {
		t, err := a.dtype.Table(name, a.dims, a.data)
		if err == nil {
			g.Tables = append(g.Tables, t)
		}
		return err
	}
	made, err := a.dtype.Array(name, a.dims, a.columnMajor, a.data)
	if err == nil {
		g.Arrays = append(g.Arrays, made)
	}
	return err
}
