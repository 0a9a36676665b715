//go:build !linux

package statefile

import (
	"os"
	"time"
)

// settled is how long a file must not have changed to count as written.
const settled = 200 * time.Millisecond

// written guesses from the time of the last change whether somebody is writing the file.
func written(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && time.Since(info.ModTime()) < settled
}
