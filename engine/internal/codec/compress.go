package codec

import (
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

const (
	samples    = 4        // parts of large data on which compression is tried first
	sampleSize = 16 << 10 // bytes of one
)

// Compress returns data compressed by zstd, and reports whether that saves at least an eighth. Of large data it tries
// samples first: numbers of a simulation rarely compress, and finding that out must not cost more than writing them.
func Compress(data []byte) (small []byte, pays bool) {
	if len(data) > 2*samples*sampleSize && !saves(sample(data)) {
		return nil, false
	}
	small = zstdEncoder().EncodeAll(data, nil)
	return small, worth(len(small), len(data))
}

// Decompress returns what Compress was given. An error, of type *Error, says that data is damaged.
func Decompress(data []byte) ([]byte, error) {
	whole, err := zstdDecoder().DecodeAll(data, nil)
	if err != nil {
		return nil, &Error{Problem: fmt.Sprintf("damaged zstd data: %v", err), Err: err}
	}
	return whole, nil
}

func saves(data []byte) bool { return worth(len(zstdEncoder().EncodeAll(data, nil)), len(data)) }

func worth(small, whole int) bool { return small <= whole-whole/8 }

// sample returns parts of data, from all over it.
func sample(data []byte) []byte {
	out := make([]byte, 0, samples*sampleSize)
	for i := range samples {
		at := i * (len(data) - sampleSize) / (samples - 1)
		out = append(out, data[at:at+sampleSize]...)
	}
	return out
}

// One encoder and one decoder serve the whole process: both are safe for concurrent use and costly
// to make. Their options are constant, so an error is impossible and a panic right.
var ( //nolint:gochecknoglobals // made once, safe for concurrent use
	zstdEncoder = sync.OnceValue(func() *zstd.Encoder {
		// The fastest level: a checkpoint waits for it, and better ones save little on numbers.
		enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
		if err != nil {
			panic(err)
		}
		return enc
	})
	zstdDecoder = sync.OnceValue(func() *zstd.Decoder {
		dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxPayloadSize))
		if err != nil {
			panic(err)
		}
		return dec
	})
)
