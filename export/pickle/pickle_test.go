package pickle_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/durable-wf/wf/export"
	"github.com/durable-wf/wf/export/pickle"
	"github.com/durable-wf/wf/internal/peer"
)

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// exported writes a document to a file and returns its path.
func exported(t *testing.T, doc *export.Document) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.pkl")
	ok(t, export.WriteFile(t.Context(), path, pickle.Format(), doc, export.Never))
	return path
}

// readBack reads a file in the way of wf start --from.
func readBack(t *testing.T, path string) (*export.Document, error) {
	t.Helper()
	in, err := os.Open(path)
	ok(t, err)
	defer in.Close()
	return pickle.Format().Read(t.Context(), in)
}

// python runs a script in which path is the first argument.
func python(t *testing.T, path, script string, modules ...string) string {
	t.Helper()
	head := "import sys, pickle, math, datetime\npath = sys.argv[1]\n"
	out, err := exec.CommandContext(t.Context(), peer.Python(t, modules...), "-c", head+script, path).CombinedOutput()
	if err != nil {
		t.Errorf("python: %v\n%s", err, out)
	}
	return string(out)
}

func sample() *export.Document {
	at := time.Date(2026, 2, 3, 4, 5, 6, 789_012_000, time.UTC)
	many := &export.Table{Name: "many", Columns: []export.Column{{Name: "i", Kind: export.Int}, {Name: "step", Kind: export.Text}}}
	many.Rows = func(yield func(export.Row, error) bool) {
		for i := range int64(10_001) {
			if !yield(export.Row{i, "s" + strconv.FormatInt(i%3, 10)}, nil) {
				return
			}
		}
	}
	return &export.Document{
		Attributes: []export.Attribute{{Name: "workflow", Value: "heat"}, {Name: "version", Value: int64(3)}, {Name: "created", Value: at}},
		Tables: []*export.Table{
			{Name: "history", Columns: []export.Column{
				{Name: "seq", Kind: export.Int}, {Name: "at", Kind: export.Time}, {Name: "größe", Kind: export.Text},
				{Name: "ok", Kind: export.Bool}, {Name: "residual", Kind: export.Float}, {Name: "detail", Kind: export.JSON},
			}, Rows: export.RowsOf([]export.Row{
				{int64(math.MinInt64), at, "grüße 😀\x00", true, math.Inf(-1), json.RawMessage(`{"a":[1,-0,2.5,"ä",null,true],"b":123456789012345678901234567890,"c":{},"d":[],"e":-9223372036854775809}`)},
				{int64(math.MaxInt64), at.Add(time.Second), strings.Repeat("x", 70_000), false, math.NaN(), nil},
				{nil, time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC), nil, nil, nil, nil},
			})},
			{Name: "none", Columns: []export.Column{{Name: "x", Kind: export.Int}}, Rows: export.RowsOf(nil)},
			many,
		},
		Arrays: []*export.Array{
			export.Scalar("pi", math.Pi), export.Scalar("attributes", "Zoë"), {Name: "empty", Dims: []int{2, 0}, Data: []float64{}},
			{Name: "u", Dims: []int{2, 1, 2}, Data: []float64{1, math.Copysign(0, -1), math.NaN(), math.SmallestNonzeroFloat64}},
			{Name: "ints", Dims: []int{11}, Data: []int64{0, -1, 255, 256, 65535, 65536, -32769, math.MaxInt32, math.MinInt32 - 1, math.MinInt64, math.MaxInt64}},
			{Name: "raw", Dims: []int{2}, Data: []byte{0, 255}}, {Name: "long", Dims: []int{2500}, Data: make([]bool, 2500)},
		},
		Groups: []*export.Group{{Name: "run 1", Groups: []*export.Group{{Name: "state", Arrays: []*export.Array{export.Scalar("i", int64(5))}}}}},
	}
}

