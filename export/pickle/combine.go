package pickle

import (
	"errors"
	"fmt"
)

// combine runs an opcode that makes something of what is on the stack.
func (m *machine) combine(op byte) error {
	switch op {
	case opPop:
		if len(m.marks) > 0 && len(m.stack) == m.floor() {
			_, err := m.popMark()
			return err
		}
		_, err := m.pop()
		return err
	case opPopMark:
		_, err := m.popMark()
		return err
	case opDup:
		v, err := m.top()
		m.push(v)
		return err
	case opTuple, opList, opFrozenSet, opDict, opObj, opInst:
		return m.gather(op)
	case opTuple1, opTuple2, opTuple3:
		items, err := m.popN(int(op) - opTuple1 + 1)
		m.push(tuple(items))
		return err
	case opAppend, opSetItem, opAppends, opAddItems, opSetItems:
		return m.extend(op)
	case opReduce, opNewObj, opNewObjEx, opStackGlobal, opBuild:
		return m.build(op)
	}
	return errors.New("is not known, or needs what is outside of the pickle")
}

// gather makes a value of all that lies above the mark.
func (m *machine) gather(op byte) error {
	items, err := m.popMark()
	if err != nil {
		return err
	}
	var value any
	switch op {
	case opTuple:
		value = tuple(items)
	case opDict:
		d := &dict{}
		err = d.add(items)
		value = d
	case opObj:
		if len(items) == 0 {
			return errUnderflow
		}
		value, err = call(items[0], items[1:])
	case opInst:
		var c any
		if c, err = m.textual(opGlobal); err == nil {
			value, err = call(c, items)
		}
	default:
		value = &list{items}
	}
	m.push(value)
	return err
}

// extend adds values to a list, set or dict below them, which keeps its identity: others may refer to it.
func (m *machine) extend(op byte) error {
	var items []any
	var err error
	switch op {
	case opAppend:
		items, err = m.popN(1)
	case opSetItem:
		items, err = m.popN(2)
	default:
		items, err = m.popMark()
	}
	if err != nil {
		return err
	}
	target, err := m.top()
	if err != nil {
		return err
	}
	pairs := op == opSetItem || op == opSetItems
	switch t := target.(type) {
	case *list:
		if !pairs {
			t.items = append(t.items, items...)
			return nil
		}
	case *dict:
		if pairs {
			return t.add(items)
		}
	case *object:
		if pairs {
			return t.pairs.add(items)
		}
		t.items.items = append(t.items.items, items...)
		return nil
	}
	return fmt.Errorf("a %T takes no such items", target)
}

func (d *dict) add(items []any) error {
	if len(items)%2 != 0 {
		return errors.New("a key has no value")
	}
	for i := 0; i < len(items); i += 2 {
		d.keys, d.values = append(d.keys, items[i]), append(d.values, items[i+1])
	}
	return nil
}

// build runs the opcodes that Python answers by running code.
func (m *machine) build(op byte) error {
	n := 2
	if op == opNewObjEx {
		n = 3
	}
	items, err := m.popN(n)
	if err != nil {
		return err
	}
	var value any
	switch op {
	case opStackGlobal:
		module, isText := items[0].(string)
		name, alsoText := items[1].(string)
		if !isText || !alsoText {
			return errors.New("a class has no name")
		}
		value = class{module, name}
	case opBuild:
		value, err = setState(items[0], items[1])
	default:
		args, ok := items[1].(tuple)
		if !ok {
			return errors.New("arguments are no tuple")
		}
		if n == 3 {
			args = append(args[:len(args):len(args)], items[2])
		}
		value, err = call(items[0], args)
	}
	m.push(value)
	return err
}
