package hdf5

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// maxRank is the number of dimensions that HDF5 allows.
const maxRank = 32

// dataspace returns the message with the dimensions of a dataset or attribute, version 2; no dimensions are a
// single value (IV.A.2.b). The first dimension of a growing one has no bound.
func dataspace(dims []uint64, growing bool) []byte {
	const scalar, simple = 0, 1
	if len(dims) == 0 {
		return []byte{2, 0, 0, scalar}
	}
	b := []byte{2, byte(len(dims)), 0, simple}
	for _, n := range dims {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	if !growing {
		return b
	}
	b[2] = 1 // bounds follow
	b = binary.LittleEndian.AppendUint64(b, undefined)
	for _, n := range dims[1:] {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return b
}

// count returns the number of elements in dims.
func count(dims []uint64) (uint64, error) {
	if len(dims) > maxRank {
		return 0, fmt.Errorf("%d dimensions, HDF5 has at most %d", len(dims), maxRank)
	}
	n := uint64(1)
	for _, d := range dims {
		if d == 0 {
			return 0, nil
		}
		hi, lo := bits.Mul64(n, d)
		if hi != 0 || lo > 1<<56 {
			return 0, fmt.Errorf("dimensions %v are too large", dims)
		}
		n = lo
	}
	return n, nil
}
