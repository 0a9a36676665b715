package codec_test

import (
	"math"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/durable-wf/wf/engine/internal/codec"
)

func TestTreeKeepsWhatCBORTells(t *testing.T) {
	t.Parallel()
	value := struct {
		U    codec.Floats   `json:"u"`
		F    codec.Float32s `json:"f"`
		K    codec.Ints     `json:"k"`
		List []float64      `json:"list"`
		N    int            `json:"n"`
		X    float64        `json:"x"`
		None *int           `json:"none"`
	}{codec.Floats{0, 1}, codec.Float32s{0.5}, codec.Ints{math.MinInt64}, []float64{2}, 3, 4, nil}
	trees := map[codec.Format]any{
		codec.CBOR: map[string]any{
			"u": []float64{0, 1}, "f": []float32{0.5}, "k": []int64{math.MinInt64}, "list": []any{2.0}, "n": int64(3), "x": 4.0, "none": nil,
		},
		codec.JSON: jsontext.Value(`{"u":[0,1],"f":[0.5],"k":[-9223372036854775808],"list":[2],"n":3,"x":4,"none":null}`),
	}
	for format, want := range trees {
		p, err := codec.Encode(format, value)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Tree()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", format, diff)
		}
	}
	if _, err := (codec.Payload{Codec: "cbor", Data: []byte{0xff}}).Tree(); err == nil {
		t.Error("torn CBOR made a tree")
	}
}
