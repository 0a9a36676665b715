package codec_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/codec"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

type kelvin float64

type grid struct {
	NX    int64   `json:"nx"`
	Cells []cell  `json:"cells"`
	Step  float32 `json:"step"`
}

type cell struct {
	T kelvin `json:"t"`
}

// wide is an integer of more than 64 bits that marshals itself.
type wide struct{ hi, lo uint64 }

func (w wide) MarshalJSON() ([]byte, error) {
	return []byte(w.big().String()), nil
}

func (w *wide) UnmarshalJSON(data []byte) error {
	i, ok := new(big.Int).SetString(string(data), 10)
	if !ok {
		return fmt.Errorf("%s is no integer", data)
	}
	w.lo = new(big.Int).And(i, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
	w.hi = new(big.Int).Rsh(i, 64).Uint64()
	return nil
}

func (w wide) big() *big.Int {
	i := new(big.Int).SetUint64(w.hi)
	return i.Lsh(i, 64).Or(i, new(big.Int).SetUint64(w.lo))
}

// both marshals itself to JSON and, in another way, to text.
type both struct{ n int }

func (b both) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "[%d]", b.n), nil }
func (b both) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "n=%d", b.n), nil }
func (b *both) UnmarshalText([]byte) error  { return errors.New("not by text") }
func (b *both) UnmarshalJSON(d []byte) error {
	_, err := fmt.Sscanf(string(d), "[%d]", &b.n)
	return err
}

type base struct {
	ID string `json:"id"`
}

type everything struct {
	base
	Min, Max  int64
	UMax      uint64
	Float     float64
	Float32   float32
	Named     kelvin
	Floats    []float64
	FloatMap  map[string]float64
	Pointer   *float64
	Text      string
	Bytes     []byte
	Array     [2]int8
	Ints      map[int]string
	Hosts     map[netip.Addr]bool
	Addr      netip.Addr
	Wide      wide
	Wides     []wide
	Both      both
	Big       *big.Int
	Rat       *big.Rat
	Time      time.Time
	Duration  time.Duration
	Durations []time.Duration
	Nested    map[string][]grid
	Nil       []int
	Empty     []int
	NilMap    map[string]int
	EmptyMap  map[string]int
	Derived   func() `json:"-"`
}

func full() everything {
	f := math.Inf(-1)
	wideMax := wide{math.MaxUint64, math.MaxUint64}
	return everything{
		base: base{ID: "<a&b>\u2028"}, Min: math.MinInt64, Max: math.MaxInt64, UMax: math.MaxUint64,
		Float: math.Copysign(0, -1), Float32: 0.1, Named: kelvin(math.NaN()),
		Floats:   []float64{1, math.NaN(), math.Inf(1), math.SmallestNonzeroFloat64, math.MaxFloat64},
		FloatMap: map[string]float64{"b": math.Inf(1), "a": 2}, Pointer: &f,
		Text: "\x00\n\"é", Bytes: []byte{0, 255}, Array: [2]int8{-128, 127},
		Ints: map[int]string{-1: "x", 2: "y"}, Hosts: map[netip.Addr]bool{netip.MustParseAddr("::1"): true},
		Addr: netip.MustParseAddr("10.0.0.1"), Wide: wideMax, Wides: []wide{{1, 2}, wideMax}, Both: both{7},
		Big: new(big.Int).Lsh(big.NewInt(-1), 100), Rat: big.NewRat(1, 3),
		Time:     time.Date(2024, 2, 29, 1, 2, 3, 123456789, time.FixedZone("", 3600)),
		Duration: 90 * time.Minute, Durations: []time.Duration{1, -1},
		Nested: map[string][]grid{"g": {{NX: 1 << 60, Cells: []cell{{T: kelvin(math.Inf(-1))}}}}},
		Empty:  []int{}, EmptyMap: map[string]int{},
	}
}

