package export

import (
	"fmt"
	"strings"
)

// Distinct makes names distinct for a format that does not tell upper from lower case: a later one of two
// gets a number behind it. A name has at most most characters, unless most is 0.
func Distinct(names []string, most int) []string {
	taken := map[string]bool{}
	distinct := make([]string, len(names))
	for i, name := range names {
		distinct[i] = cut(name, "", most)
		for n := 2; taken[strings.ToLower(distinct[i])]; n++ {
			distinct[i] = cut(name, fmt.Sprintf("_%d", n), most)
		}
		taken[strings.ToLower(distinct[i])] = true
	}
	return distinct
}

// cut is name and tail in most characters.
func cut(name, tail string, most int) string {
	runes := []rune(name)
	if room := most - len(tail); most > 0 && len(runes) > room {
		runes = runes[:room]
	}
	return string(runes) + tail
}

// About is the attributes of a document as a table, for a format that has only tables; nil if there are none.
func About(doc *Document) *Table {
	if len(doc.Attributes) == 0 {
		return nil
	}
	var rows []Row
	for _, a := range doc.Attributes {
		rows = append(rows, Row{a.Name, Plain(a.Value)})
	}
	return &Table{Name: "about", Columns: []Column{{"name", Text}, {"value", Text}}, Rows: RowsOf(rows)}
}
