package codec_test

import (
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/durable-wf/wf/engine/internal/codec"
	"github.com/google/go-cmp/cmp"
)

type tree struct {
	Kids []tree
	Up   *tree
	ByID map[string]*tree
}

type (
	list    []list
	badTree struct {
		Kids []badTree
		hook int
	}
	oneWay   struct{ N int }
	stamped  struct{ time.Time }
	promoter struct {
		time.Time
		Lost int
	}
	ownAndTime struct {
		time.Time
		N int
	}
	namedTime struct {
		time.Time `json:"at"`
	}
	self struct {
		*self
		N int
	}
	text string
)

func (ownAndTime) MarshalJSON() ([]byte, error) { return []byte(`{"N":1}`), nil }
func (*ownAndTime) UnmarshalJSON([]byte) error  { return nil }

func (oneWay) MarshalJSON() ([]byte, error) { return []byte("1"), nil }

func TestCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		v    any
		want []string
	}{
		{"everything good", everything{}, nil},
		{"everything CBOR knows", native{}, nil},
		{"promotes own Marshal", struct {
			ownAndTime
			Lost int
		}{}, []string{"takes the marshal method of a struct that it embeds"}},
		{"only what marshals itself", struct{ ownAndTime }{}, nil},
		{"own Marshal", ownAndTime{}, nil},
		{"embedded with a name", namedTime{}, nil},
		{"recursive types", tree{}, nil},
		{"recursive slice", list{}, nil},
		{"own methods", struct {
			B *big.Int
			A netip.Addr
			T *time.Time
		}{}, nil},
		{"embeds itself", self{}, []string{"codec_test.self.self: an embedded pointer to an unexported struct cannot be read back"}},
		{"only a time", stamped{}, nil},
		{"promoted methods", promoter{}, []string{"codec_test.promoter: codec_test.promoter takes the marshal method of a struct that it embeds, which ignores its other fields; give the embedded field a name"}},
		{"derived", struct {
			F  func() `json:"-"`
			mu int    `json:"-"`
			_  int
		}{}, nil},
		{"unexported", badTree{}, []string{`codec_test.badTree.hook: an unexported field is not stored; export it, or tag it json:"-" if it is derived`}},
		{"deep inside", struct {
			S []struct{ M map[string]*[1]badTree }
		}{}, []string{".S[].M[][].hook: an unexported field"}},
		{"interfaces", struct {
			A any
			E error
		}{}, []string{
			"struct { A interface {}; E error }.A: an interface (interface {}) is not read back as what was stored; use a concrete type",
			"struct { A interface {}; E error }.E: an interface (error) is not read back as what was stored; use a concrete type"}},
		{"no values", struct {
			A func()
			B chan int
			C complex128
			D unsafe.Pointer
			E uintptr
		}{}, []string{".A: a func", ".B: a chan", ".C: a complex128", ".D: a unsafe.Pointer", ".E: a uintptr"}},
		{"one way", struct{ O oneWay }{}, []string{".O: codec_test.oneWay has a method to marshal itself without its counterpart"}},
		{"nil levels", struct {
			P **int
			S *[]int
		}{}, []string{".P: a **int that points to nil", ".S: a *[]int that points to nil"}},
		{"map keys", struct {
			F map[float64]int
			S map[struct{}]int
			N map[text]int
		}{}, []string{".F: a map key must be", ".S: a map key must be"}},
		{"omitempty", struct {
			P *string `json:"p,omitempty"`
		}{}, []string{".P: omitempty drops a pointer to an empty value; use omitzero"}},
		{"duplicate names", struct {
			base
			Other string `json:"id"`
		}{}, []string{`.Other: the JSON name "id" is also that of field ID`}},
		{"embedded non-struct", struct{ text }{}, []string{": an unexported field"}},
		{"bad tag", struct {
			N int `json:"n,format:x"`
		}{}, []string{": json: "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkFaults(t, codec.Check(reflect.TypeOf(tt.v)), tt.want)
		})
	}
	if len(codec.Check(nil)) != 1 {
		t.Error("Check(nil) found no fault")
	}
}

// checkFaults wants each text to be part of the fault at its place.
func checkFaults(t *testing.T, faults []error, want []string) {
	t.Helper()
	if len(faults) != len(want) {
		t.Fatalf("got %d faults %q, want %d %q", len(faults), faults, len(want), want)
	}
	for i, fault := range faults {
		if !strings.Contains(fault.Error(), want[i]) {
			t.Errorf("fault %d: got %q\nwant %q", i, fault, want[i])
		}
	}
}

func TestSchema(t *testing.T) {
	t.Parallel()
	type a struct {
		base
		Z  []*int8                     `json:"z" help:"x" default:"1"`
		M  map[string][2]time.Duration `json:"m"`
		T  time.Time                   `json:"t,string"`
		No func()                      `json:"-"`
	}
	type b struct { // the same in another order and under other Go names
		Stamp time.Time                 `json:"t,string"`
		Map   map[text][2]time.Duration `json:"m"`
		ID    string                    `json:"id"`
		List  []*int8                   `json:"z"`
	}
	want := `{"id":string,"m":map[string][2]duration,"t":quoted <time.Time>,"z":[]?int8}`
	for _, v := range []any{a{}, b{}} {
		if got := codec.Schema(reflect.TypeOf(v)); got != want {
			t.Errorf("Schema(%T) = %s\nwant %s", v, got, want)
		}
	}
	if got, want := codec.Schema(reflect.TypeFor[tree]()), `{"ByID":map[string]?^1,"Kids":[]^1,"Up":?^1}`; got != want {
		t.Errorf("Schema(tree) = %s, want %s", got, want)
	}
	if got, want := codec.Schema(reflect.TypeFor[list]()), `[]^1`; got != want {
		t.Errorf("Schema(list) = %s, want %s", got, want)
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	prints := []string{
		codec.Fingerprint(reflect.TypeFor[base]()),
		codec.Fingerprint(reflect.TypeFor[grid]()),
		codec.Fingerprint(reflect.TypeFor[base](), ""),
		codec.Fingerprint(reflect.TypeFor[base](), "a", "bc"),
		codec.Fingerprint(reflect.TypeFor[base](), "ab", "c"),
		codec.Fingerprint(nil),
	}
	seen := map[string]bool{}
	for i, p := range prints {
		if len(p) != 16 || seen[p] {
			t.Errorf("fingerprint %d = %q: want 16 digits of its own", i, p)
		}
		seen[p] = true
	}
	// A fingerprint is stored, so its value is part of the file format.
	if diff := cmp.Diff("11977da57277667e", prints[0]); diff != "" {
		t.Errorf("the fingerprint of base has changed:\n%s", diff)
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	type s struct {
		B int `json:"b"`
		base
		A    string `help:"x"`
		Skip int    `json:"-"`
		priv int
	}
	var got []string
	for _, f := range codec.Fields(reflect.TypeFor[s]()) {
		got = append(got, f.Name+"/"+f.GoName)
	}
	if diff := cmp.Diff([]string{"b/B", "id/ID", "A/A"}, got); diff != "" {
		t.Error(diff)
	}
	_ = s{priv: 1}
}