// native has no field for which CBOR embeds the whole as JSON.
type native struct {
	base
	F32   float32
	F     []float64
	Named map[string]kelvin
	I     int64
	U     uint64
	W     *wide
	Hosts map[netip.Addr]bool
	Big   *big.Int
	Value big.Int
	Rat   *big.Rat
	Time  time.Time
	D     time.Duration
	B     []byte
	BA    [2]byte
	S     string
	M     map[int]string
	Omit  int `json:"omit,omitzero"`
	Grid  *grid
	Nil   []int
	Void  []int
}

func fullNative() native {
	return native{
		base: base{ID: "x"}, F32: 0.1, F: []float64{math.NaN(), math.Inf(1), -0.5, math.Copysign(0, -1)},
		Named: map[string]kelvin{"b": kelvin(math.NaN()), "a": 1}, I: math.MinInt64, U: math.MaxUint64, W: &wide{1, 2},
		Hosts: map[netip.Addr]bool{netip.MustParseAddr("::1"): true}, Big: new(big.Int).Lsh(big.NewInt(-3), 90),
		Value: *big.NewInt(-5), Rat: big.NewRat(1, 3), Time: full().Time, D: time.Second,
		B: []byte{1, 255}, BA: [2]byte{3, 200}, S: "é", M: map[int]string{-1: "x"}, Grid: &grid{NX: 1, Cells: []cell{{2}}}, Void: []int{},
	}
}

var same = cmp.Options{
	cmpopts.EquateNaNs(),
	cmp.Comparer(func(a, b kelvin) bool { return a == b || a != a && b != b }),
	cmp.AllowUnexported(wide{}, both{}, everything{}, native{}),
	cmp.Comparer(func(a, b big.Int) bool { return a.Cmp(&b) == 0 }),
	cmp.Comparer(func(a, b *big.Int) bool { return a == b || a != nil && b != nil && a.Cmp(b) == 0 }),
	cmp.Comparer(func(a, b *big.Rat) bool { return a == b || a != nil && b != nil && a.Cmp(b) == 0 }),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmp.Comparer(func(a, b time.Time) bool {
		return a.Equal(b) && a.Format(time.RFC3339Nano) == b.Format(time.RFC3339Nano)
	}),
}

var formats = []codec.Format{codec.JSON, codec.CBOR}

func mustEncode(t testing.TB, f codec.Format, v any) codec.Payload {
	t.Helper()
	p, err := codec.Encode(f, v)
	if err != nil {
		t.Fatalf("Encode(%s, %T): %v", f, v, err)
	}
	return p
}

func TestRoundTripIsExact(t *testing.T) {
	t.Parallel()
	for _, f := range formats {
		checkRoundTrip(t, f, full())
		checkRoundTrip(t, f, everything{})
		checkRoundTrip(t, f, native{})
		checkRoundTrip(t, f, fullNative())
		checkRoundTrip(t, f, struct{}{})
		checkRoundTrip(t, f, []float64(nil))
		checkRoundTrip(t, f, "text")
		checkRoundTrip(t, f, math.NaN())
	}
}

func checkRoundTrip[T any](t *testing.T, f codec.Format, in T) {
	t.Helper()
	p := mustEncode(t, f, in)
	var out T
	if err := codec.Decode(p, &out); err != nil {
		t.Fatalf("Decode(%s of %T): %v\n%s", f, in, err, p.Data)
	}
	if diff := cmp.Diff(in, out, same, cmpopts.IgnoreFields(everything{}, "Derived")); diff != "" {
		t.Errorf("round trip of %T in %s (-in +out):\n%s", in, f, diff)
	}
	for range 5 { // maps iterate in another order each time
		if again := mustEncode(t, f, in); !bytes.Equal(again.Data, p.Data) {
			t.Errorf("Encode(%s, %T) is not deterministic", f, in)
		}
	}
	text, err := p.JSON()
	if err != nil {
		t.Fatalf("JSON of %s %T: %v", f, in, err)
	}
	var fromText T
	if err := codec.Decode(codec.Payload{Codec: "json", Data: text}, &fromText); err != nil {
		t.Fatalf("Decode of the JSON of %s %T: %v\n%s", f, in, err, text)
	}
	if diff := cmp.Diff(in, fromText, same, cmpopts.IgnoreFields(everything{}, "Derived")); diff != "" {
		t.Errorf("JSON text of %T from %s (-in +out):\n%s", in, f, diff)
	}
}

