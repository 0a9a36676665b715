package pickle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/durable-wf/wf/export"
)

// Names in the memo of what is no text. A text cannot have them: they are not UTF-8.
const (
	memoDatetime = "\xffdatetime"
	memoUTC      = "\xffutc"
)

// time writes a datetime.datetime in UTC as Python does, in ten bytes; one that Python does not know is a text.
func (e *encoder) time(at time.Time) {
	at = at.UTC()
	if at.Year() < 1 || at.Year() > 9999 {
		e.text(at.Format(export.TimeLayout))
		return
	}
	if !e.remembered(memoDatetime) {
		e.global("datetime", "datetime")
		e.remember(memoDatetime)
	}
	us := at.Nanosecond() / 1000
	e.op(opShortBytes, 10, byte(at.Year()>>8), byte(at.Year()), byte(at.Month()), byte(at.Day()),
		byte(at.Hour()), byte(at.Minute()), byte(at.Second()), byte(us>>16), byte(us>>8), byte(us))
	if !e.remembered(memoUTC) {
		e.global("datetime", "timezone")
		e.global("datetime", "timedelta")
		e.op(opBinInt1, 0, opBinInt1, 0, opBinInt1, 0, opTuple3, opReduce, opTuple1, opReduce)
		e.remember(memoUTC)
	}
	e.op(opTuple2, opReduce)
}

func (e *encoder) global(module, name string) {
	e.text(module)
	e.text(name)
	e.op(opStackGlobal)
}

// bigInt writes an integer of any size, in two's complement.
func (e *encoder) bigInt(n *big.Int) {
	size := n.BitLen()/8 + 1
	if size > 255 {
		e.text(n.String()) // more than 600 digits are no number to calculate with
		return
	}
	m := n
	if n.Sign() < 0 {
		m = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), uint(8*size)))
	}
	b := m.FillBytes(make([]byte, size))
	slices.Reverse(b)
	e.op(opLong1, byte(size))
	e.op(b...)
}

// json writes the Python value that a JSON document describes.
func (e *encoder) json(doc json.RawMessage) error {
	dec := jsontext.NewDecoder(bytes.NewReader(doc))
	if err := e.jsonValue(dec); err != nil {
		return fmt.Errorf("JSON: %w", err)
	}
	return nil
}

func (e *encoder) jsonValue(dec *jsontext.Decoder) error {
	token, err := dec.ReadToken()
	if err != nil {
		return err
	}
	switch token.Kind() {
	case 'n':
		return e.value(nil)
	case 't', 'f':
		return e.value(token.Bool())
	case '"':
		return e.value(token.String())
	case '0':
		return e.value(number(token.String()))
	case '{':
		return e.jsonObject(dec)
	default:
		return e.jsonList(dec)
	}
}

func (e *encoder) jsonObject(dec *jsontext.Decoder) error {
	err := e.dict(func(key func(string)) error {
		for dec.PeekKind() != '}' {
			name, err := dec.ReadToken()
			if err != nil {
				return err
			}
			key(name.String())
			if err := e.jsonValue(dec); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		_, err = dec.ReadToken()
	}
	return err
}

func (e *encoder) jsonList(dec *jsontext.Decoder) error {
	err := e.list(func(next func()) error {
		for dec.PeekKind() != ']' {
			next()
			if err := e.jsonValue(dec); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		_, err = dec.ReadToken()
	}
	return err
}

// number reads a JSON number: as whole as it is written, or else a float.
func number(text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && text != "-0" {
		return n
	}
	if !strings.ContainsAny(text, ".eE") && text != "-0" {
		if n, ok := new(big.Int).SetString(text, 10); ok {
			return n
		}
	}
	f, _ := strconv.ParseFloat(text, 64) // what is too large becomes infinite, as in Python
	return f
}
