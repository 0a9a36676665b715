package codec

import (
	"hash/crc32"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	zstdSuffix      = "+zstd"
	minCompressSize = 4 << 10 // bytes; below, the frame and the time cost more than they save
	maxPayloadSize  = 4 << 30 // bytes after decompression; a damaged header must not allocate more

	// MaxInline is the size, in bytes as encoded, up to which a payload is compressed here. A larger one is
	// for whoever stores it to divide first, so that what two of them share is found.
	MaxInline = 1 << 20
)

// Payload is an encoded value as it is stored: the name of its codec ("json", "cbor", "json+zstd" or
// "cbor+zstd") and the bytes.
type Payload struct {
	Codec string
	Data  []byte
}

// JSON renders the value as JSON text, whatever its codec. The text of a JSON payload is returned as
// it was stored, not checked and not copied; that of a CBOR payload has sorted names.
func (p Payload) JSON() ([]byte, error) {
	f, data, err := p.open()
	if err != nil {
		return nil, err
	}
	if f == JSON {
		return data, nil
	}
	return cborToJSON(data)
}

// Tree decodes the value for a reader that does not know its type. Of a CBOR payload, which tells floats from
// integers, the tree is made of map[string]any, []any, the []float64, []float32 or []int64 of a typed array, string,
// []byte, bool, nil, int64, *big.Int, float64 and jsontext.Value; that of a JSON payload is its text, as a
// jsontext.Value.
func (p Payload) Tree() (any, error) {
	f, data, err := p.open()
	if err != nil {
		return nil, err
	}
	if f == JSON {
		return jsontext.Value(data), nil
	}
	return cborTree(data)
}

// Checksum returns the CRC-32C (Castagnoli) of Data as stored.
func (p Payload) Checksum() uint32 {
	return crc32.Checksum(p.Data, castagnoli)
}

// open returns the format and the decompressed bytes.
func (p Payload) open() (Format, []byte, error) {
	name, compressed := strings.CutSuffix(p.Codec, zstdSuffix)
	f := Format(name)
	if f != JSON && f != CBOR {
		return "", nil, unknownCodec(p.Codec)
	}
	if !compressed {
		return f, p.Data, nil
	}
	data, err := Decompress(p.Data)
	return f, data, err
}

// compress applies zstd to data that is neither small nor large if it saves at least an eighth.
func compress(f Format, data []byte) Payload {
	if len(data) > minCompressSize && len(data) <= MaxInline {
		if small, pays := Compress(data); pays {
			return Payload{Codec: string(f) + zstdSuffix, Data: small}
		}
	}
	return Payload{Codec: string(f), Data: data}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli) //nolint:gochecknoglobals // immutable
