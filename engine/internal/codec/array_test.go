package codec_test

import (
	"bytes"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine/internal/codec"
)

type arrays struct {
	Name  string                  `json:"name"`
	F     codec.Floats            `json:"f"`
	G     codec.Float32s          `json:"g"`
	I     codec.Ints              `json:"i"`
	Nil   codec.Floats            `json:"nil"`
	Empty codec.Ints              `json:"empty"`
	Rows  []codec.Floats          `json:"rows"`
	ByID  map[string]codec.Floats `json:"by_id"`
}

func someArrays() arrays {
	return arrays{
		Name: "x",
		F:    codec.Floats{0, math.Copysign(0, -1), 1.5, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64},
		G:    codec.Float32s{0.1, float32(math.NaN()), math.MaxFloat32},
		I:    codec.Ints{math.MinInt64, -1, 0, math.MaxInt64}, Empty: codec.Ints{},
		Rows: []codec.Floats{{1}, nil, {}}, ByID: map[string]codec.Floats{"a": {2, 3}},
	}
}

func TestArraysComeBackExactly(t *testing.T) {
	t.Parallel()
	for _, f := range formats {
		checkRoundTrip(t, f, someArrays())
		checkRoundTrip(t, f, codec.Floats{1, 2})
	}
	odd := codec.Floats{math.Float64frombits(0x7ff8dead_beef0001)}
	var got codec.Floats
	if err := codec.Decode(mustEncode(t, codec.CBOR, odd), &got); err != nil || math.Float64bits(got[0]) != math.Float64bits(odd[0]) {
		t.Errorf("a NaN came back as %x, %v; want all its bits", math.Float64bits(got[0]), err)
	}
}

// The bytes are those that RFC 8746, section 2.1, prescribes, written down by hand.
func TestArraysAreTypedArraysOfRFC8746(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		v    any
		want string
	}{
		{"float64", codec.Floats{1, -2}, "d85650" + "000000000000f03f" + "00000000000000c0"},
		{"float32", codec.Float32s{1}, "d85544" + "0000803f"},
		{"int64", codec.Ints{258, -1}, "d84f50" + "0201000000000000" + "ffffffffffffffff"},
		{"empty", codec.Floats{}, "d85640"},
		{"nil", codec.Floats(nil), "f6"},
		{"25 bytes and more", codec.Floats{0, 0, 0, 0}, "d8565820" + strings.Repeat("00", 32)},
	}
	for _, tt := range tests {
		if got := hex.EncodeToString(mustEncode(t, codec.CBOR, tt.v).Data); got != tt.want {
			t.Errorf("%s = %s, want %s", tt.name, got, tt.want)
		}
	}
	for _, n := range []int{1 << 5, 1 << 13, 1 << 17} { // lengths of one, two and four bytes
		if p := mustEncode(t, codec.CBOR, make(codec.Ints, n)); p.Codec == "cbor" {
			checkRoundTrip(t, codec.CBOR, make(codec.Ints, n))
		}
	}
}

func TestArraysAsJSON(t *testing.T) {
	t.Parallel()
	for _, v := range []any{someArrays(), codec.Floats{1, 2.5}, codec.Float32s{0.1}, codec.Ints{1 << 60}} {
		want := mustEncode(t, codec.JSON, v)
		got, err := mustEncode(t, codec.CBOR, v).JSON()
		if err != nil || len(got) != len(want.Data) { // the order of names differs
			t.Errorf("JSON of CBOR = %s, %v; want as %s", got, err, want.Data)
		}
	}
}

func TestArrayReadsAList(t *testing.T) {
	t.Parallel()
	type before struct{ F []float64 }
	type after struct{ F codec.Floats }
	var got after
	err := codec.Decode(mustEncode(t, codec.CBOR, before{[]float64{1, 2}}), &got)
	if want := (after{codec.Floats{1, 2}}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Decode of a list = %v, %v; want %v", got, err, want)
	}
	if err := codec.Decode(mustEncode(t, codec.CBOR, after{codec.Floats{1}}), new(before)); err == nil {
		t.Error("a list was read from a typed array, want an error")
	}
	if a, b := codec.Schema(reflect.TypeFor[before]()), codec.Schema(reflect.TypeFor[after]()); a == b {
		t.Errorf("both have the schema %s, though one does not read the other's data", a)
	}
}

func TestArrayRefusesWhatItIsNot(t *testing.T) {
	t.Parallel()
	for _, data := range []string{
		"d85541" + "00",                   // seven eighths of a number
		"d85644" + "0000803f",             // four bytes for a float64
		"d85548" + "0000000000000000",     // of 32 bits
		"48" + "0000000000000000",         // no tag
		"d8565f48" + "0000000000000000ff", // of no known length
		"d856820102",                      // a list within the tag
		"8161" + "61",                     // a list of texts
		"01", "6161", "a0", "f5", "d856",
	} {
		raw, err := hex.DecodeString(data)
		if err != nil {
			t.Fatal(err)
		}
		got := codec.Floats{7}
		if err := codec.Decode(codec.Payload{Codec: "cbor", Data: raw}, &got); err == nil || got != nil {
			t.Errorf("Decode of %s = %v, %v; want an error and nothing", data, got, err)
		}
	}
	err := codec.Decode(mustEncode(t, codec.CBOR, map[string]string{"f": "text"}), &arrays{})
	checkError(t, err, "f: cannot decode a string into codec.Floats")
}

func TestCheckRefusesAnEmbeddedArray(t *testing.T) {
	t.Parallel()
	type embeds struct {
		codec.Floats
		N int
	}
	type points struct {
		*codec.Ints `json:"ints"`
		N           int
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[embeds](), reflect.TypeFor[points]()} {
		if faults := codec.Check(typ); len(faults) != 1 || !strings.Contains(faults[0].Error(), "give the field a name") {
			t.Errorf("Check(%v) = %v, want that the field needs a name", typ, faults)
		}
	}
	if faults := codec.Check(reflect.TypeFor[arrays]()); len(faults) > 0 {
		t.Error(faults)
	}
}

// A large state is copied once, either way. Not parallel: it counts what the whole process allocates.
func TestEncodingCopiesLittle(t *testing.T) {
	const size = 16 << 20
	bulky := struct {
		A, B []byte
		F, G codec.Floats
	}{make([]byte, size), make([]byte, size), make(codec.Floats, size/8), make(codec.Floats, size/8)}
	random := rand.NewChaCha8([32]byte{}) // so that nothing pays to compress
	for _, b := range [][]byte{bulky.A, bulky.B} {
		if _, err := random.Read(b); err != nil {
			t.Fatal(err)
		}
	}
	for i := range bulky.F {
		bulky.F[i], bulky.G[i] = math.Float64frombits(random.Uint64()), math.Float64frombits(random.Uint64())
	}
	var p codec.Payload
	if got, limit := allocated(func() { p = mustEncode(t, codec.CBOR, &bulky) }), uint64(4*size+size/2); got > limit {
		t.Errorf("encoding %d bytes allocated %d, want at most %d", 4*size, got, limit)
	}
	back := bulky
	if got, limit := allocated(func() {
		if err := codec.Decode(p, &back); err != nil {
			t.Error(err)
		}
	}), uint64(4*size+size/2); got > limit {
		t.Errorf("decoding %d bytes allocated %d, want at most %d", 4*size, got, limit)
	}
	if !bytes.Equal(back.B, bulky.B) {
		t.Error("the bytes came back as others")
	}
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