func TestJSONText(t *testing.T) {
	t.Parallel()
	v := struct {
		A float64           `json:"a"`
		B []float64         `json:"b"`
		D time.Duration     `json:"d"`
		H string            `json:"h"`
		I uint64            `json:"i"`
		W wide              `json:"w"`
		M map[string]kelvin `json:"m"`
	}{math.NaN(), []float64{math.Inf(1), math.Inf(-1)}, time.Second, "<&>", math.MaxUint64, wide{1, 0}, map[string]kelvin{"z": 1, "k": kelvin(math.NaN())}}
	want := `{"a":"NaN","b":["Infinity","-Infinity"],"d":1000000000,"h":"<&>","i":18446744073709551615,"w":18446744073709551616,"m":{"k":"NaN","z":1}}`
	if got := string(mustEncode(t, codec.JSON, v).Data); got != want {
		t.Errorf("Encode(JSON):\n got %s\nwant %s", got, want)
	}
}

func TestDecodeIsStrict(t *testing.T) {
	t.Parallel()
	type state struct {
		N     int64         `json:"n"`
		U     uint8         `json:"u"`
		F     float64       `json:"f"`
		K     kelvin        `json:"k"`
		S     string        `json:"s"`
		P     *int          `json:"p"`
		L     []int         `json:"l"`
		A     [2]int        `json:"a"`
		W     wide          `json:"w"`
		T     time.Time     `json:"t"`
		D     time.Duration `json:"d"`
		Grid  grid          `json:"grid"`
		Grids []grid        `json:"grids"`
	}
	tests := []struct{ name, data, want string }{
		{"new fields stay zero", `{}`, ""},
		{"null where there is a nil", `{"p":null,"l":null}`, ""},
		{"removed field", `{"grid":{"ny":1}}`, "grid.ny: codec_test.grid has no field of this name"},
		{"other case", `{"N":1}`, "N: codec_test.state has no field of this name"},
		{"string for integer", `{"grid":{"nx":"1"}}`, "grid.nx: cannot decode a string into int64"},
		{"string for float", `{"f":"nan"}`, "f: cannot decode a string into float64"},
		{"number for string", `{"s":1}`, "s: cannot decode a number into string"},
		{"fraction for integer", `{"n":1.5}`, "n: cannot decode 1.5 into int64"},
		{"out of range", `{"u":256}`, "u: 256 does not fit into uint8"},
		{"negative", `{"u":-1}`, "u: cannot decode -1 into uint8"},
		{"float out of range", `{"f":1e999}`, "f: 1e999 does not fit into float64"},
		{"list element", `{"grids":[{},{"cells":[{"t":true}]}]}`, "grids.1.cells.0.t: cannot decode a boolean into codec_test.kelvin"},
		{"list for object", `{"grid":[]}`, "grid: cannot decode a list into codec_test.grid"},
		{"null for integer", `{"n":null}`, "n: cannot decode null into int64"},
		{"null for struct", `{"grid":null}`, "grid: cannot decode null into codec_test.grid"},
		{"null for what reads it", `{"t":null}`, ""},
		{"array length", `{"a":[1]}`, "a: cannot decode the value into [2]int: too few array elements"},
		{"own method", `{"w":"x"}`, `w: cannot decode a string into codec_test.wide: "x" is no integer`},
		{"bad duration", `{"d":"1 hour"}`, `d: cannot decode a string into time.Duration: time: unknown unit " hour" in duration "1 hour"`},
		{"duplicate name", `{"n":1,"n":1}`, "n: cannot decode: duplicate object member name"},
		{"trailing data", `{} {}`, "cannot decode: invalid character '{' after top-level value"},
		{"truncated", `{"n":1`, "cannot decode: unexpected EOF"},
		{"empty", ``, "cannot decode: unexpected EOF"},
		{"other kind", `"x"`, "cannot decode a string into codec_test.state"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var s state
			err := codec.Decode(codec.Payload{Codec: "json", Data: []byte(tt.data)}, &s)
			checkError(t, err, tt.want)
			if diff := cmp.Diff(state{}, s, same); diff != "" {
				t.Errorf("Decode left something behind:\n%s", diff)
			}
		})
	}
}

