package where

import (
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// kind is what values a field has.
type kind uint8

const (
	integer kind = iota
	text
	status // one of the words that Options.Statuses has
	moment // microseconds since 1970
	span   // microseconds
)

// field is something that is known of every run.
type field struct {
	name   string
	column string // the SQL that reads it: a constant of this file
	kind   kind
}

// now is the parameter that stands for the time of the search.
const now = ":where_now"

// fields are what an expression may name, besides attributes.
func fields() []field {
	return []field{
		{"id", "id", integer}, {"uuid", "uuid", text}, {"workflow", "workflow", text}, {"version", "version", integer},
		{"status", "status", status}, {"step", "step", text}, {"visit", "visit", integer}, {"attempt", "attempt", integer},
		{"failures", "failures", integer}, {"deaths", "deaths", integer}, {"key", "key", text}, {"queue", "queue", text},
		{"priority", "priority", integer}, {"fair_key", "fair_key", text}, {"error", "error", text}, {"reason", "reason", text},
		{"want", "want", text}, {"worker", "owner", integer}, {"created", "created_us", moment}, {"started", "started_us", moment},
		{"updated", "updated_us", moment}, {"ended", "ended_us", moment}, {"due", "due_us", moment}, {"deadline", "deadline_us", moment},
		{"took", "(COALESCE(ended_us, " + now + ") - started_us)", span}, {"active", "active_us", span},
		{"parent", "parent", integer}, {"root", "root", integer}, {"place", "place", integer}, {"children", "children", integer},
		{"schedule", "schedule", integer}, {"scheduled", "scheduled_us", moment}, {"done", "done", integer}, {"total", "total", integer},
		{"saves", "saves", integer}, {"events", "seq", integer}, {"seed", "seed", integer},
	}
}

// fieldOf returns the field of that name.
func fieldOf(name string) (field, bool) {
	all := fields()
	if i := slices.IndexFunc(all, func(f field) bool { return f.name == name }); i >= 0 {
		return all[i], true
	}
	return field{}, false
}

// Fields returns the names of the fields.
func Fields() []string {
	var names []string
	for _, f := range fields() {
		names = append(names, f.name)
	}
	return names
}

// Near returns the known name of which word is most likely a misspelling: one letter differs, or two
// have changed places. It is "" if there is none.
func Near(word string, known []string) string {
	word = strings.ToLower(word)
	for _, name := range known {
		lower := strings.ToLower(name)
		switch levenshtein.ComputeDistance(word, lower) {
		case 0:
			if word == lower {
				return name
			}
		case 1:
			return name
		case 2:
			if letters(word) == letters(lower) {
				return name
			}
		}
	}
	return ""
}

// letters are those of a word, in order.
func letters(word string) string {
	runes := []rune(word)
	slices.Sort(runes)
	return string(runes)
}
