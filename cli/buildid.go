package cli

import (
	"bytes"
	"encoding/binary"
	"io"
)

// maxHeader is where in a program's file the build ID begins at the latest: cmd/link puts it first.
const maxHeader = 64 << 10

// buildID is the ID that Go's linker has put into a program, as go tool buildid prints it; "" if it has none. Its last
// part is a hash of the program, so that two builds that differ have different ones; unlike a hash of the file, which
// takes longer than starting the program, it is there at once.
func buildID(file io.Reader) (string, error) {
	head, err := io.ReadAll(io.LimitReader(file, maxHeader))
	if id, ok := noteID(head); ok || err != nil {
		return id, err
	}
	_, rest, _ := bytes.Cut(head, []byte("\xff Go build ID: \"")) // Mach-O and PE: the first text
	id, _, ok := bytes.Cut(rest, []byte("\"\n \xff"))
	if !ok {
		return "", nil
	}
	return string(id), nil
}

// noteID reads the ID from an ELF note: the sizes of the owner's name and of the ID, the kind of note, the name, the ID.
func noteID(head []byte) (string, bool) {
	before, rest, ok := bytes.Cut(head, []byte("\x04\x00\x00\x00Go\x00\x00")) // kind 4 of owner Go
	if !ok || len(before) < 4 {
		return "", false
	}
	size := int64(binary.LittleEndian.Uint32(before[len(before)-4:]))
	if size == 0 || size > int64(len(rest)) {
		return "", false
	}
	return string(rest[:size]), true
}
