package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLeaves(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, doc string
		want      []leaf
	}{
		{"scalar", `12345678901234567890`, []leaf{{"", "12345678901234567890"}}},
		{"order is kept", `{"b":1,"a":"x"}`, []leaf{{"b", "1"}, {"a", `"x"`}}},
		{"nested", `{"g":{"n":[{"x":1.50},true]}}`, []leaf{{"g.n[0].x", "1.50"}, {"g.n[1]", "true"}}},
		{"empty", `{"a":{},"b":[],"c":null}`, []leaf{{"a", "{}"}, {"b", "[]"}, {"c", "null"}}},
		{"odd names", `{"a.b":1,"":2}`, []leaf{{`["a.b"]`, "1"}, {`[""]`, "2"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := leaves([]byte(tt.doc))
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("leaves(%s): %v (-want +got)\n%s", tt.doc, err, diff)
			}
		})
	}
	if got, err := leaves([]byte(`{"a":`)); err == nil {
		t.Errorf("leaves of a torn document = %v, want an error", got)
	}
}

func TestSummarize(t *testing.T) {
	t.Parallel()
	all, err := leaves([]byte(`{"n":3,"xs":[1,2,3,4,5,6,7,8,9],"ys":[1,2],"m":{"zs":[[0,1,2,3,4,5,6,7,8]]}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []leaf{
		{"n", "3"}, {"xs[]", "1, 2, 3, … 9 (9 values)"}, {"ys[0]", "1"}, {"ys[1]", "2"},
		{"m.zs[]", "0, 1, 2, … 8 (9 values)"},
	}
	if diff := cmp.Diff(want, summarize(all)); diff != "" {
		t.Errorf("summarize (-want +got)\n%s", diff)
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	old, fresh := `{"i":5,"t":1.5,"s":"a","gone":true,"same":[1],"big":9007199254740993}`,
		`{"i":3,"t":1.75,"s":"b","same":[1,2],"big":9007199254740995}`
	want := []change{
		{"i", "5", "3", "-2"}, {"t", "1.5", "1.75", "+0.25"}, {"s", `"a"`, `"b"`, ""}, {"same[1]", "", "2", ""},
		{"big", "9007199254740993", "9007199254740995", "+2"}, {"gone", "true", "", ""},
	}
	got, err := changes([]byte(old), []byte(fresh))
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("changes: %v (-want +got)\n%s", err, diff)
	}
}

func TestSummarizeChanges(t *testing.T) {
	t.Parallel()
	got, err := changes([]byte(`{"u":[0,0,0,0,0,0,0,0,0,0],"i":1}`), []byte(`{"u":[1,1,1,1,-4,1,1,1,1,1],"i":2}`))
	want := []change{{"u[]", "10 values", "changed", "up to -4, norm 5"}, {"i", "1", "2", "+1"}}
	if diff := cmp.Diff(want, summarizeChanges(got)); err != nil || diff != "" {
		t.Errorf("summarizeChanges: %v (-want +got)\n%s", err, diff)
	}
}

func TestChangesInShort(t *testing.T) {
	t.Parallel()
	list := func(n int, at map[int]string) string {
		words := slices.Repeat([]string{"1"}, n)
		for i, word := range at {
			words[i] = word
		}
		return "[" + strings.Join(words, ",") + "]"
	}
	for _, tt := range []struct {
		name       string
		old, fresh string
		want       []change
	}{
		{"some of many", `{"a":1,"u":` + list(1000, nil) + `,"z":2}`, `{"a":2,"u":` + list(1000, map[int]string{3: "4", 9: "-3"}) + `,"z":2}`,
			[]change{{"a", "1", "2", "+1"}, {"u[]", "2 of 1000 values", "changed", "up to -4, norm 5"}}},
		{"nothing", `{"u":` + list(1000, nil) + `}`, `{"u":` + list(1000, nil) + `}`, nil},
		{"in objects", `{"g":{"u":` + list(9, nil) + `}}`, `{"g":{"u":` + list(9, map[int]string{0: `"NaN"`}) + `}}`,
			[]change{{"g.u[]", "1 of 9 values", "changed", ""}}},
		{"longer", `{"u":` + list(10, nil) + `}`, `{"u":` + list(12, nil) + `}`, []change{{"u[]", "10 values", "12 values", ""}}},
		{"new", `{"a":1}`, `{"a":1,"u":` + list(12, nil) + `}`, []change{{"u[]", "", "12 values", ""}}},
		{"short", `{"u":[1,2]}`, `{"u":[1,3]}`, []change{{"u[1]", "2", "3", "+1"}}},
		{"no object", `7`, `8`, []change{{"", "7", "8", "+1"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := changesInShort([]byte(tt.old), []byte(tt.fresh))
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("changesInShort: %v (-want +got)\n%s", err, diff)
			}
		})
	}
}
