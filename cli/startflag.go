package cli

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
)

// share is a flag for a part of one: 0.001 or 0.1%.
type share float64

// String, Set and Type make a share a flag.
func (s *share) String() string {
	if *s == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(*s), 'g', -1, 64)
}

// Set accepts 0.001 and 0.1%.
func (s *share) Set(word string) error {
	number, percent := strings.CutSuffix(word, "%")
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		f /= 100
	}
	if err != nil || !(f > 0 && f <= 1) {
		return errors.New("must be a share such as 0.001 or 0.1%, above 0 and at most 1")
	}
	*s = share(f)
	return nil
}

// Type names the flag's values in the help.
func (s *share) Type() string { return "share" }

// seedFlag is a flag for a number that may be left out.
type seedFlag struct{ to **int64 }

// String, Set and Type make a seedFlag a flag.
func (f seedFlag) String() string {
	if f.to == nil || *f.to == nil {
		return ""
	}
	return strconv.FormatInt(**f.to, 10)
}

// Set accepts any whole number that fits in 64 bits with a sign.
func (f seedFlag) Set(word string) error {
	n, err := wholeNumber(word)
	if err == nil {
		*f.to = &n
	}
	return err
}

// Type names the flag's values in the help.
func (f seedFlag) Type() string { return "int" }

// wholeFlag is a flag for a whole number as the inputs of workflows may be written: 1e6, 1_000, 0x10.
type wholeFlag int64

// String, Set and Type make a wholeFlag a flag.
func (f *wholeFlag) String() string { return strconv.FormatInt(int64(*f), 10) }

// Set accepts any whole number that fits in 64 bits with a sign.
func (f *wholeFlag) Set(word string) error {
	n, err := wholeNumber(word)
	if err == nil {
		*f = wholeFlag(n)
	}
	return err
}

// Type names the flag's values in the help.
func (f *wholeFlag) Type() string { return "int" }

// wholeNumber reads a number without rounding it.
func wholeNumber(word string) (int64, error) {
	r, ok := new(big.Rat).SetString(word)
	if !ok || strings.Contains(word, "/") || !r.IsInt() || !r.Num().IsInt64() {
		return 0, errors.New("must be a whole number of at most 63 bits and a sign")
	}
	return r.Num().Int64(), nil
}

// keyFlag is a flag for the key of a run.
type keyFlag string

// String, Set and Type make a keyFlag a flag.
func (f *keyFlag) String() string { return string(*f) }

// Set accepts any word but none: a variable of a script that is not set must not make a start that is
// meant to be repeatable one that is not.
func (f *keyFlag) Set(word string) error {
	if word == "" {
		return errors.New("must not be empty")
	}
	*f = keyFlag(word)
	return nil
}

// Type names the flag's values in the help.
func (f *keyFlag) Type() string { return "string" }
