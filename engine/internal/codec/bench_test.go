package codec_test

import (
	"math"
	"testing"

	"github.com/durable-wf/wf/engine/internal/codec"
)

type small struct {
	I int64   `json:"i"`
	F float64 `json:"f"`
	S string  `json:"s"`
}

func BenchmarkSmallStruct(b *testing.B) {
	benchCodec(b, small{I: 12345, F: 0.25, S: "running"})
}

func BenchmarkMillionFloats(b *testing.B) {
	benchCodec(b, floats())
}

func BenchmarkMillionFloatsWithNaN(b *testing.B) {
	v := floats()
	v[len(v)-1] = math.NaN() // the worst place: it is found last
	benchCodec(b, v)
}

func floats() []float64 {
	v := make([]float64, 1_000_000)
	for i := range v {
		v[i] = math.Sqrt(float64(i))
	}
	return v
}

func benchCodec[T any](b *testing.B, v T) {
	for _, f := range formats {
		p := mustEncode(b, f, v)
		b.Run("encode/"+string(f), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				mustEncode(b, f, v)
			}
			b.ReportMetric(float64(len(p.Data)), "stored_B")
		})
		b.Run("decode/"+string(f), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := codec.Decode(p, new(T)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkHundredMegabytes(b *testing.B) {
	v := codec.Floats(make([]float64, 12_500_000))
	for i := range v {
		v[i] = math.Sqrt(float64(i))
	}
	benchCodec(b, struct{ F codec.Floats }{v})
}
