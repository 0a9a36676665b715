package npz_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
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
	"github.com/durable-wf/wf/export/npz"
	"github.com/durable-wf/wf/internal/peer"
)

// exported writes a document to a file and returns its path.
func exported(t *testing.T, doc *export.Document) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.npz")
	ok(t, export.WriteFile(t.Context(), path, npz.Format(), doc, export.Never))
	return path
}

// numpy runs a Python script in which np is NumPy and path the file.
func numpy(t *testing.T, path, script string) {
	t.Helper()
	python := peer.Python(t, "numpy")
	head := "import sys, numpy as np\npath = sys.argv[1]\n"
	if out, err := exec.CommandContext(t.Context(), python, "-c", head+script, path).CombinedOutput(); err != nil {
		t.Errorf("numpy: %v\n%s", err, out)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// readBack reads a file in the way of wf start --from.
func readBack(t *testing.T, f export.Format, path string) (*export.Document, error) {
	t.Helper()
	in, err := os.Open(path)
	ok(t, err)
	defer in.Close()
	return f.Read(t.Context(), in)
}

// rows returns the rows of a table, each checked against its columns.
func rows(t *testing.T, table *export.Table) []export.Row {
	t.Helper()
	var all []export.Row
	for row, err := range table.Rows {
		ok(t, err)
		ok(t, table.CheckRow(row))
		all = append(all, slices.Clone(row))
	}
	return all
}

func sample() *export.Document {
	at := time.Date(2026, 2, 3, 4, 5, 6, 789_000_000, time.UTC)
	return &export.Document{
		Attributes: []export.Attribute{
			{Name: "workflow", Value: "heat"}, {Name: "version", Value: int64(3)}, {Name: "rate", Value: 0.5},
			{Name: "resumed", Value: true}, {Name: "created", Value: at},
		},
		Tables: []*export.Table{
			{Name: "history", Columns: []export.Column{
				{Name: "seq", Kind: export.Int}, {Name: "at", Kind: export.Time}, {Name: "it's \"größe\" \\ \n", Kind: export.Text},
				{Name: "ok", Kind: export.Bool}, {Name: "residual", Kind: export.Float}, {Name: "detail", Kind: export.JSON},
				{Name: "small", Kind: export.Int}, {Name: "large", Kind: export.Int}, {Name: "maybe", Kind: export.Bool},
			}, Rows: export.RowsOf([]export.Row{
				{int64(math.MinInt64), at, "grüße 😀", true, math.Inf(-1), json.RawMessage(`{"a":1}`), int64(7), int64(math.MaxInt64), true},
				{int64(math.MaxInt64), nil, nil, false, nil, nil, nil, nil, nil},
			})},
			{Name: "none", Columns: []export.Column{{Name: "x", Kind: export.Int}, {Name: "s", Kind: export.Text}}, Rows: export.RowsOf(nil)},
			{Name: "bare", Rows: export.RowsOf([]export.Row{{}, {}})},
		},
		Arrays: []*export.Array{
			export.Scalar("pi", math.Pi), export.Scalar("name", "Zoë"), export.Scalar("long", strings.Repeat("x", 70_000)),
			{Name: "u", Dims: []int{2, 3}, Data: []float64{1, 2, 3, math.Copysign(0, -1), math.NaN(), math.SmallestNonzeroFloat64}},
			{Name: "f32", Dims: []int{2}, Data: []float32{0.1, 2}}, {Name: "mask", Dims: []int{2}, Data: []bool{true, false}},
			{Name: "raw", Dims: []int{3}, Data: []byte{0, 1, 255}}, {Name: "names", Dims: []int{2, 1}, Data: []string{"", "世界"}},
			{Name: "empty", Dims: []int{0, 4}, Data: []float64{}}, {Name: "cube", Dims: []int{1, 2, 2}, Data: []int64{math.MinInt64, 2, 3, math.MaxInt64}},
		},
		Groups: []*export.Group{{Name: "run 1", Groups: []*export.Group{{Name: "state", Arrays: []*export.Array{export.Scalar("i", int64(5))}}}}},
	}
}

func TestNumPyReadsWhatWasWritten(t *testing.T) {
	t.Parallel()
	path := exported(t, sample())
	numpy(t, path, `
import zipfile
assert all(zipfile.ZipFile(path).read(n).index(b'\n') % 64 == 63 for n in zipfile.ZipFile(path).namelist())
z = np.load(path)
assert z['@workflow'] == 'heat' and z['@version'] == 3 and z['@rate'] == 0.5 and z['@resumed'] == True
assert z['@created'] == '2026-02-03T04:05:06.789000Z'
h = z['history']
text = 'it\'s "größe" \\ \n'
assert h.dtype.names == ('seq', 'at', text, 'ok', 'residual', 'detail', 'small', 'large', 'maybe'), h.dtype
assert h['seq'].tolist() == [-2**63, 2**63-1] and h['ok'].tolist() == [True, False] and h['ok'].dtype == np.bool_
assert h['at'].astype(str).tolist() == ['2026-02-03T04:05:06.789000', 'NaT']
assert h[text].tolist() == ['grüße 😀', ''] and h['detail'].tolist() == ['{"a":1}', '']
assert h['residual'][0] == -np.inf and np.isnan(h['residual'][1])
assert h['small'][0] == 7 and np.isnan(h['small'][1]) and h['large'].tolist() == [str(2**63-1), '']
assert h['maybe'][0] == 1 and np.isnan(h['maybe'][1])
assert z['none'].shape == (0,) and 'bare' not in z
assert z['pi'][()] == np.pi and z['pi'].shape == () and z['name'] == 'Zoë' and z['long'] == 'x'*70000
u = z['u']
assert u.shape == (2, 3) and u[0].tolist() == [1, 2, 3] and np.signbit(u[1, 0]) and np.isnan(u[1, 1]) and u[1, 2] == 5e-324
assert z['f32'].dtype == np.float32 and z['f32'][0] == np.float32(0.1) and z['mask'].tolist() == [True, False]
assert z['raw'].dtype == np.uint8 and z['raw'].tolist() == [0, 1, 255] and z['names'].tolist() == [[''], ['世界']]
assert z['empty'].shape == (0, 4) and z['cube'].tolist() == [[[-2**63, 2], [3, 2**63-1]]] and z['run 1/state/i'] == 5
`)
}

// What was written is read as the same document, but for what NumPy has no place for.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	want := sample()
	got, err := readBack(t, npz.Format(), exported(t, want))
	ok(t, err)
	want.Attributes[4].Value = "2026-02-03T04:05:06.789000Z"
	want.Tables = want.Tables[:2]
	for _, a := range want.Arrays {
		if a.Dims == nil {
			a.Dims = []int{}
		}
	}
	ignored := cmpopts.IgnoreTypes([]*export.Table{})
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs(), ignored, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("round trip (- want, + got):\n%s", diff)
	}
	if len(got.Tables) != 2 {
		t.Fatalf("%d tables, want 2", len(got.Tables))
	}
	at := time.Date(2026, 2, 3, 4, 5, 6, 789_000_000, time.UTC)
	wantRows := []export.Row{
		{int64(math.MinInt64), at, "grüße 😀", true, math.Inf(-1), `{"a":1}`, 7.0, strconv.Itoa(math.MaxInt64), 1.0},
		{int64(math.MaxInt64), nil, "", false, math.NaN(), "", math.NaN(), "", math.NaN()},
	}
	if diff := cmp.Diff(wantRows, rows(t, got.Tables[0]), cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("rows (- want, + got):\n%s", diff)
	}
}

