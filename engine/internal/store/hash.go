package store

import (
	"crypto/sha256"
	"encoding/binary"
)

// chainVersion is the format of the chain, the first byte after the previous hash.
const chainVersion = 1

// chainHash returns the hash of a run's history row, given that of the row before it (for the first,
// 32 zero bytes). All integers are 8 bytes, big-endian, two's complement; the hash is SHA-256 over
//
//	previous hash (32 bytes) ‖ format version 1 (1 byte) ‖ run UUID ‖ seq (8 bytes)
//	‖ time in µs ‖ kind ‖ step ‖ next ‖ visit ‖ attempt ‖ duration in µs ‖ worker's UUID ‖ error ‖ detail
//
// where run UUID and the fields of the second line are each preceded by their length in bytes, as 4
// bytes big-endian. Integer fields that are NULL count as 0 (the duration as -1), texts that are NULL as
// empty. Numbers that belong to one file (ids of rows, runs, workers) are left out, so that rows may be
// renumbered when they move to another file.
func chainHash(prev []byte, uuid string, h *History, workerUUID string) []byte {
	b := make([]byte, 0, 512)
	b = append(b, prev...)
	b = append(b, chainVersion)
	b = appendText(b, uuid)
	b = binary.BigEndian.AppendUint64(b, uint64(h.Seq))
	b = appendInt(b, h.TimeUS)
	b = appendText(b, h.Kind)
	b = appendText(b, h.Step)
	b = appendText(b, h.Next)
	b = appendInt(b, h.Visit)
	b = appendInt(b, h.Attempt)
	b = appendInt(b, max(h.DurationUS, -1))
	b = appendText(b, workerUUID)
	b = appendText(b, h.Error)
	b = appendText(b, h.Detail)
	sum := sha256.Sum256(b)
	return sum[:]
}

func appendInt(b []byte, n int64) []byte {
	b = binary.BigEndian.AppendUint32(b, 8)
	return binary.BigEndian.AppendUint64(b, uint64(n))
}

func appendText(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}
