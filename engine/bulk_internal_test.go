package engine

import (
	"slices"
	"testing"
)

func TestParentsAndChildrenAreNotDoneTogether(t *testing.T) {
	t.Parallel()
	many := make([]target, 3*bulkWidth)
	for i := range many {
		many[i].id = int64(i + 1)
	}
	for _, tt := range []struct {
		name    string
		targets []target
		want    []int // how many at a time
	}{
		{"none", nil, nil},
		{"strangers", many[:3], []int{3}},
		{"too many", many[:bulkWidth+1], []int{bulkWidth, 1}},
		{"a family", []target{{1, 0}, {2, 1}, {3, 1}, {4, 3}, {5, 0}}, []int{1, 2, 2}},
		{"orphans", []target{{2, 1}, {3, 1}}, []int{2}},
	} {
		var got []int
		for left := tt.targets; len(left) > 0; {
			n := together(left)
			got, left = append(got, n), left[n:]
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