// NumPy refuses structured arrays with this many columns unless it is told to trust them.
func TestThousandColumns(t *testing.T) {
	t.Parallel()
	table := &export.Table{Name: "wide"}
	row := export.Row{}
	for i := range 1000 {
		table.Columns = append(table.Columns, export.Column{Name: "a/" + strconv.Itoa(i), Kind: export.Int})
		row = append(row, int64(i))
	}
	table.Rows = export.RowsOf([]export.Row{row, row})
	numpy(t, exported(t, &export.Document{Tables: []*export.Table{table}}), `
z = np.load(path)
assert len(z.files) == 1000 and all(z[f'wide/a:{i}'].tolist() == [i, i] for i in range(1000))
`)
}

func TestReadsWhatNumPyWrites(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.npz")
	numpy(t, path, `
np.savez_compressed(path, f8=np.array([[1, 2, 3], [4, 5, np.nan]]), fortran=np.asfortranarray(np.arange(24.).reshape(2, 3, 4)),
  f2=np.array([1.5, -0.0, 65504, 6e-8, np.inf], np.float16), big=np.array([1, -2], '>i4'), u8=np.array([2**63-1], np.uint64), i1=np.array([-1], np.int8),
  b=np.array([True, False]), text=np.array(['äö', '😀', '']), raw=np.array([b'ab', b'']), scalar=np.float64(2.5), n=np.int64(-7),
  when=np.array(['2026-01-02T03:04:05.000006', 'NaT'], 'datetime64[us]'), days=np.array(['1969-12-31'], 'datetime64[D]'),
  months=np.array(['1969-11'], 'datetime64[M]'), bigtext=np.array(['ab'], '>U2'), none=np.zeros((0, 3)),
  rec=np.array([(1, 2.5, 'x', True, '2026-01-02')], np.dtype([('i', 'i4'), ('größe', '>f4'), ('s', 'U3'), ('b', '?'), ('t', 'M8[s]')], align=True)))
`)
	if t.Failed() {
		return
	}
	doc, err := readBack(t, npz.Format(), path)
	ok(t, err)
	count := make([]float64, 24)
	for i := range count {
		count[i] = float64(i)
	}
	want := []*export.Array{
		{Name: "f8", Dims: []int{2, 3}, Data: []float64{1, 2, 3, 4, 5, math.NaN()}}, {Name: "fortran", Dims: []int{2, 3, 4}, Data: count},
		{Name: "f2", Dims: []int{5}, Data: []float64{1.5, math.Copysign(0, -1), 65504, 0x1p-24, math.Inf(1)}},
		{Name: "big", Dims: []int{2}, Data: []int64{1, -2}}, {Name: "u8", Dims: []int{1}, Data: []int64{math.MaxInt64}},
		{Name: "i1", Dims: []int{1}, Data: []int64{-1}}, {Name: "b", Dims: []int{2}, Data: []bool{true, false}},
		{Name: "text", Dims: []int{3}, Data: []string{"äö", "😀", ""}}, {Name: "raw", Dims: []int{2}, Data: []string{"ab", ""}},
		{Name: "scalar", Dims: []int{}, Data: []float64{2.5}}, {Name: "n", Dims: []int{}, Data: []int64{-7}},
		{Name: "when", Dims: []int{2}, Data: []string{"2026-01-02T03:04:05.000006Z", ""}},
		{Name: "days", Dims: []int{1}, Data: []string{"1969-12-31T00:00:00Z"}}, {Name: "months", Dims: []int{1}, Data: []string{"1969-11-01T00:00:00Z"}},
		{Name: "bigtext", Dims: []int{1}, Data: []string{"ab"}}, {Name: "none", Dims: []int{0, 3}, Data: []float64{}},
	}
	if diff := cmp.Diff(want, doc.Arrays, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("arrays (- want, + got):\n%s", diff)
	}
	if len(doc.Tables) != 1 || len(doc.Tables[0].Columns) != 5 {
		t.Fatalf("tables: %+v", doc.Tables)
	}
	record := []export.Row{{int64(1), 2.5, "x", true, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}}
	if diff := cmp.Diff(record, rows(t, doc.Tables[0])); diff != "" {
		t.Errorf("records (- want, + got):\n%s", diff)
	}
}