func TestPythonReadsWhatWasWritten(t *testing.T) {
	t.Parallel()
	python(t, exported(t, sample()), `
import pandas as pd
d = pickle.load(open(path, 'rb'))
at = datetime.datetime(2026, 2, 3, 4, 5, 6, 789012, datetime.timezone.utc)
assert list(d) == ['attributes_', 'history', 'none', 'many', 'pi', 'attributes', 'empty', 'u', 'ints', 'raw', 'long', 'run 1']
assert d['attributes_'] == {'workflow': 'heat', 'version': 3, 'created': at} and d['attributes'] == 'Zoë'
h = d['history']
a = h[0]['detail'].pop('a')
assert a == [1, 0, 2.5, 'ä', None, True] and type(a[0]) is int and type(a[1]) is float and math.copysign(1, a[1]) == -1
assert h[0] == {'seq': -2**63, 'at': at, 'größe': 'grüße 😀\0', 'ok': True, 'residual': -math.inf,
  'detail': {'b': 123456789012345678901234567890, 'c': {}, 'd': [], 'e': -2**63-1}}
assert h[1]['seq'] == 2**63-1 and h[1]['at'] == at + datetime.timedelta(seconds=1) and h[1]['größe'] == 'x'*70000
assert h[1]['ok'] is False and math.isnan(h[1]['residual']) and h[1]['detail'] is None
assert h[2] == {'seq': None, 'at': '10000-01-01T00:00:00.000000Z', 'größe': None, 'ok': None, 'residual': None, 'detail': None}
assert d['none'] == [] and d['pi'] == math.pi and d['empty'] == [[], []] and d['raw'] == [0, 255] and d['long'] == [False]*2500
u = d['u']
assert u[0][0][0] == 1.0 and math.copysign(1, u[0][0][1]) == -1 and math.isnan(u[1][0][0]) and u[1][0][1] == 5e-324
assert d['ints'] == [0, -1, 255, 256, 65535, 65536, -32769, 2**31-1, -2**31-1, -2**63, 2**63-1]
assert d['run 1'] == {'state': {'i': 5}}
df = pd.DataFrame(d['many'])
assert (df.i == range(10001)).all() and (df.step == ['s%d' % (i % 3) for i in range(10001)]).all()
`, "pandas")
}

func TestSameBytes(t *testing.T) {
	t.Parallel()
	var all [2]string
	for i := range all {
		b, err := os.ReadFile(exported(t, sample()))
		ok(t, err)
		all[i] = string(b)
	}
	if all[0] != all[1] {
		t.Error("two exports of one document differ")
	}
}

// text is a document as JSON.
func text(t *testing.T, doc *export.Document) string {
	t.Helper()
	members := map[string]any{}
	for _, a := range doc.Arrays {
		members[a.Name] = fmt.Sprint(a.Dims, a.Data)
	}
	for _, table := range doc.Tables {
		var rows []string
		for row, err := range table.Rows {
			ok(t, err)
			ok(t, table.CheckRow(row))
			rows = append(rows, fmt.Sprint(slices.Clone(row)...))
		}
		members[table.Name] = rows
	}
	for _, g := range doc.Groups {
		members[g.Name] = json.RawMessage(text(t, g))
	}
	b, err := json.Marshal(members)
	ok(t, err)
	return string(b)
}

// The same values, written in each protocol, are read as the same document.
func TestReadsAllProtocols(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	python(t, dir, `
import collections
shared = [1, 2]
value = {'n': 5, 'big': 2**70, 'neg': -2**70, 'f': 2.0, 'nan': math.nan, 'inf': -math.inf, 'min': -2**63, 'minus': -5, 'long': 2**3000 % 10**9,
  's': 'é\n日😀\\u0041\'"', 'bytes': b'\x00\xff', 'array': bytearray(b'ab'), 't': (1, (2,), (), (3, 4, 5, 6)), 'none': [None], 'set': {7}, 'frozen': frozenset([8]),
  'a': shared, 'b': shared, 'flag': True, 'deep': [[1, 2], [3, 4]], 'floats': [1, 2.5], 'rows': [{'x': 1, 'y': 'a'}, {'x': 2.5, 'y': 'b'}],
  'ordered': collections.OrderedDict([('k', 1)]), 'default': collections.defaultdict(list, {'k': [1]}), 3: 'three', (1, 2): 'tuple',
  'when': datetime.datetime(2026, 1, 2, 3, 4, 5, 6, datetime.timezone.utc), 'local': datetime.datetime(2026, 1, 2), 'day': datetime.date(2026, 1, 2),
  'zone': datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=2))), 'delta': datetime.timedelta(1, 2), 'e': '', 'eb': b'',
  'names': ['x%d' % (i // 2) for i in range(600)]}
for protocol in range(6):
    pickle.dump(value, open(path + '/%d' % protocol, 'wb'), protocol)
`)
	if t.Failed() {
		return
	}
	first := ""
	for protocol := range 6 {
		doc, err := readBack(t, filepath.Join(dir, strconv.Itoa(protocol)))
		if err != nil {
			t.Errorf("protocol %d: %v", protocol, err)
			continue
		}
		got := text(t, doc)
		if first == "" {
			first = got
		}
		if diff := cmp.Diff(first, got); diff != "" {
			t.Errorf("protocol %d (- protocol 0, + got):\n%s", protocol, diff)
		}
	}
	for _, want := range []string{
		`"n":"[] [5]"`, `"big":"[] [1180591620717411303424]"`, `"neg":"[] [-1180591620717411303424]"`, `"f":"[] [2]"`, `"inf":"[] [-Inf]"`, `"nan":"[] [NaN]"`,
		`"min":"[] [-9223372036854775808]"`, `"minus":"[] [-5]"`, `"s":"[] [é\n日😀\\u0041'\"]"`, `"bytes":"[] [AP8=]"`, `"array":"[] [YWI=]"`, `"t":"[] [[1,[2],[],[3,4,5,6]]]"`,
		`"set":"[1] [7]"`, `"frozen":"[1] [8]"`, `"a":"[2] [1 2]"`, `"b":"[2] [1 2]"`, `"deep":"[2 2] [1 2 3 4]"`, `"floats":"[2] [1 2.5]"`, `"rows":["1a","2.5b"]`,
		`"ordered":{"k":"[] [1]"}`, `"3":"[] [three]"`, `"[1,2]":"[] [tuple]"`, `"when":"[] [2026-01-02T03:04:05.000006Z]"`, `"day":"[] [2026-01-02]"`,
		`"local":"[] [2026-01-02T00:00:00]"`, `"zone":"[] [2026-01-02T00:00:00+02:00]"`, `"delta":"[] [86402]"`, `"flag":"[] [true]"`, `"e":"[] []"`,
	} {
		if !strings.Contains(strings.ReplaceAll(first, `\u0026`, "&"), want) {
			t.Errorf("%s is not in what was read:\n%s", want, first)
		}
	}
}

