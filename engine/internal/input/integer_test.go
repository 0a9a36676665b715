package input_test

import (
	"encoding/json"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine/internal/input"
)

type integers struct {
	I int64  `json:"i" help:"x"`
	U uint64 `json:"u" help:"x"`
}

// build returns what word becomes in the named field.
func build(name, word string) (string, error) {
	doc, err := input.Build(reflect.TypeFor[integers](), nil, map[string][]string{name: {word}})
	if err != nil {
		return "", err
	}
	fields := map[string]json.Number{}
	if err := json.Unmarshal(doc, &fields); err != nil {
		return "", err
	}
	return fields[name].String(), nil
}

func TestIntegerWords(t *testing.T) {
	t.Parallel()
	tests := []struct{ word, want string }{ // "" wants an error
		{"0", "0"}, {"-0", "0"}, {"+7", "7"}, {"007", "7"}, {"08", "8"}, {"1e6", "1000000"}, {"1E+2", "100"},
		{"1.5e1", "15"}, {"150e-1", "15"}, {"1.0", "1"}, {"1.", "1"}, {"0e99999", "0"}, {"0.000e-3", "0"},
		{"1_000", "1000"}, {"1_0_0_0", "1000"}, {"0x10", "16"}, {"-0xF", "-15"}, {"0xff_ff", "65535"}, {"0b101", "5"}, {"0o17", "15"},
		{"9223372036854775807", "9223372036854775807"}, {"-9223372036854775808", "-9223372036854775808"},
		{"9007199254740993", "9007199254740993"}, {"9.007199254740993e15", "9007199254740993"},
		{"", ""}, {" 1", ""}, {"1 ", ""}, {"-", ""}, {"e6", ""}, {".5e1", ""}, {"1.5", ""}, {"1e-1", ""}, {"15e-2", ""}, {"1__0", ""},
		{"_1", ""}, {"1_", ""}, {"1_e3", ""}, {"0x", ""}, {"0xg", ""}, {"x10", ""}, {"1e", ""}, {"1e1.5", ""}, {"--1", ""}, {"NaN", ""}, {"١", ""},
		{"1e19", ""}, {"1e99999999999999999999", ""}, {"9223372036854775808", ""}, {"1,000", ""},
	}
	for _, tt := range tests {
		got, err := build("i", tt.word)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%q = %q, %v; want %q", tt.word, got, err, tt.want)
		}
	}
}

// FuzzInteger compares with exact rational arithmetic: what is taken has the very value of its text,
// and what that arithmetic calls an integer in range is taken.
func FuzzInteger(f *testing.F) {
	for _, seed := range []string{"1e6", "-1.50e1", "0x_f", "1_000", "9223372036854775808", "-9223372036854775808", "1e-0", "00e5", "1.e1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, word string) {
		got, err := build("i", word)
		unsigned, unsignedErr := build("u", word)
		if err == nil && unsignedErr == nil && got != unsigned {
			t.Fatalf("%q is %s signed and %s unsigned", word, got, unsigned)
		}
		if len(word) > 30 || strings.ContainsAny(word, "_xXoObBpP/") || hugeExponent(word) {
			return // not what big.Rat reads, or too slow for it
		}
		want, ok := new(big.Rat).SetString(word)
		switch {
		case err == nil && !ok:
			t.Fatalf("%q is no number, but gave %s", word, got)
		case err == nil && want.RatString() != got:
			t.Fatalf("%q is %s, but gave %s", word, want.RatString(), got)
		case err != nil && ok && want.IsInt() && want.Num().IsInt64() && word[0] != '.' && !strings.Contains(word, "-.") && !strings.Contains(word, "+."):
			t.Fatalf("%q is the integer %s, but gave %v", word, want.RatString(), err)
		}
	})
}

func hugeExponent(word string) bool {
	_, exponent, ok := strings.Cut(strings.ToLower(word), "e")
	n, err := strconv.Atoi(exponent)
	return ok && (err != nil || n > 1000 || n < -1000)
}
