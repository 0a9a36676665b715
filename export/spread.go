package export

import (
	"encoding/json"
	"slices"
)

// spread replaces members that are objects in all records, or missing, by theirs, with both names.
func spread(records [][]Member) error {
	s := spreading{objects: map[string]bool{}, others: map[string]bool{}}
	for _, members := range records {
		if err := s.look("", members); err != nil {
			return err
		}
	}
	for i, members := range records {
		flat, err := s.take(nil, "", members)
		if err != nil {
			return err
		}
		records[i] = flat
	}
	return nil
}

// spreading knows what the names of members, with those of the objects around them, stand for in any record.
type spreading struct {
	objects map[string]bool // for an object with members
	others  map[string]bool // for a value
}

// look notes what the members are.
func (s *spreading) look(prefix string, members []Member) error {
	for _, m := range members {
		name := prefix + m.Name
		switch {
		case isFull(m.Value):
			s.objects[name] = true
			inner, err := Members(m.Value)
			if err != nil {
				return err
			}
			if err := s.look(name+"_", inner); err != nil {
				return err
			}
		case string(m.Value) != "null":
			s.others[name] = true
		}
	}
	return nil
}

// take appends the members, taken apart, to those that there are.
func (s *spreading) take(to []Member, prefix string, members []Member) ([]Member, error) {
	for _, m := range members {
		m.Name = prefix + m.Name
		if !s.objects[m.Name] || s.others[m.Name] {
			for slices.ContainsFunc(to, func(other Member) bool { return other.Name == m.Name }) {
				m.Name += "_"
			}
			to = append(to, m)
			continue
		}
		if !isFull(m.Value) {
			continue // missing where others have an object
		}
		inner, err := Members(m.Value)
		if err != nil {
			return nil, err
		}
		if to, err = s.take(to, m.Name+"_", inner); err != nil {
			return nil, err
		}
	}
	return to, nil
}

// isFull reports whether a value is an object with members.
func isFull(value json.RawMessage) bool { return value[0] == '{' && string(value) != "{}" }