// checkError compares the beginning of the text; "" wants no error.
func checkError(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("got error %q, want none", err)
		}
		return
	}
	if err == nil {
		t.Errorf("got no error, want %q", want)
		return
	}
	if _, ok := errors.AsType[*codec.Error](err); !ok {
		t.Errorf("got %T, want *codec.Error", err)
	}
	if !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got error %q\nwant %q", err, want)
	}
}

func TestDecodeOfCBORIsStrict(t *testing.T) {
	t.Parallel()
	type inner struct {
		NX int64   `json:"nx"`
		F  float32 `json:"f"`
	}
	type state struct {
		Grid inner `json:"grid"`
	}
	tests := []struct {
		name string
		data any
		want string
	}{
		{"new fields stay zero", map[string]any{}, ""},
		{"removed field", map[string]any{"grid": map[string]any{"ny": 1}}, "grid.ny: codec_test.inner has no field of this name"},
		{"other case", map[string]any{"Grid": map[string]any{}}, "Grid: codec_test.state has no field of this name"},
		{"string for integer", map[string]any{"grid": map[string]any{"nx": "1"}}, "grid.nx: cannot decode a string into int64"},
		{"fraction for integer", map[string]any{"grid": map[string]any{"nx": 1.5}}, "grid.nx: cannot decode 1.5 into int64"},
		{"out of range", map[string]any{"grid": map[string]any{"nx": uint64(math.MaxUint64)}}, "grid.nx: 18446744073709551615 does not fit into int64"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var s state
			checkError(t, codec.Decode(mustEncode(t, codec.CBOR, tt.data), &s), tt.want)
		})
	}
	p := mustEncode(t, codec.CBOR, state{})
	p.Data = append(p.Data, 0)
	checkError(t, codec.Decode(p, new(state)), "cannot decode: cbor: 1 bytes of extraneous data")
	twice := codec.Payload{Codec: "cbor", Data: []byte("\xa2\x64grid\xa0\x64grid\xa0")}
	checkError(t, codec.Decode(twice, new(state)), "cannot decode: cbor: found duplicate map key")
}

// celsius is a float with a text of its own, NaN included.
type celsius float64

func (c celsius) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%gC", float64(c)), nil }
func (c *celsius) UnmarshalText(text []byte) error {
	_, err := fmt.Sscanf(string(text), "%gC", (*float64)(c))
	return err
}

func TestOwnTextOfFloat(t *testing.T) {
	t.Parallel()
	in := struct {
		C celsius
		F float64
	}{celsius(math.NaN()), math.NaN()}
	p := mustEncode(t, codec.JSON, in)
	if want := `{"C":"NaNC","F":"NaN"}`; string(p.Data) != want {
		t.Errorf("Encode = %s, want %s", p.Data, want)
	}
	in.C = 1.5
	out := in
	if err := codec.Decode(mustEncode(t, codec.JSON, in), &out); err != nil || out.C != 1.5 {
		t.Errorf("Decode = %v, %v; want 1.5C", out.C, err)
	}
}

