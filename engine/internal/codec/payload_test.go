package codec_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/durable-wf/wf/engine/internal/codec"
)

func TestCompression(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 64<<10)
	src := rand.NewChaCha8([32]byte{})
	src.Read(noise)
	tests := []struct {
		name string
		v    any
		want map[codec.Format]string
	}{
		{"small", strings.Repeat("a", 4000), map[codec.Format]string{codec.JSON: "json", codec.CBOR: "cbor"}},
		{"large", strings.Repeat("a", 5000), map[codec.Format]string{codec.JSON: "json+zstd", codec.CBOR: "cbor+zstd"}},
		{"saves less than an eighth", mix(noise, 10), map[codec.Format]string{codec.CBOR: "cbor"}},
		{"saves more than an eighth", mix(noise, 6), map[codec.Format]string{codec.CBOR: "cbor+zstd"}},
		{"noise", noise, map[codec.Format]string{codec.JSON: "json", codec.CBOR: "cbor"}},
	}
	for _, tt := range tests {
		for _, f := range formats {
			p := mustEncode(t, f, tt.v)
			if want, ok := tt.want[f]; ok && p.Codec != want {
				t.Errorf("%s: codec %q, want %q", tt.name, p.Codec, tt.want[f])
			}
			text, err := p.JSON()
			if err != nil {
				t.Fatalf("%s: JSON: %v", tt.name, err)
			}
			if want := mustEncode(t, codec.JSON, tt.v); want.Codec == "json" && !bytes.Equal(text, want.Data) {
				t.Errorf("%s: JSON() of %s differs from what the JSON codec writes", tt.name, p.Codec)
			}
		}
	}
}

// mix returns noise of which one part in n is zero.
func mix(noise []byte, n int) []byte {
	mixed := bytes.Clone(noise)
	clear(mixed[:len(mixed)/n])
	return mixed
}

func TestDamagedPayload(t *testing.T) {
	t.Parallel()
	good := mustEncode(t, codec.JSON, strings.Repeat("a", 5000))
	tests := []struct {
		name string
		p    codec.Payload
		want string
	}{
		{"cut", codec.Payload{Codec: good.Codec, Data: good.Data[:len(good.Data)-1]}, "damaged zstd data: "},
		{"not compressed", codec.Payload{Codec: "json+zstd", Data: []byte(`"aaaaaaaa"`)}, "damaged zstd data: "},
		{"unknown codec", codec.Payload{Codec: "gob"}, `codec "gob" is unknown to this program`},
		{"no codec", codec.Payload{}, `codec "" is unknown to this program`},
		{"doubly compressed", codec.Payload{Codec: "json+zstd+zstd"}, `codec "json+zstd+zstd" is unknown to this program`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkError(t, codec.Decode(tt.p, new(string)), tt.want)
			_, err := tt.p.JSON()
			checkError(t, err, tt.want)
		})
	}
}

func TestJSONOfCBOR(t *testing.T) {
	t.Parallel()
	v := struct {
		B []byte
		M map[int]bool
		W wide
	}{[]byte{1, 2}, map[int]bool{7: true}, wide{1, 0}}
	got, err := mustEncode(t, codec.CBOR, v).JSON()
	if want := `{"B":"AQI=","M":{"7":true},"W":18446744073709551616}`; err != nil || string(got) != want {
		t.Errorf("JSON() = %s, %v; want %s", got, err, want)
	}
	_, err = codec.Payload{Codec: "cbor", Data: []byte{0xd8, 200, 0}}.JSON()
	checkError(t, err, "cannot decode: CBOR tag 200 is unknown")
}

func TestChecksumIsCRC32C(t *testing.T) {
	t.Parallel()
	if got := (codec.Payload{Data: []byte("123456789")}).Checksum(); got != 0xe3069283 {
		t.Errorf("Checksum = %#x, want the check value 0xe3069283", got)
	}
}
