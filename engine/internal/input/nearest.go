package input

import (
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// Nearest returns the known name that word most likely means, or "" if none is near: at most a third
// of its letters differ. Case, dashes and underscores do not count; of equals the first wins.
func Nearest(word string, known []string) string {
	best, bestDistance := "", -1
	for _, name := range known {
		a, b := fold(word), fold(name)
		distance := levenshtein.ComputeDistance(a, b)
		longest := max(utf8.RuneCountInString(a), utf8.RuneCountInString(b))
		if distance <= (longest+2)/3 && (bestDistance < 0 || distance < bestDistance) {
			best, bestDistance = name, distance
		}
	}
	return best
}

var separators = strings.NewReplacer("-", "", "_", "") //nolint:gochecknoglobals // immutable

func fold(s string) string { return separators.Replace(strings.ToLower(s)) }