func TestDecodeReplaces(t *testing.T) {
	t.Parallel()
	for _, f := range formats {
		got := map[string]int{"old": 1}
		if err := codec.Decode(mustEncode(t, f, map[string]int{"new": 2}), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{"new": 2}, got); diff != "" {
			t.Errorf("%s merged into what was there:\n%s", f, diff)
		}
	}
}

func TestDecodeIntoAnyKeepsIntegers(t *testing.T) {
	t.Parallel()
	huge, _ := new(big.Int).SetString("-123456789012345678901234567890", 10)
	want := map[string]any{
		"i": int64(math.MaxInt64), "u": new(big.Int).SetUint64(math.MaxUint64), "huge": huge,
		"f": 0.5, "l": []any{int64(1), "x", nil, true},
	}
	for _, f := range formats {
		var got any
		if err := codec.Decode(mustEncode(t, f, want), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, same); diff != "" {
			t.Errorf("any from %s (-want +got):\n%s", f, diff)
		}
	}
}

func TestDecodeIntoAnyKeepsMinusZero(t *testing.T) {
	t.Parallel()
	var got any
	err := codec.Decode(codec.Payload{Codec: "json", Data: []byte("-0")}, &got)
	if f, ok := got.(float64); err != nil || !ok || !math.Signbit(f) {
		t.Errorf("Decode(-0) = %v (%T), %v; want the float -0", got, got, err)
	}
}

func TestLargeValues(t *testing.T) {
	t.Parallel()
	deep := any(int64(1))
	for range 500 {
		deep = []any{deep}
	}
	wideList := make([]any, 200_000) // more than the CBOR library takes by default
	for _, f := range formats {
		for _, in := range []any{deep, wideList} {
			var out any
			if err := codec.Decode(mustEncode(t, f, in), &out); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			if !reflect.DeepEqual(in, out) {
				t.Errorf("%s: a large value came back as another", f)
			}
		}
	}
}

func TestDecodeDurationText(t *testing.T) {
	t.Parallel()
	var got []time.Duration
	err := codec.Decode(codec.Payload{Codec: "json", Data: []byte(`["1h30m",5,"-2s"]`)}, &got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]time.Duration{90 * time.Minute, 5, -2 * time.Second}, got); diff != "" {
		t.Error(diff)
	}
}

func TestInvalidUTF8(t *testing.T) {
	t.Parallel()
	in := struct{ S string }{"a\xff"}
	_, err := codec.Encode(codec.JSON, in)
	checkError(t, err, "S: cannot encode: invalid UTF-8")
	p := mustEncode(t, codec.CBOR, in)
	out := in
	if err := codec.Decode(p, &out); err != nil || out != in {
		t.Errorf("CBOR gave %q, %v; want it exact", out.S, err)
	}
	if text, err := p.JSON(); err != nil || string(text) != "{\"S\":\"a\ufffd\"}" {
		t.Errorf("JSON of invalid UTF-8 = %s, %v", text, err)
	}
}

func TestEncodeErrors(t *testing.T) {
	t.Parallel()
	type node struct {
		Name string
		Next *node
	}
	cycle := &node{Name: "a"}
	cycle.Next = cycle
	for _, f := range formats {
		if _, err := codec.Encode(f, cycle); err == nil {
			t.Errorf("Encode(%s) of a cycle gave no error", f)
		}
		if _, err := codec.Encode(f, struct{ C chan int }{}); err == nil {
			t.Errorf("Encode(%s) of a channel gave no error", f)
		}
		checkRoundTrip(t, f, node{Name: "a", Next: &node{Name: "b"}})
	}
	_, err := codec.Encode("xml", 1)
	checkError(t, err, `codec "xml" is unknown to this program`)
	checkError(t, codec.Decode(mustEncode(t, codec.JSON, 1), 1), "cannot decode into int, which is no pointer")
	checkError(t, codec.Decode(mustEncode(t, codec.JSON, 1), nil), "cannot decode into <nil>, which is no pointer")
}