func TestReadsNumPy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	python(t, dir, `
import numpy as np
value = {'u': np.array([[1, 2, 3], [4, 5, math.nan]]), 'fortran': np.asfortranarray(np.arange(6.).reshape(2, 3)), 'big': np.array([1, -2], '>i2'),
  'x': np.float64(2.5), 'n': np.int32(-7), 'b': np.array([True]), 's': np.array(['ä', '']), 'zero': np.array(3), 'none': np.zeros((0, 2)),
  'when': np.array(['2026-01-02'], 'datetime64[D]'), 'nested': {'v': np.array([1, 2], np.uint8), 'w': 1}, 'list': [np.array([1, 2]), np.float32(0.5)],
  'rec': np.array([(1, 2.5, 'x')], [('i', '<i4'), ('f', '>f8'), ('s', 'U2')]), 'true': np.bool_(True)}
for protocol in range(6):
    pickle.dump(value, open(path + '/%d' % protocol, 'wb'), protocol)
`, "numpy")
	if t.Failed() {
		return
	}
	want := &export.Document{
		Tables: []*export.Table{{Name: "rec", Columns: []export.Column{{Name: "i", Kind: export.Int}, {Name: "f", Kind: export.Float}, {Name: "s", Kind: export.Text}}}},
		Arrays: []*export.Array{
			{Name: "u", Dims: []int{2, 3}, Data: []float64{1, 2, 3, 4, 5, math.NaN()}}, {Name: "fortran", Dims: []int{2, 3}, Data: []float64{0, 1, 2, 3, 4, 5}},
			{Name: "big", Dims: []int{2}, Data: []int64{1, -2}}, export.Scalar("x", 2.5), export.Scalar("n", int64(-7)),
			{Name: "b", Dims: []int{1}, Data: []bool{true}}, {Name: "s", Dims: []int{2}, Data: []string{"ä", ""}}, export.Scalar("zero", int64(3)),
			{Name: "none", Dims: []int{0, 2}, Data: []float64{}}, {Name: "when", Dims: []int{1}, Data: []string{"2026-01-02T00:00:00Z"}},
			export.Scalar("list", "[[1,2],0.5]"), export.Scalar("true", true),
		},
		Groups: []*export.Group{{Name: "nested", Arrays: []*export.Array{{Name: "v", Dims: []int{2}, Data: []byte{1, 2}}, export.Scalar("w", int64(1))}}},
	}
	for protocol := range 6 {
		doc, err := readBack(t, filepath.Join(dir, strconv.Itoa(protocol)))
		if err != nil {
			t.Errorf("protocol %d: %v", protocol, err)
			continue
		}
		if diff := cmp.Diff(want, doc, cmpopts.EquateNaNs(), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(export.Table{}, "Rows")); diff != "" {
			t.Errorf("protocol %d (- want, + got):\n%s", protocol, diff)
		}
		for row, err := range doc.Tables[0].Rows {
			if diff := cmp.Diff(export.Row{int64(1), 2.5, "x"}, row); diff != "" || err != nil {
				t.Errorf("protocol %d: record (- want, + got): %v\n%s", protocol, err, diff)
			}
		}
	}
}

// A pickle that would run a command when Python loads it runs nothing here: it is described.
func TestRunsNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	python(t, dir, `
import os
class Evil:
    def __reduce__(self): return (os.system, ('touch ' + path + '/ran',))
class Point:
    def __init__(self): self.x, self.y = 1, [2.5]
pickle.dump({'i': 3, 'evil': Evil(), 'p': Point()}, open(path + '/evil', 'wb'))
`)
	if t.Failed() {
		return
	}
	doc, err := readBack(t, filepath.Join(dir, "evil"))
	ok(t, err)
	if _, err := os.Stat(filepath.Join(dir, "ran")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reading ran something: %v", err)
	}
	got := text(t, doc)
	for _, want := range []string{`"i":"[] [3]"`, `"class":"[] [posix.system]"`, `touch `, `"class":"[] [__main__.Point]"`, `"state":{"x":"[] [1]","y":"[1] [2.5]"}`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
}

