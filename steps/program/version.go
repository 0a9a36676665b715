package program

import (
	"fmt"
	"time"

	"github.com/durable-wf/wf/steps/internal/statefile"
)

// Version is what was recorded of a program's state files.
type Version struct {
	N     int              `json:"n"`     // how many were recorded; 0 before the first
	Time  time.Time        `json:"time"`  // when
	Files []statefile.File `json:"files"` // sorted by name
}

// size is how many bytes the files have together.
func (v Version) size() int {
	size := 0
	for _, f := range v.Files {
		size += len(f.Data)
	}
	return size
}

// text is short, for people: "3 (checkpoint.pickle, 86 B)".
func (v Version) text() string {
	size := v.size()
	switch len(v.Files) {
	case 0:
		return "nothing"
	case 1:
		return fmt.Sprintf("%d (%s, %s)", v.N, v.Files[0].Name, bytesText(size))
	}
	return fmt.Sprintf("%d (%d files, %s)", v.N, len(v.Files), bytesText(size))
}

// advance makes these files the next version.
func (s *State) advance(files []statefile.File) {
	s.Version = Version{N: s.Version.N + 1, Time: time.Now().UTC(), Files: files}
	s.Saved = s.Version.text()
	statefile.Reclaim(int64(s.Version.size())) // the save encodes it
}

// bytesText shows a size with about three digits.
func bytesText(n int) string {
	units, size := []string{"B", "kB", "MB", "GB", "TB"}, float64(n)
	for size >= 1000 && len(units) > 1 {
		size, units = size/1000, units[1:]
	}
	return fmt.Sprintf("%.3g %s", size, units[0])
}
