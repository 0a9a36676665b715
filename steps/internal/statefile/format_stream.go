package statefile

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"regexp"
	"strconv"
)

// wholeGzip unpacks the members: only so their trailers, a CRC and a size, are found and compared. RFC 1952.
func wholeGzip(data []byte) bool {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, r)
	return err == nil
}

// wholeZstd walks over the frames and their blocks, whose headers hold their sizes. RFC 8878, section 3.1.
func wholeZstd(data []byte) bool {
	for len(data) > 0 {
		if len(data) < 8 {
			return false
		}
		size, ok := zstdFrame(data)
		if !ok || size > len(data) {
			return false
		}
		data = data[size:]
	}
	return true
}

func zstdFrame(data []byte) (size int, ok bool) {
	magic := binary.LittleEndian.Uint32(data)
	if magic&^0xf == 0x184D2A50 { // skippable
		return 8 + int(binary.LittleEndian.Uint32(data[4:])), true
	}
	if magic != 0xFD2FB528 {
		return 0, false
	}
	descriptor := data[4]
	single := descriptor >> 5 & 1
	at := 5 + 1 - int(single) + []int{0, 1, 2, 4}[descriptor&3]
	if flag := descriptor >> 6; flag > 0 || single == 1 {
		at += []int{1, 2, 4, 8}[flag]
	}
	for {
		if at+3 > len(data) {
			return 0, false
		}
		header := int(data[at]) | int(data[at+1])<<8 | int(data[at+2])<<16
		at += 3
		if kind := header >> 1 & 3; kind == 1 { // one byte, repeated
			at++
		} else {
			at += header >> 3
		}
		if header&1 == 1 {
			break
		}
	}
	return at + 4*int(descriptor>>2&1), true // with its checksum
}

// isPickle: protocol 2 and later begin with the opcode PROTO. Of older ones nothing is known for sure.
func isPickle(data []byte) bool {
	return data[0] == 0x80 && (len(data) == 1 || data[1] >= 2 && data[1] <= 5)
}

// npyShape finds the numbers that the size of an array is made of.
var npyShape = regexp.MustCompile(`'shape': \(([0-9, ]*)\)`)

// npyItem finds the size of an element, of a plain type.
var npyItem = regexp.MustCompile(`'descr': '[<>|=][a-zA-Z]([0-9]+)[^']*'`)

// wholeNPY multiplies the shape in the header with the size of an element. Of a structured type, or of
// pickled objects, only the header is looked at. numpy.lib.format describes the format.
func wholeNPY(data []byte) bool {
	if len(data) < 12 {
		return false
	}
	at := 10 + int(binary.LittleEndian.Uint16(data[8:]))
	if data[6] >= 2 {
		at = 12 + int(binary.LittleEndian.Uint32(data[8:]))
	}
	if at > len(data) {
		return false
	}
	header := data[:at]
	shape, item := npyShape.FindSubmatch(header), npyItem.FindSubmatch(header)
	if shape == nil || item == nil || bytes.Contains(item[0], []byte("O")) {
		return shape != nil
	}
	size, err := strconv.Atoi(string(item[1]))
	if bytes.Contains(item[0], []byte("U")) {
		size *= 4 // UCS-4
	}
	for number := range bytes.SplitSeq(shape[1], []byte(",")) {
		if number = bytes.TrimSpace(number); len(number) > 0 && err == nil {
			var n int
			n, err = strconv.Atoi(string(number))
			size *= n
		}
	}
	return err == nil && len(data)-at == size
}
