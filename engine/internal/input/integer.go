package input

import (
	"math"
	"math/big"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// maxExponent bounds the zeros that a word such as 1e30 may ask for.
const maxExponent = 10_000

// decimal is a number with its sign, digits, fraction and exponent.
var decimal = regexp.MustCompile(`^([+-]?)([0-9]+)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?$`)

// wholeNumber returns the digits, with a sign if negative, of the integer that word stands for:
// 42, -42, 1_000, 1e6, 1.5e3, 0x10, 0o7, 0b1. It never rounds: 1.5 is no integer. A leading zero
// does not mean octal.
func wholeNumber(word string) (string, bool) {
	if i := strings.IndexAny(word, "xXoObB"); i == 1 || i == 2 {
		n, ok := new(big.Int).SetString(word, 0)
		if !ok {
			return "", false
		}
		return n.String(), true
	}
	m := decimal.FindStringSubmatch(ungroup(word))
	if m == nil {
		return "", false
	}
	digits, ok := shift(m[2], m[3], m[4])
	if !ok {
		return "", false
	}
	if m[1] == "-" && digits != "0" {
		digits = "-" + digits
	}
	return digits, true
}

// shift returns whole.fraction times ten to the exponent if that is an integer.
func shift(whole, fraction, exponent string) (string, bool) {
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return "0", true
	}
	exp := 0
	if exponent != "" {
		var err error
		if exp, err = strconv.Atoi(exponent); err != nil || exp < -maxExponent || exp > maxExponent {
			return "", false
		}
	}
	if exp -= len(fraction); exp >= 0 {
		return digits + strings.Repeat("0", exp), true
	}
	kept := strings.TrimSuffix(digits, strings.Repeat("0", -exp))
	return kept, len(kept) == len(digits)+exp
}

func setInt(v reflect.Value, word string) error {
	digits, ok := wholeNumber(word)
	if !ok {
		return problemf("%q is not a whole number", word)
	}
	bits := v.Type().Bits()
	n, err := strconv.ParseInt(digits, 10, bits)
	if err == nil {
		v.SetInt(n)
		return nil
	}
	limit, side := int64(math.MaxInt64)>>(64-bits), "most"
	if digits[0] == '-' {
		limit, side = int64(math.MinInt64)>>(64-bits), "least"
	}
	return problemf("%s does not fit in %d bits (at %s %d)", word, bits, side, limit)
}

func setUint(v reflect.Value, word string) error {
	digits, ok := wholeNumber(word)
	if !ok {
		return problemf("%q is not a whole number", word)
	}
	if digits[0] == '-' {
		return problemf("%s is negative; it takes 0 or more", word)
	}
	bits := v.Type().Bits()
	n, err := strconv.ParseUint(digits, 10, bits)
	if err != nil {
		return problemf("%s does not fit in %d bits (at most %d)", word, bits, uint64(math.MaxUint64)>>(64-bits))
	}
	v.SetUint(n)
	return nil
}
