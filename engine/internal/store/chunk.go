package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	chunkers "github.com/PlakarKorp/go-cdc-chunkers"
	_ "github.com/PlakarKorp/go-cdc-chunkers/chunkers/fastcdc" // registers the algorithm of that name

	"github.com/durable-wf/wf/engine/internal/codec"
)

// A payload is divided where its content says, so that what is inserted or removed moves the cuts along and all
// other chunks are found to be there already. Reading needs none of this: the row lists the chunks.
const (
	cutter    = "fastcdc-v1.0.0"
	maxWhole  = 4 << 20   // bytes of a payload that is one chunk: dividing it costs more than it saves
	minChunk  = 128 << 10 // bytes of a chunk of a larger one, but for the last
	meanChunk = 512 << 10
	maxChunk  = 2 << 20

	maxRead = 64 << 20 // bytes of a chunk that a row may list: far more than one has ever had
)

// The first bytes of a file say how the chunk stands in the rest of it.
const (
	markSize  = 4
	plainMark = "wfp1" // as it is
	zstdMark  = "wfz1" // compressed by zstd
)

// divide returns the chunks of data, which are parts of it.
func divide(data []byte) (chunks [][]byte, err error) {
	if len(data) <= maxWhole {
		return [][]byte{data}, nil
	}
	c, err := chunkers.NewChunker(cutter, bytes.NewReader(data),
		&chunkers.ChunkerOpts{MinSize: minChunk, NormalSize: meanChunk, MaxSize: maxChunk})
	for err == nil {
		var chunk []byte // in a buffer of the chunker's
		chunk, err = c.Next()
		if len(chunk) > 0 {
			chunks = append(chunks, data[:len(chunk):len(chunk)])
			data = data[len(chunk):]
		}
	}
	if !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("divide a payload: %w", err)
	}
	return chunks, nil
}

// packed returns what the file of a chunk holds.
func packed(chunk []byte) io.Reader {
	if small, pays := codec.Compress(chunk); pays {
		return io.MultiReader(strings.NewReader(zstdMark), bytes.NewReader(small))
	}
	return io.MultiReader(strings.NewReader(plainMark), bytes.NewReader(chunk))
}

// unpacked returns the chunk that a file holds.
func unpacked(file []byte) ([]byte, error) {
	if len(file) < markSize {
		return nil, errors.New("it is too short")
	}
	switch mark, rest := string(file[:markSize]), file[markSize:]; mark {
	case plainMark:
		return rest, nil
	case zstdMark:
		return codec.Decompress(rest)
	default:
		return nil, fmt.Errorf("it begins with %q", mark)
	}
}

// part is a chunk as a column lists it.
type part struct {
	name string
	size int // bytes; -1 if the column does not say
}

// column lists parts as the column of a row does: the name of the only one, or a line "name size" for each.
func column(parts []part) string {
	if len(parts) == 1 {
		return parts[0].name
	}
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.name)
		b.WriteByte(' ')
		b.WriteString(strconv.Itoa(p.size))
	}
	return b.String()
}

// parts reads what column has written. The text may come from a damaged row or from a query.
func parts(text string) (list []part, err error) {
	if !strings.Contains(text, "\n") {
		if !isFileName(text) {
			return nil, fmt.Errorf("%.80q is not the name of a payload's file", text)
		}
		return []part{{text, -1}}, nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		name, digits, _ := strings.Cut(line, " ")
		size, err := strconv.Atoi(digits)
		if !isFileName(name) || err != nil || size <= 0 || size > maxRead {
			return nil, fmt.Errorf("%.80q is not the name and size of a chunk", line)
		}
		list = append(list, part{name, size})
	}
	return list, nil
}

// fileNames yields the names of the files that a column lists. What is none leads to no file.
func fileNames(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.SplitSeq(text, "\n") {
			name, _, _ := strings.Cut(line, " ")
			if isFileName(name) && !yield(name) {
				return
			}
		}
	}
}