// What is torn, bottomless or too much is an error.
func TestRefusesToRead(t *testing.T) {
	t.Parallel()
	laughs := "]q\x00" // a list of lists of lists …, each twice in the next
	for range 100 {
		laughs += "]q\x01(h\x00h\x00eq\x00"
	}
	array := "cnumpy.core.multiarray\n_reconstruct\n)R(K\x01)cnumpy\ndtype\n(VU1\ntR\x89C\x04a\x00\x00\x00tbq\x01"
	dir := t.TempDir()
	python(t, dir, `
import numpy as np
pickle.dump(np.array([1j]), open(path + '/complex', 'wb'))
pickle.dump(np.array([{}]), open(path + '/objects', 'wb'))
`, "numpy")
	if t.Failed() {
		return
	}
	for _, c := range [][2]string{
		{"", "cut off"}, {"}", "cut off"}, {"K", "cut off"}, {".", "more than there is"}, {"(.", "more than there is"}, {"a.", "more than there is"},
		{"]q\x00h\x00a.", "200 deep"}, {laughs + ".", "200 deep|too many values"},
		{"}q\x00(K\x01h\x00K\x02h\x00u.", "200 deep"}, {"}q\x00(K\x01h\x00K\x02h\x00K\x03" + array + "u.", "200 deep|too many values"}, {"\x80\x09.", "protocol 9"}, {"h\x07.", "nothing at 7"},
		{"X\xff\xff\xff\xffab.", "cut off"}, {"B\xff\xff\xff\x7fab.", "cut off"}, {"X\x01\x00\x00\x00\xff.", "not valid UTF-8"}, {"N)R.", "is called"},
		{"\x82\x01.", "outside of the pickle"}, {"}(K\x01u.", "no value"}, {"K\x01K\x02a.", "takes no such items"},
	} {
		path := filepath.Join(dir, "broken")
		ok(t, os.WriteFile(path, []byte(c[0]), 0o600))
		_, err := readBack(t, path)
		if err == nil || !slices.ContainsFunc(strings.Split(c[1], "|"), func(want string) bool { return strings.Contains(err.Error(), want) }) {
			t.Errorf("%.20q: error %v, want %q", c[0], err, c[1])
		}
	}
	for name, want := range map[string]string{"complex": "complex numbers", "objects": "Python objects"} {
		if _, err := readBack(t, filepath.Join(dir, name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
}

// Only a pickle that no dict was made of can have a key twice.
func TestLastValueOfAKeyCounts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "twice")
	ok(t, os.WriteFile(path, []byte("](K\x00}(\x8c\x01aK\x01\x8c\x01aK\x02ue."), 0o600))
	doc, err := readBack(t, path)
	ok(t, err)
	if got, want := text(t, doc), `{"value":"[] [[0,{\"a\":2}]]"}`; got != want {
		t.Errorf("read as %s, want %s", got, want)
	}
}

func TestRowsThatDoNotFit(t *testing.T) {
	t.Parallel()
	doc := &export.Document{Tables: []*export.Table{{Name: "t", Columns: []export.Column{{Name: "x", Kind: export.Int}}, Rows: export.RowsOf([]export.Row{{"a"}})}}}
	err := export.WriteFile(t.Context(), filepath.Join(t.TempDir(), "x.pkl"), pickle.Format(), doc, export.Never)
	if err == nil || !strings.Contains(err.Error(), "pickle: t: ") {
		t.Errorf("error %v", err)
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"\x80\x04}(X\x01\x00\x00\x00aK\x05X\x01\x00\x00\x00b](K\x01G?\xf0\x00\x00\x00\x00\x00\x00eu.",
		"(dp0\nS'a'\np1\nI5\nsVb\\u00e4\np2\n(lp3\nL7L\naF1.5\nas.",
		"cnumpy\ndtype\n(S'f8'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb.",
		"cdatetime\ndatetime\n(C\x0a\x07\xea\x01\x02\x03\x04\x05\x00\x00\x06tR.", "c__main__\nA\n)\x81}(X\x01\x00\x00\x00xK\x01ub.",
	} {
		f.Add([]byte(seed))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, strconv.Itoa(os.Getpid()))
		ok(t, os.WriteFile(path, data, 0o600))
		doc, err := readBack(t, path)
		if err != nil {
			return
		}
		ok(t, doc.Check())
		_ = text(t, doc)
	})
}
