package cli

import (
	"fmt"
	"slices"

	"github.com/agnivade/levenshtein"
)

// nearestTo is the end of a message about an unknown word: the known word that is nearest to it, or
// nothing if none are known.
func nearestTo(word string, known []string) string {
	if len(known) == 0 {
		return ""
	}
	nearest := slices.MinFunc(known, func(a, b string) int {
		return levenshtein.ComputeDistance(word, a) - levenshtein.ComputeDistance(word, b)
	})
	return fmt.Sprintf("; the nearest is %s", nearest)
}