func TestSingleArray(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "grid.npy")
	numpy(t, path, `np.save(path, np.arange(6).reshape(2, 3))`)
	if t.Failed() {
		return
	}
	doc, err := readBack(t, npz.Array(), path)
	ok(t, err)
	want := []*export.Array{{Name: "grid", Dims: []int{2, 3}, Data: []int64{0, 1, 2, 3, 4, 5}}}
	if diff := cmp.Diff(want, doc.Arrays); diff != "" {
		t.Errorf("arrays (- want, + got):\n%s", diff)
	}
}

// What is not understood is an error that says what to do, and nothing of it runs.
func TestRefusesToRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	numpy(t, dir, `
import os
class Evil:
    def __reduce__(self): return (os.system, ('touch ' + path + '/ran',))
np.save(path + '/object.npy', np.array([Evil()], object), allow_pickle=True)
np.save(path + '/complex.npy', np.array([1j]))
np.save(path + '/delta.npy', np.array([1], 'm8[s]'))
np.save(path + '/large.npy', np.array([2**64-1], np.uint64))
np.save(path + '/void.npy', np.array([b'ab'], 'V2'))
np.save(path + '/nested.npy', np.zeros(1, [('a', [('b', 'i4')])]))
open(path + '/short.npy', 'wb').write(open(path + '/large.npy', 'rb').read()[:-1])
open(path + '/long.npy', 'wb').write(open(path + '/large.npy', 'rb').read() + b'xx')
open(path + '/none.npy', 'wb').write(b'')
`)
	if t.Failed() {
		return
	}
	for name, want := range map[string]string{
		"object": "Python objects", "complex": "complex numbers", "delta": "time differences", "large": "larger than an int64", "void": "not understood",
		"nested": "records within records", "short": "7 bytes of data instead of the 8", "long": "9 bytes of data or more instead of the 8", "none": "is no NumPy array",
	} {
		_, err := readBack(t, npz.Array(), filepath.Join(dir, name+".npy"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "ran")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reading ran something: %v", err)
	}
	if _, err := readBack(t, npz.Format(), filepath.Join(dir, "complex.npy")); err == nil || !strings.Contains(err.Error(), "no .npz file") {
		t.Errorf("a file that is no archive: %v", err)
	}
}

