package input_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/input"
	"github.com/google/go-cmp/cmp"
)

type common struct {
	Seed uint64 `json:"seed" help:"random seed"`
	Runs int    `json:"runs"`
}

type grid struct {
	NX   int32   `json:"nx" help:"cells" default:"8"`
	Step float32 `json:"step" help:"width"`
	Sum  float64 `json:"sum"`
}

// colour reads its own JSON only.
type colour struct{ name string }

func (c colour) MarshalJSON() ([]byte, error) { return json.Marshal(c.name) }
func (c *colour) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &c.name); err != nil || c.name == "" {
		return fmt.Errorf("%s is no colour", data)
	}
	return nil
}

// digits stands for an integer wider than 64 bits that reads its own JSON.
type digits struct{ s string }

func (d digits) MarshalJSON() ([]byte, error) { return []byte("0" + d.s)[min(len(d.s), 1):], nil }
func (d *digits) UnmarshalJSON(data []byte) error {
	if strings.Trim(string(data), "0123456789") != "" {
		return errors.New("only digits")
	}
	d.s = strings.TrimLeft(string(data), "0")
	return nil
}

type point struct{ X, Y int }

type state struct {
	common
	N      int64             `json:"n" help:"size" default:"10"`
	U8     uint8             `json:"u8" help:"small"`
	F      float64           `json:"f" help:"a float"`
	S      string            `json:"s" help:"a text" default:"dflt"`
	B      bool              `json:"b" help:"a switch"`
	D      time.Duration     `json:"d" help:"a time"`
	At     time.Time         `json:"at" help:"a date"`
	Addr   netip.Addr        `json:"addr" help:"a host"`
	Big    *big.Int          `json:"big" help:"huge"`
	Wide   digits            `json:"wide" help:"wide"`
	Colour *colour           `json:"colour" help:"a colour"`
	P      *int              `json:"p" help:"may be nil"`
	Grid   grid              `json:"grid"`
	Sub    *grid             `json:"sub"`
	Ints   []int             `json:"ints" help:"numbers"`
	Pair   [2]float64        `json:"pair" help:"two"`
	Tags   map[string]int    `json:"tags" help:"tags" default:"a=1,b=2"`
	Hosts  map[int]*colour   `json:"hosts" help:"hosts"`
	Points []point           `json:"points" help:"points"`
	Point  point             `json:"point" help:"a point"`
	Raw    []byte            `json:"raw" help:"bytes"`
	Matrix [][]int           `json:"matrix" help:"rows"`
	Rest   []string          `json:"rest" help:"words" arg:"rest"`
	Card   string            `json:"card"`
	Inner  map[string]string `json:"inner"`
	cache  int               `json:"-"`
}

var stateType = reflect.TypeFor[state]()

type words map[string][]string

// zero is what defaults make of no input.
func zero() state {
	return state{N: 10, S: "dflt", Grid: grid{NX: 8}, Sub: &grid{NX: 8}, Tags: map[string]int{"a": 1, "b": 2}}
}

var same = cmp.Options{
	cmp.AllowUnexported(state{}, colour{}, digits{}),
	cmp.Comparer(func(a, b *big.Int) bool { return a == b || a != nil && b != nil && a.Cmp(b) == 0 }),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
}

