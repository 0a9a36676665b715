package pickle

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// call returns what a call of Python would, for the few that are plain data, and else describes it.
func call(callee any, args tuple) (any, error) {
	c, ok := callee.(class)
	if !ok {
		return nil, fmt.Errorf("a %T is called, which is no class", callee)
	}
	switch c.module {
	case "builtins", "__builtin__", "_codecs", "collections":
		if v, ok := builtin(c.name, args); ok {
			return v, nil
		}
	case "datetime":
		if v, ok := datetime(c.name, args); ok {
			return v, nil
		}
	case "numpy", "numpy.core.multiarray", "numpy._core.multiarray", "numpy.core.numeric", "numpy._core.numeric":
		return numpyCall(c, args)
	case "copyreg", "copy_reg":
		if c.name == "_reconstructor" && len(args) > 0 {
			if of, ok := args[0].(class); ok { // its other arguments are the base class and its value
				return &object{class: of, args: tuple{}}, nil
			}
		}
	}
	return &object{class: c, args: args}, nil
}

// builtin builds the containers that older protocols build by calls.
func builtin(name string, args tuple) (any, bool) {
	switch name {
	case "set", "frozenset", "list", "deque":
		if len(args) == 0 {
			return &list{}, true
		}
		if items, ok := args[0].(*list); ok {
			return &list{items.items}, true
		}
	case "dict", "OrderedDict":
		if len(args) == 0 {
			return &dict{}, true
		}
	case "defaultdict":
		return &dict{}, true
	case "bytearray", "bytes":
		if len(args) == 0 {
			return []byte{}, true
		}
		if b, ok := args[0].([]byte); ok {
			return b, true
		}
		return latin1(args)
	case "encode":
		return latin1(args)
	}
	return nil, false
}

// latin1 makes bytes of a text in which each character is a byte, as the protocols without bytes write them.
func latin1(args tuple) (any, bool) {
	if len(args) != 2 {
		return nil, false
	}
	text, ok := args[0].(string)
	if !ok {
		return nil, false
	}
	b := make([]byte, 0, utf8.RuneCountInString(text))
	for _, r := range text {
		if r > 0xff {
			return nil, false
		}
		b = append(b, byte(r))
	}
	return b, true
}

// datetime returns a moment as text: in RFC 3339, or without a zone if it has none.
func datetime(name string, args tuple) (any, bool) {
	switch name {
	case "timedelta":
		return timedelta(args)
	case "timezone":
		if len(args) > 0 {
			if offset, ok := args[0].(time.Duration); ok {
				return time.FixedZone("", int(offset/time.Second)), true
			}
		}
	case "date":
		if b, ok := state(args, 4); ok {
			return date(b).Format(time.DateOnly), true
		}
	case "datetime":
		b, ok := state(args, 10)
		if !ok {
			return nil, false
		}
		us := int(b[7])<<16 | int(b[8])<<8 | int(b[9])
		clock := time.Duration(b[4])*time.Hour + time.Duration(b[5])*time.Minute + time.Duration(b[6])*time.Second
		at := date(b).Add(clock + time.Duration(us)*time.Microsecond)
		if len(args) == 1 {
			return at.Format("2006-01-02T15:04:05.999999"), true
		}
		if zone, ok := args[1].(*time.Location); ok {
			y, m, d := at.Date()
			return time.Date(y, m, d, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), zone).Format(time.RFC3339Nano), true
		}
	}
	return nil, false
}

// timedelta returns a difference of less than a century.
func timedelta(args tuple) (any, bool) {
	units := []time.Duration{24 * time.Hour, time.Second, time.Microsecond}
	if len(args) > len(units) {
		return nil, false
	}
	const century = 100 * 366 * 24 * time.Hour
	var sum time.Duration
	for i, v := range args {
		n, ok := v.(int64)
		if limit := int64(century / units[i]); !ok || n > limit || n < -limit {
			return nil, false
		}
		sum += time.Duration(n) * units[i]
	}
	return sum, true
}

// state returns the first argument if it is size bytes long.
func state(args tuple, size int) ([]byte, bool) {
	if len(args) == 0 {
		return nil, false
	}
	b, ok := args[0].([]byte)
	return b, ok && len(b) == size
}

func date(b []byte) time.Time {
	return time.Date(int(b[0])<<8|int(b[1]), time.Month(b[2]&0x7f), int(b[3]), 0, 0, 0, 0, time.UTC)
}

// setState gives an object its state, or updates a dict.
func setState(target, state any) (any, error) {
	switch t := target.(type) {
	case *object:
		t.state = state
		return t, nil
	case *ndarray:
		return t, t.setState(state)
	case *dtype:
		return t, t.setState(state)
	case *dict, *list: // attributes of a container, which are not part of its content
		return t, nil
	}
	return nil, errors.New("a state is set of what has none")
}
