package codec

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"testing"
)

type inner struct {
	Raw   []byte `json:"raw"`
	Cells Floats `json:"cells"`
}

type outer struct {
	inner
	Name   string          `json:"name"`
	F      Floats          `json:"f"`
	G      Float32s        `json:"g,omitzero"`
	I      Ints            `json:"i,omitempty"`
	B      []byte          `json:"b"`
	Text   json.RawMessage `json:"text"`
	Rows   []Floats        `json:"rows"`
	Sub    inner           `json:"sub"`
	Ptr    *inner          `json:"ptr"`
	Cached Floats          `json:"-"`
	Nil    Floats          `json:"nil"`
	Parts  []part          `json:"parts"`
	Tree   []tree          `json:"tree"`
}

type part struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// tree holds itself.
type tree struct {
	Data Floats `json:"data"`
	Sub  []tree `json:"sub"`
}

func largeOuter() outer {
	const n = bulkSize
	floats := func(from float64) Floats {
		f := make(Floats, n)
		for i := range f {
			f[i] = math.Sqrt(from + float64(i))
		}
		return f
	}
	return outer{
		inner: inner{bytes.Repeat([]byte("ab"), n), floats(1)}, Name: "x", F: floats(2), G: make(Float32s, n), I: Ints{1, 2},
		B: bytes.Repeat([]byte{0x48}, n), Text: json.RawMessage(`"text"`), Rows: []Floats{floats(3)}, Sub: inner{nil, floats(4)},
		Ptr: &inner{Cells: floats(5)}, Cached: floats(6),
		Parts: []part{{"a", bytes.Repeat([]byte("xy"), n)}, {"b", nil}, {"c", bytes.Repeat([]byte("z"), n)}},
		Tree:  []tree{{floats(7), []tree{{Data: floats(8)}}}},
	}
}

// Large fields are put in so that the bytes are those that the library would have made, and what is encoded stays as
// it is.
func TestLargeFieldsAreEncodedAsTheLibraryDoes(t *testing.T) {
	t.Parallel()
	v := largeOuter()
	want, err := cborEncoder.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if _, fields := framed(&v); len(fields) != 9 {
		t.Errorf("%d fields are copied on their own, want 9", len(fields))
	}
	pointer := &v
	for _, arg := range []any{v, &v, &pointer} {
		if got, err := encodeCBOR(arg); err != nil || !bytes.Equal(got, want) {
			t.Errorf("encodeCBOR(%T) differs from what the library makes: %d bytes, want %d, %v", arg, len(got), len(want), err)
		}
	}
	if !reflect.DeepEqual(v, largeOuter()) {
		t.Error("encoding has changed the value")
	}
	if got, err := encodeCBOR(v.F); err != nil || !bytes.Equal(got[3:], must(v.F.MarshalCBOR())[3:]) {
		t.Errorf("a lone array: %d bytes, %v", len(got), err)
	}
}

// A mark that cannot be told from what else there is makes no wrong bytes.
func TestMarksThatOccurTwice(t *testing.T) {
	t.Parallel()
	f := bulkyField{mark: [8]byte{1, 2, 3, 4, 5, 6, 7, 8}}
	alone := append([]byte{0xa1, 0x61, 'a', 0x48}, f.mark[:]...)
	if !f.find(alone) || f.at != 3 {
		t.Errorf("found at %d, want 3", f.at)
	}
	for _, frame := range [][]byte{nil, f.mark[:], append(alone, alone...), append([]byte{0x49}, append(f.mark[:], 9)...)} {
		if f.find(frame) {
			t.Errorf("% x: found at %d", frame, f.at)
		}
	}
}
