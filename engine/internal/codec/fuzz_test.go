package codec_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/durable-wf/wf/engine/internal/codec"
	"github.com/google/go-cmp/cmp"
)

type fuzzed struct {
	I int64            `json:"i"`
	U uint64           `json:"u"`
	F float64          `json:"f"`
	G float32          `json:"g"`
	K map[int64]kelvin `json:"k"`
	S string           `json:"s"`
	B []byte           `json:"b"`
	L []*fuzzed        `json:"l"`
	W wide             `json:"w"`
}

// FuzzRoundTrip encodes a value, decodes it, and then every shorter part of its bytes.
func FuzzRoundTrip(f *testing.F) {
	f.Add(int64(math.MinInt64), uint64(math.MaxUint64), math.Inf(-1), float32(0.1), "<é>\x00", []byte{0, 255})
	f.Add(int64(1), uint64(0), math.NaN(), float32(math.NaN()), "\xff", []byte(nil))
	f.Fuzz(func(t *testing.T, i int64, u uint64, x float64, g float32, s string, b []byte) {
		v := fuzzed{I: i, U: u, F: x, G: g, K: map[int64]kelvin{i: kelvin(x)}, S: s, B: b, W: wide{hi: u, lo: u}}
		v.L = []*fuzzed{nil, {F: -x, S: s}}
		flat := v
		flat.L = nil
		for _, format := range formats {
			fuzzRoundTrip(t, format, v)
			fuzzRoundTrip(t, format, flat.F)
			fuzzRoundTrip(t, format, []any{flat.I, flat.S})
			fuzzRoundTrip(t, format, struct { // not recursive, so that CBOR is not embedded JSON
				F float64
				G float32
				S string
				B []byte
				W wide
				K map[int64]kelvin
			}{x, g, s, b, v.W, v.K})
		}
	})
}

func fuzzRoundTrip[T any](t *testing.T, format codec.Format, in T) {
	p, err := codec.Encode(format, in)
	if err != nil {
		return // invalid UTF-8 in JSON
	}
	var out T
	if err := codec.Decode(p, &out); err != nil {
		t.Fatalf("Decode(%s) of %#v: %v\n%q", format, in, err, p.Data)
	}
	if diff := cmp.Diff(in, out, same); diff != "" {
		t.Fatalf("%s (-in +out):\n%s", format, diff)
	}
	if _, number := any(in).(float64); number && format == codec.JSON {
		return // a number has no end of its own: 12 cut is 1
	}
	for n := range p.Data {
		if err := codec.Decode(codec.Payload{Codec: p.Codec, Data: p.Data[:n]}, new(T)); err == nil {
			t.Fatalf("Decode(%s) took the first %d bytes of %q for the whole", format, n, p.Data)
		}
	}
}

// FuzzDecode decodes anything: no panic, and what decodes must encode and decode to the same.
func FuzzDecode(f *testing.F) {
	for _, codecName := range []string{"json", "cbor", "json+zstd", "cbor+zstd"} {
		f.Add(codecName, []byte(`{"i":-1,"f":"NaN","k":{"1":0.5},"b":"AQI=","l":[null,{}],"w":1e0}`))
		f.Add(codecName, []byte("\xa2\x61i\x20\x61f\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00"))
		f.Add(codecName, []byte("\x28\xb5\x2f\xfd\x04\x00\x11\x00\x00{}\x00\x00\x00\x00"))
	}
	f.Fuzz(func(t *testing.T, codecName string, data []byte) {
		p := codec.Payload{Codec: codecName, Data: data}
		p.JSON()
		codec.Decode(p, new(any))
		fuzzDecode[fuzzed](t, p)
		fuzzDecode[everything](t, p)
		fuzzDecode[arrays](t, p)
	})
}

func fuzzDecode[T any](t *testing.T, p codec.Payload) {
	var v, again T
	if codec.Decode(p, &v) != nil {
		return
	}
	for _, format := range formats {
		q, err := codec.Encode(format, v)
		if err != nil {
			continue
		}
		if err := codec.Decode(q, &again); err != nil {
			t.Fatalf("%s written again as %s %q does not decode: %v", p.Codec, format, q.Data, err)
		}
		if r := mustEncode(t, format, again); !bytes.Equal(q.Data, r.Data) {
			t.Fatalf("%s written twice differs: %q, %q", format, q.Data, r.Data)
		}
	}
}
