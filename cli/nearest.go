package cli

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// nearestTo is the end of a message about an unknown word: the known word that is nearest to it, or
// nothing if none is near: at most a third of the letters may differ. Dashes and case do not count,
// and of a name with dots its last part may be meant.
func nearestTo(word string, known []string) string {
	best, least := "", -1
	for _, name := range known {
		distance, near := apart(word, name)
		if part := name[strings.LastIndexByte(name, '.')+1:]; part != name {
			if d, n := apart(word, part); n && (!near || d < distance) {
				distance, near = d, n
			}
		}
		if near && (least < 0 || distance < least) {
			best, least = name, distance
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; the nearest is %s", best)
}

// apart is how many letters differ between two words, and whether these are few.
func apart(word, name string) (distance int, near bool) {
	a, b := letters(word), letters(name)
	distance = levenshtein.ComputeDistance(a, b)
	return distance, distance <= (max(utf8.RuneCountInString(a), utf8.RuneCountInString(b))+2)/3
}

func letters(word string) string { return strings.ToLower(strings.ReplaceAll(word, "-", "")) }
