package steps_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/durable-wf/wf/steps"
)

const max128 = "340282366920938463463374607431768211455"

func TestUint128Text(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0", "1", "18446744073709551615", "18446744073709551616", max128} {
		var u steps.Uint128
		if err := json.Unmarshal([]byte(text), &u); err != nil {
			t.Fatalf("Unmarshal(%s): %v", text, err)
		}
		got, err := json.Marshal(u)
		if err != nil || string(got) != text {
			t.Errorf("Marshal(%s) = %s, %v", text, got, err)
		}
	}
}

func TestUint128Refuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"too great", "340282366920938463463374607431768211456", "does not fit in 128 bits"},
		{"negative", "-1", "not a whole number"},
		{"fraction", "1.5", "not a whole number"},
		{"float", "1e3", "not a whole number"},
		{"empty", "", "not a whole number"},
		{"letters", "abc", "not a whole number"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var u steps.Uint128
			err := u.UnmarshalText([]byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("UnmarshalText(%q) = %v, want %q", test.text, err, test.want)
			}
		})
	}
}

func TestUint128AddsLikeBigInt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var u steps.Uint128
		want := new(big.Int)
		for _, v := range rapid.SliceOf(rapid.OneOf(rapid.Uint64(), rapid.Just[uint64](math.MaxUint64))).Draw(t, "terms") {
			u = u.Add(v)
			want.Add(want, new(big.Int).SetUint64(v))
		}
		if u.String() != want.String() {
			t.Fatalf("sum = %v, want %v", u, want)
		}
	})
}
