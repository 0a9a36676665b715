// Package runlog keeps what a run's programs print: a file for each start of a program, in the run's folder,
// bounded in size and number, written by the run's owner and read by anybody meanwhile.
//
// A record is a line: the time in microseconds since 1970, the stream (o or e), a space or, if the text goes
// on in the next record of the stream, a plus, and the text. So the two streams stay in their order.
package runlog

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Stream is one of a program's outputs.
type Stream byte

// The streams.
const (
	Stdout Stream = 'o'
	Stderr Stream = 'e'
)

const (
	folder = "logs" // in the folder of the run
	suffix = ".log"
	older  = ".1" // of the file that was full before
)

// Kept is how many starts of a program have a log; older ones are removed.
const Kept = 32

// path of the log of start n.
func path(run string, n int) string {
	return filepath.Join(run, folder, fmt.Sprintf("%04d%s", n, suffix))
}

// Starts returns the numbers of the starts of which there is a log, in order. run is the run's folder, which
// need not be there.
func Starts(run string) []int {
	entries, err := os.ReadDir(filepath.Join(run, folder))
	if err != nil {
		return nil
	}
	var found []int
	for _, entry := range entries {
		name, ok := strings.CutSuffix(strings.TrimSuffix(entry.Name(), older), suffix)
		if n, err := strconv.Atoi(name); ok && err == nil {
			found = append(found, n)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
