package steps

import (
	"fmt"
	"math/big"
	"math/bits"
)

// Uint128 is an unsigned integer of 128 bits. In JSON it is a number with all its digits, so that no
// reader has to go through a float. The zero value is 0.
type Uint128 struct{ hi, lo uint64 }

// Add returns u+v. It wraps around at 2^128.
func (u Uint128) Add(v uint64) Uint128 {
	lo, carry := bits.Add64(u.lo, v, 0)
	hi, _ := bits.Add64(u.hi, 0, carry) // one instruction, which u.hi + carry is not
	return Uint128{hi, lo}
}

// String returns the decimal digits.
func (u Uint128) String() string {
	n := new(big.Int).SetUint64(u.hi)
	n.Lsh(n, 64)
	return n.Or(n, new(big.Int).SetUint64(u.lo)).String()
}

// MarshalJSON returns the decimal digits.
func (u Uint128) MarshalJSON() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalJSON reads decimal digits.
func (u *Uint128) UnmarshalJSON(text []byte) error { return u.UnmarshalText(text) }

// MarshalText returns the decimal digits.
func (u Uint128) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText reads decimal digits.
func (u *Uint128) UnmarshalText(text []byte) error {
	var n big.Int
	for _, c := range text {
		if c < '0' || c > '9' {
			return fmt.Errorf("%q is not a whole number of 0 or more", text)
		}
	}
	if _, ok := n.SetString(string(text), 10); !ok {
		return fmt.Errorf("%q is not a whole number of 0 or more", text)
	}
	if n.BitLen() > 128 {
		return fmt.Errorf("%s does not fit in 128 bits", text)
	}
	u.lo = new(big.Int).And(&n, new(big.Int).SetUint64(^uint64(0))).Uint64()
	u.hi = n.Rsh(&n, 64).Uint64()
	return nil
}
