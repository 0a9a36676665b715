package engine

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/durable-wf/wf/engine/internal/input"
)

// nearest ends an error about an unknown name: with the known one that was most likely meant, or, if
// none is near, with all of them.
func nearest(word string, known []string) string {
	if name := input.Nearest(word, known); name != "" {
		return fmt.Sprintf("the nearest is %q", name)
	}
	list := make([]string, len(known))
	for i, name := range known {
		list[i] = strconv.Quote(name)
	}
	return "there is " + strings.Join(list, ", ")
}