func TestRefusesToWrite(t *testing.T) {
	t.Parallel()
	million := func(yield func(export.Row, error) bool) {
		long := export.Row{strings.Repeat("x", 10_000)}
		for range 120_000 {
			if !yield(long, nil) {
				return
			}
		}
	}
	text := []export.Column{{Name: "x", Kind: export.Text}}
	for want, doc := range map[string]*export.Document{
		"npz: t: column x: a text ends with a zero byte": {Tables: []*export.Table{{Name: "t", Columns: text, Rows: export.RowsOf([]export.Row{{"a\x00"}})}}},
		"npz: t: 120000 texts of up to 10000 characters": {Tables: []*export.Table{{Name: "t", Columns: text, Rows: million}}},
		"npz: g/v: a text is not valid UTF-8":            {Groups: []*export.Group{{Name: "g", Arrays: []*export.Array{export.Scalar("v", "\xff")}}}},
	} {
		err := export.WriteFile(t.Context(), filepath.Join(t.TempDir(), "x.npz"), npz.Format(), doc, export.Never)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for dict, data := range map[string]string{
		`{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}`:                          "12345678",
		`{'descr': [('a', '<i4'), ('', '|V4')], 'fortran_order': False, 'shape': (1, )}`:   "12345678",
		`{'descr': '<U2', 'fortran_order': True, 'shape': (99999999, 99)}`:                 "",
		`{'descr': '<M8[W]', 'fortran_order': False, 'shape': ()}`:                         "12345678",
		`{'descr': '>i2', "fortran_order": True, 'shape': (2L, 2), 'x': [None, '\u00e4']}`: "12345678",
	} {
		head := "\x93NUMPY\x03\x00" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(dict))))
		f.Add([]byte(head + dict + data))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, strconv.Itoa(os.Getpid())+".npy")
		ok(t, os.WriteFile(path, data, 0o600))
		doc, err := readBack(t, npz.Array(), path)
		if err != nil {
			return
		}
		ok(t, doc.Check())
		for _, table := range doc.Tables {
			for row, err := range table.Rows {
				if err == nil {
					ok(t, table.CheckRow(row))
				}
			}
		}
	})
}
