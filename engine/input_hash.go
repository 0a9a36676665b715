package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

// inputHash is what a key remembers of its input: SHA-256 over the canonical JSON of the starting state
// without members that are zero, so that a field which the state gets later changes nothing, and neither
// does its codec.
func inputHash(state Payload) ([]byte, error) {
	doc, err := state.JSON()
	if err != nil {
		return nil, fmt.Errorf("input: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber() // integers must not pass through float64
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("input: %w", err)
	}
	canonical, err := json.Marshal(withoutZeros(v)) // objects are sorted by name
	if err != nil {
		return nil, fmt.Errorf("input: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return sum[:], nil
}

// withoutZeros drops the members of objects that are zero: null, false, 0, "", [] and {}.
func withoutZeros(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if member = withoutZeros(member); isZero(member) {
				delete(v, name)
			} else {
				v[name] = member
			}
		}
	case []any:
		for i := range v {
			v[i] = withoutZeros(v[i])
		}
	}
	return v
}

func isZero(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return v == nil || v == false || v == "" || v == json.Number("0")
}
