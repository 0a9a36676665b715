// Package statefile knows the files in which foreign programs keep their state: which of them there
// are, whether a file is whole or was torn while it was written, when it changes, and how to put one back.
//
// Nothing here is safe for concurrent use, but Watcher's channel, which may be received from anywhere.
package statefile

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
)

// Wholeness says what the content of a file tells about itself.
type Wholeness uint8

// What a file's content tells.
const (
	Unknown Wholeness = iota // a format that does not show where it ends
	Whole                    // it ends where its format says
	Torn                     // it does not
)

// format is a kind of file that shows by itself whether it is whole.
type format struct {
	name  string
	is    func([]byte) bool // whether the file begins like one
	whole func([]byte) bool // whether it ends as it must
}

// formats are tried in this order; the first that a file begins like decides.
func formats() []format {
	return []format{
		{"hdf5", begins("\x89HDF\r\n\x1a\n"), wholeHDF5},
		{"npy", begins("\x93NUMPY"), wholeNPY},
		{"sqlite", begins("SQLite format 3\x00"), wholeSQLite},
		{"zip", begins("PK"), wholeZip}, // npz, xlsx and PyTorch's files, too
		{"gzip", begins("\x1f\x8b"), wholeGzip},
		{"xz", begins("\xfd7zXZ\x00"), wholeXZ},
		{"zstd", begins("\x28\xb5\x2f\xfd"), wholeZstd},
		{"parquet", begins("PAR1"), wholeParquet},
		{"pickle", isPickle, wholePickle},
		{"json", isJSON, wholeJSON},
	}
}

// Check tells by its content whether a file is whole, and the name of its format, "" if none is known.
// An empty file is torn: a program that has just opened its file for writing leaves one.
func Check(data []byte) (Wholeness, string) {
	if len(data) == 0 {
		return Torn, ""
	}
	for _, f := range formats() {
		if !f.is(data) {
			continue
		}
		if f.whole(data) {
			return Whole, f.name
		}
		return Torn, f.name
	}
	return Unknown, ""
}

func begins(magic string) func([]byte) bool {
	return func(data []byte) bool {
		n := min(len(data), len(magic))
		return string(data[:n]) == magic[:n] // a beginning that is cut off is one, too
	}
}

// wholeHDF5 compares the end-of-file address of the superblock with the size.
// HDF5 File Format Specification 3.0, section II.A.
func wholeHDF5(data []byte) bool {
	const v0, v2 = 24, 12 // where the addresses begin
	if len(data) < 48 {
		return false
	}
	at, width := v2+2*int(data[9]), int(data[9])
	if data[8] < 2 {
		width = int(data[13])
		at = v0 + 2*width
		if data[8] == 1 {
			at += 4 // indexed storage K, reserved
		}
	}
	if width != 8 || len(data) < at+8 {
		return false
	}
	return binary.LittleEndian.Uint64(data[at:]) == uint64(len(data))
}

// wholeZip looks for the end of central directory record, and that its directory lies before it.
// APPNOTE.TXT 6.3.10, section 4.3.16.
func wholeZip(data []byte) bool {
	const size, maxComment = 22, 1<<16 - 1
	i := bytes.LastIndex(data[max(0, len(data)-size-maxComment):], []byte("PK\x05\x06"))
	if i < 0 {
		return false
	}
	end := data[max(0, len(data)-size-maxComment)+i:]
	if len(end) < size || len(end) != size+int(binary.LittleEndian.Uint16(end[20:])) {
		return false
	}
	directory := uint64(binary.LittleEndian.Uint32(end[12:])) + uint64(binary.LittleEndian.Uint32(end[16:]))
	return directory <= uint64(len(data)) || binary.LittleEndian.Uint32(end[16:]) == 1<<32-1 // zip64
}

// wholeSQLite compares the size of the database in its header with that of the file; a database whose
// changes are still in a journal beside it cannot be told from here. Database File Format, section 1.3.
func wholeSQLite(data []byte) bool {
	if len(data) < 100 {
		return false
	}
	page := uint64(binary.BigEndian.Uint16(data[16:]))
	if page == 1 {
		page = 1 << 16
	}
	return page*uint64(binary.BigEndian.Uint32(data[28:])) == uint64(len(data))
}

// wholeParquet: the magic number ends it, after the length of a footer that fits.
func wholeParquet(data []byte) bool {
	n := len(data)
	return n >= 12 && string(data[n-4:]) == "PAR1" && uint64(binary.LittleEndian.Uint32(data[n-8:]))+12 <= uint64(n)
}

// isJSON reports whether it is JSON, one document or one a line, or a beginning of that: other texts may begin
// with a bracket, too.
func isJSON(data []byte) bool {
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	if len(trimmed) == 0 || trimmed[0] != '{' && trimmed[0] != '[' {
		return false
	}
	return wholeJSON(data) || cutJSON(data) || jsonLines(data[:bytes.LastIndexByte(data, '\n')+1])
}

func wholeJSON(data []byte) bool {
	return json.Valid(data) || data[len(data)-1] == '\n' && jsonLines(data)
}

// cutJSON reports whether the first fault of a document is its end.
func cutJSON(data []byte) bool {
	var doc json.RawMessage
	err := json.Unmarshal(data, &doc)
	return err != nil && err.Error() == "unexpected end of JSON input"
}

// jsonLines reports whether there are lines, and each is a document of its own.
func jsonLines(data []byte) bool {
	for line := range bytes.Lines(data) {
		if len(bytes.TrimSpace(line)) > 0 && !json.Valid(line) {
			return false
		}
	}
	return len(data) > 0
}

// wholeXZ: the stream footer ends it, and its CRC is right. The .xz File Format 1.2.0, section 2.1.2.
func wholeXZ(data []byte) bool {
	const footer = 12
	data = bytes.TrimRight(data, "\x00") // stream padding
	for len(data)%4 != 0 {
		data = append(data[:len(data):len(data)], 0)
	}
	if len(data) < 2*footer {
		return false
	}
	end := data[len(data)-footer:]
	return string(end[10:]) == "YZ" && binary.LittleEndian.Uint32(end) == crc32.ChecksumIEEE(end[4:10])
}