func TestBuild(t *testing.T) {
	t.Parallel()
	seven := 7
	tests := []struct {
		name  string
		base  string
		words words
		want  func(*state)
	}{
		{"nothing", "", nil, func(*state) {}},
		{"blank base", " \n", nil, func(*state) {}},
		{"empty base", "{}", words{"n": nil}, func(*state) {}},
		{"zero is not absent", `{"n":0,"s":"","tags":{},"grid":{"nx":0}}`, nil, func(s *state) {
			s.N, s.S, s.Tags, s.Grid.NX = 0, "", map[string]int{}, 0
		}},
		{"zero words", "", words{"n": {"0"}, "s": {""}}, func(s *state) { s.N, s.S = 0, "" }},
		{"words beat base", `{"n":1,"ints":[1,2]}`, words{"n": {"2"}, "ints": {"3"}}, func(s *state) { s.N, s.Ints = 2, []int{3} }},
		{"embedded", `{"seed":18446744073709551615}`, nil, func(s *state) { s.Seed = 1<<64 - 1 }},
		{"integers", `{"ints":[1e2,-5]}`, words{"n": {"1e6"}, "u8": {"0xff"}, "seed": {"1_000_000"}}, func(s *state) {
			s.Ints, s.N, s.U8, s.Seed = []int{100, -5}, 1e6, 255, 1e6
		}},
		{"integer in base", `{"n":1.5e3,"u8":2e2}`, nil, func(s *state) { s.N, s.U8 = 1500, 200 }},
		{"floats", "", words{"f": {"-1_000.5"}, "pair": {"1e3", "-0.5"}}, func(s *state) { s.F, s.Pair = -1000.5, [2]float64{1000, -0.5} }},
		{"bool", `{"b":false}`, words{"b": {"true"}}, func(s *state) { s.B = true }},
		{"duration word", "", words{"d": {"1h30m"}}, func(s *state) { s.D = 90 * time.Minute }},
		{"duration text in base", `{"d":"1s"}`, nil, func(s *state) { s.D = time.Second }},
		{"duration number in base", `{"d":5}`, nil, func(s *state) { s.D = 5 }},
		{"text types", "", words{"at": {"2024-01-02T03:04:05Z"}, "addr": {"::1"}, "big": {"1e20"}}, func(s *state) {
			s.At, s.Addr = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), netip.MustParseAddr("::1")
			s.Big, _ = new(big.Int).SetString("100000000000000000000", 10)
		}},
		{"own JSON", "", words{"colour": {"red"}, "wide": {"1e3"}}, func(s *state) { s.Colour, s.Wide = &colour{"red"}, digits{"1000"} }},
		{"own JSON as JSON", `{"wide":5}`, words{"colour": {`"red"`}}, func(s *state) { s.Colour, s.Wide = &colour{"red"}, digits{"5"} }},
		{"pointer", "", words{"p": {"7"}}, func(s *state) { s.P = &seven }},
		{"pointer in base", `{"p":7e0}`, nil, func(s *state) { s.P = &seven }},
		{"null pointer", `{"p":null,"colour":null}`, nil, func(*state) {}},
		{"nested", `{"grid":{"step":0.5}}`, words{"grid.nx": {"3"}, "sub.step": {"2"}}, func(s *state) {
			s.Grid, s.Sub.Step = grid{NX: 3, Step: 0.5}, 2
		}},
		{"maps", "", words{"tags": {"k=1e1", "=2"}, "hosts": {"0x1=blue"}}, func(s *state) {
			s.Tags, s.Hosts = map[string]int{"k": 10, "": 2}, map[int]*colour{1: {"blue"}}
		}},
		{"JSON words", "", words{"points": {`{"X":1}`, `{"Y":2}`}, "point": {`{"X":9}`}, "matrix": {"[1,2e0]", "[]"}}, func(s *state) {
			s.Points, s.Point, s.Matrix = []point{{X: 1}, {Y: 2}}, point{X: 9}, [][]int{{1, 2}, {}}
		}},
		{"bytes", "", words{"raw": {"hi"}}, func(s *state) { s.Raw = []byte("hi") }},
		{"bytes in base", `{"raw":"aGk="}`, nil, func(s *state) { s.Raw = []byte("hi") }},
		{"rest", "", words{"rest": {"--x", "y"}}, func(s *state) { s.Rest = []string{"--x", "y"} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, err := input.Build(stateType, []byte(tt.base), tt.words)
			if err != nil {
				t.Fatalf("Build: %v", err)
			}
			want := zero()
			tt.want(&want)
			var got state
			if err := json.Unmarshal(doc, &got); err != nil {
				t.Fatalf("%s: %v", doc, err)
			}
			if diff := cmp.Diff(want, got, same); diff != "" {
				t.Errorf("Build (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBuildErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		base  string
		words words
		want  string
	}{
		{"no integer", "", words{"n": {"abc"}}, `n: "abc" is not a whole number`},
		{"fraction", "", words{"n": {"1.5"}}, `n: "1.5" is not a whole number`},
		{"fraction in base", `{"n":1.5}`, nil, `n: "1.5" is not a whole number`},
		{"fraction in a list", `{"ints":[1,1e-1]}`, nil, `ints.1: "1e-1" is not a whole number`},
		{"negative", "", words{"seed": {"-1"}}, `seed: -1 is negative; it takes 0 or more`},
		{"too large", "", words{"seed": {"1e30"}}, `seed: 1e30 does not fit in 64 bits (at most 18446744073709551615)`},
		{"too large signed", "", words{"n": {"9223372036854775808"}}, `n: 9223372036854775808 does not fit in 64 bits (at most 9223372036854775807)`},
		{"too small", "", words{"grid.nx": {"-2147483649"}}, `grid.nx: -2147483649 does not fit in 32 bits (at least -2147483648)`},
		{"too large small", "", words{"u8": {"256"}}, `u8: 256 does not fit in 8 bits (at most 255)`},
		{"float", "", words{"f": {"x"}}, `f: "x" is not a number`},
		{"float range", "", words{"grid.step": {"1e39"}}, `grid.step: 1e39 does not fit in a number of 32 bits`},
		{"bool", "", words{"b": {"maybe"}}, `b: "maybe" is neither true nor false`},
		{"duration", "", words{"d": {"5"}}, `d: "5" is not a duration such as 1h30m or 250ms`},
		{"text", "", words{"addr": {"x"}}, `addr: "x" does not fit: ParseAddr("x"): unable to parse IP`},
		{"own JSON", "", words{"colour": {"5"}}, `colour: "5" does not fit: 5 is no colour`},
		{"twice", "", words{"n": {"1", "2"}}, `n: is given 2 times, but takes one value`},
		{"array", "", words{"pair": {"1"}}, `pair: takes exactly 2 values, not 1`},
		{"map form", "", words{"tags": {"k"}}, `tags: "k" needs the form key=value`},
		{"map twice", "", words{"tags": {"k=1", "k=2"}}, `tags: the key "k" is given twice`},
		{"map value", "", words{"tags": {"k=x"}}, `tags: "x" is not a whole number`},
		{"map key", "", words{"hosts": {"x=red"}}, `hosts: "x" is not a whole number`},
		{"JSON", "", words{"point": {"x"}}, `point: "x" is not JSON`},
		{"JSON field", "", words{"point": {`{"Z":1}`}}, `point.Z: input_test.point has no field of this name`},
		{"unknown word", "", words{"grid.xn": {"1"}}, `grid.xn: no such input; did you mean grid.nx?`},
		{"unknown in base", `{"colr":"red"}`, nil, `colr: no such input; did you mean colour?`},
		{"unknown nested", `{"grid":{"steps":1}}`, nil, `grid.steps: no such input; did you mean grid.step?`},
		{"case", `{"N":1}`, nil, `N: no such input; did you mean n?`},
		{"state in base", `{"card":"x"}`, nil, `card: is state, not input; leave it out`},
		{"state in words", "", words{"grid.sum": {"1"}}, `grid.sum: is state, not input; leave it out`},
		{"inside state", "", words{"inner.x": {"1"}}, `inner.x: is state, not input; leave it out`},
		{"group as value", `{"grid":1}`, nil, `grid: takes a JSON object`},
		{"base is no object", `[1]`, nil, `takes a JSON object`},
		{"broken base", `{"n":1`, nil, `cannot decode: unexpected EOF`},
		{"name twice in base", `{"n":1,"n":2}`, nil, `n: cannot decode: duplicate object member name`},
		{"kind in base", `{"n":"1"}`, nil, `n: cannot decode a string into int64`},
		{"null in base", `{"n":null}`, nil, `n: cannot decode null into int64`},
		{"null in a list", `{"ints":[null]}`, nil, `ints.0: cannot decode null into int`},
		{"invalid text", "", words{"s": {"\xff"}}, `s: cannot encode: invalid UTF-8`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, err := input.Build(stateType, []byte(tt.base), tt.words)
			if err == nil {
				t.Fatalf("Build gave %s, want error %q", doc, tt.want)
			}
			if _, ok := errors.AsType[*input.Error](err); !ok {
				t.Errorf("got %T, want *input.Error", err)
			}
			if err.Error() != tt.want {
				t.Errorf("got error %q\nwant       %q", err, tt.want)
			}
		})
	}
}

func TestBuildNonFinite(t *testing.T) {
	t.Parallel()
	type s struct {
		F []float64 `json:"f" help:"x"`
	}
	for _, in := range []struct {
		base  string
		words words
	}{{"", words{"f": {"NaN", "Inf", "-inf"}}}, {`{"f":["NaN","Infinity","-Infinity"]}`, nil}} {
		doc, err := input.Build(reflect.TypeFor[s](), []byte(in.base), in.words)
		if want := `{"f":["NaN","Infinity","-Infinity"]}`; err != nil || string(doc) != want {
			t.Errorf("Build = %s, %v; want %s", doc, err, want)
		}
	}
}

func TestBuildOfOtherTypes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		t     reflect.Type
		base  string
		words words
		want  string
	}{
		{"pointer to struct", reflect.TypeFor[*grid](), `{"step":1}`, nil, `{"nx":8,"step":1,"sum":0}`},
		{"empty struct", reflect.TypeFor[struct{}](), "", nil, `{}`},
		{"list", reflect.TypeFor[[]float64](), `[1,"NaN"]`, nil, `[1,"NaN"]`},
		{"no base", reflect.TypeFor[[]float64](), ``, nil, `null`},
		{"bad base", reflect.TypeFor[[]int](), `[1,true]`, nil, `error 1: cannot decode a boolean into int`},
		{"words", reflect.TypeFor[[]int](), ``, words{"n": {"1"}}, `error n: no such input; there are none`},
		{"far word", reflect.TypeFor[grid](), ``, words{"zzzzzz": {"1"}}, `error zzzzzz: no such input; there are nx, step`},
		{"marshals itself", reflect.TypeFor[colour](), `"red"`, nil, `"red"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, err := input.Build(tt.t, []byte(tt.base), tt.words)
			got := string(doc)
			if err != nil {
				got = "error " + err.Error()
			}
			if got != tt.want {
				t.Errorf("Build = %s\nwant    %s", got, tt.want)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"n", "grid.nx", "dry-run", "workers", "worker"}
	tests := []struct{ word, want string }{
		{"grid.ny", "grid.nx"}, {"DRY_RUN", "dry-run"}, {"wrokers", "workers"}, {"worker", "worker"},
		{"m", "n"}, {"quite-other", ""}, {"", "n"}, {"wxxkxxs", ""},
	}
	for _, tt := range tests {
		if got := input.Nearest(tt.word, known); got != tt.want {
			t.Errorf("Nearest(%q) = %q, want %q", tt.word, got, tt.want)
		}
	}
	if got := input.Nearest("x", nil); got != "" {
		t.Errorf("Nearest of nothing = %q", got)
	}
}
