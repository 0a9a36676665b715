package hdf5_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/durable-wf/wf/export"
	"github.com/durable-wf/wf/export/hdf5"
	"github.com/durable-wf/wf/internal/peer"
)

// readBack reads a file in the way of wf start --from.
func readBack(t *testing.T, path string) (*export.Document, error) {
	t.Helper()
	in, err := os.Open(path)
	ok(t, err)
	defer in.Close()
	return hdf5.Format().Read(t.Context(), in)
}

// made runs a script in which f is a new file of h5py, and returns its path.
func made(t *testing.T, script, options string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.h5")
	script = "import h5py, sys, numpy as np\nf = h5py.File(sys.argv[1], 'w'" + options + ")\n" + script + "\nf.close()\n"
	if out, err := exec.CommandContext(t.Context(), peer.Python(t, "h5py", "numpy"), "-c", script, path).CombinedOutput(); err != nil {
		t.Fatalf("h5py: %v\n%s", err, out)
	}
	return path
}

// rowsOf returns the rows of a table, each checked against its columns.
func rowsOf(t *testing.T, table *export.Table) []export.Row {
	t.Helper()
	var all []export.Row
	for row, err := range table.Rows {
		ok(t, err)
		ok(t, table.CheckRow(row))
		all = append(all, append(export.Row{}, row...))
	}
	return all
}

const variety = `
f['f8'] = np.array([[1, 2, 3], [4, 5, np.nan]])
f['big'] = np.array([1, -2], '>i4'); f['u2'] = np.array([65535], np.uint16); f['u1'] = np.array([0, 255], np.uint8)
f['f2'] = np.array([1.5], np.float16); f['f4'] = np.array([0.1], '>f4'); f['bool'] = np.array([True, False])
f['scalar'] = 2.5; f['n'] = -7; f['text'] = 'grüße'; f['none'] = np.zeros((0, 3)); f['null'] = h5py.Empty('f8')
f['texts'] = np.array(['ä', '', 'x' * 70000], h5py.string_dtype()); f['fixed'] = np.array([b'ab', b''])
f['enum'] = np.array([1, 2], h5py.enum_dtype({'A': 1, 'B': 2}, 'i2'))
x = np.arange(30 * 17 * 9.).reshape(30, 17, 9)
f.create_dataset('plain', data=x, chunks=(7, 5, 4))
f.create_dataset('zip', data=x, chunks=(7, 5, 4), compression='gzip', shuffle=True, fletcher32=True)
f.create_dataset('sum', data=x, chunks=(7, 5, 3), fletcher32=True)
f.create_dataset('odd', data=np.arange(99, dtype=np.uint8), chunks=(33,), fletcher32=True)
d = f.create_dataset('part', (10,), 'i8', chunks=(4,), fillvalue=7, maxshape=(None,)); d[5] = 1
f.create_dataset('unset', (3,), 'f8', fillvalue=-1.5)
d = f.create_dataset('shrunk', data=np.arange(100), chunks=(10,), maxshape=(None,)); d.resize((15,))
t = np.zeros(2, np.dtype([('i', 'i1'), ('f', '>f8'), ('s', h5py.string_dtype()), ('b', '?'), ('c', 'S3')], align=True))
t[0] = (-1, 2.5, 'wörter', True, b'xyz'); t['s'][1] = ''
f['table'] = t
f['dir/sub/deep'] = 1
for i in range(300): f[f'many/g{i:03d}/v'] = i
f['soft'] = h5py.SoftLink('/n')
f['n'].attrs['a'] = 'b'
`

func TestReadsWhatH5pyWrites(t *testing.T) {
	t.Parallel()
	for _, options := range []string{"", ", userblock_size=1024"} {
		doc, err := readBack(t, made(t, variety, options))
		ok(t, err)
		x := make([]float64, 30*17*9)
		for i := range x {
			x[i] = float64(i)
		}
		odd := make([]byte, 99)
		for i := range odd {
			odd[i] = byte(i)
		}
		want := []*export.Array{
			{Name: "big", Dims: []int{2}, Data: []int64{1, -2}}, {Name: "bool", Dims: []int{2}, Data: []bool{true, false}},
			{Name: "enum", Dims: []int{2}, Data: []int64{1, 2}}, {Name: "f2", Dims: []int{1}, Data: []float64{1.5}},
			{Name: "f4", Dims: []int{1}, Data: []float32{0.1}}, {Name: "f8", Dims: []int{2, 3}, Data: []float64{1, 2, 3, 4, 5, math.NaN()}},
			{Name: "fixed", Dims: []int{2}, Data: []string{"ab", ""}}, {Name: "n", Dims: []int{}, Data: []int64{-7}},
			{Name: "none", Dims: []int{0, 3}, Data: []float64{}}, {Name: "null", Dims: []int{0}, Data: []float64{}},
			{Name: "odd", Dims: []int{99}, Data: odd}, {Name: "part", Dims: []int{10}, Data: []int64{7, 7, 7, 7, 7, 1, 7, 7, 7, 7}}, {Name: "plain", Dims: []int{30, 17, 9}, Data: x},
			{Name: "scalar", Dims: []int{}, Data: []float64{2.5}},
			{Name: "shrunk", Dims: []int{15}, Data: []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}},
			{Name: "sum", Dims: []int{30, 17, 9}, Data: x}, {Name: "text", Dims: []int{}, Data: []string{"grüße"}}, {Name: "texts", Dims: []int{3}, Data: []string{"ä", "", strings.Repeat("x", 70_000)}},
			{Name: "u1", Dims: []int{2}, Data: []byte{0, 255}}, {Name: "u2", Dims: []int{1}, Data: []int64{65535}},
			{Name: "unset", Dims: []int{3}, Data: []float64{-1.5, -1.5, -1.5}}, {Name: "zip", Dims: []int{30, 17, 9}, Data: x},
		}
		if diff := cmp.Diff(want, doc.Arrays, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("arrays (- want, + got):\n%s", diff)
		}
		if len(doc.Tables) != 1 || len(doc.Groups) != 2 {
			t.Fatalf("%d tables and %d groups", len(doc.Tables), len(doc.Groups))
		}
		if diff := cmp.Diff([]export.Row{{int64(-1), 2.5, "wörter", true, "xyz"}, {int64(0), 0.0, "", false, ""}}, rowsOf(t, doc.Tables[0])); diff != "" {
			t.Errorf("table (- want, + got):\n%s", diff)
		}
		if deep := doc.Groups[0].Groups[0].Arrays[0]; deep.Name != "deep" {
			t.Errorf("the array in groups is %+v", deep)
		}
		many := doc.Groups[1].Groups
		if len(many) != 300 || many[299].Name != "g299" || many[299].Arrays[0].At(0) != int64(299) {
			t.Errorf("%d groups in a group", len(many))
		}
	}
}

// Data with a checksum are not read if they have changed.
func TestDamageIsSeen(t *testing.T) {
	t.Parallel()
	path := made(t, `f.create_dataset('x', data=np.arange(100), chunks=(50,), fletcher32=True)`, "")
	if _, err := readBack(t, path); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	ok(t, err)
	at := bytes.Index(b, binary.LittleEndian.AppendUint64(nil, 77))
	b[at+5] ^= 4
	ok(t, os.WriteFile(path, b, 0o600))
	if _, err := readBack(t, path); err == nil || !strings.Contains(err.Error(), "checksum of a chunk") {
		t.Errorf("a changed number: error %v", err)
	}
}

// What was written is read as the same document, but for attributes and what HDF5 has no place for.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	want := sample()
	got, err := readBack(t, exported(t, want))
	ok(t, err)
	for _, a := range want.Arrays {
		if a.Dims == nil {
			a.Dims = []int{}
		}
	}
	if diff := cmp.Diff(want.Arrays, got.Arrays, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("arrays (- want, + got):\n%s", diff)
	}
	at := time.Date(2026, 2, 3, 4, 5, 6, 789_000_000, time.UTC)
	rows := []export.Row{
		{int64(math.MinInt64), at.UnixMicro(), "grüße", true, math.Inf(-1), `{"a":1}`, 7.0, "9223372036854775807", 1.0},
		{int64(math.MaxInt64), int64(math.MinInt64), "", false, math.NaN(), "", math.NaN(), "", math.NaN()},
	}
	if diff := cmp.Diff(rows, rowsOf(t, got.Tables[0]), cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("rows (- want, + got):\n%s", diff)
	}
}

// A million numbers, in chunks under an index of several nodes.
func TestRoundTripOfManyChunks(t *testing.T) {
	t.Parallel()
	u := make([]float64, 3*1_500_000)
	for i := range u {
		u[i] = float64(i % 1000)
	}
	want := []*export.Array{{Name: "u", Dims: []int{3, 1_500_000}, Data: u}}
	path := exported(t, &export.Document{Arrays: want})
	got, err := readBack(t, path)
	ok(t, err)
	if values, isFloats := got.Arrays[0].Data.([]float64); !isFloats || !slices.Equal(u, values) {
		t.Error("the array is another one")
	}
	b, err := os.ReadFile(path)
	ok(t, err)
	for at := len(b) - 1; at > len(b)-100; at -= 9 { // the headers come last
		b[at] ^= 1
		ok(t, os.WriteFile(path, b, 0o600))
		if _, err := readBack(t, path); err == nil {
			t.Errorf("a file whose byte %d is another one is no error", at)
		}
		b[at] ^= 1
	}
}

func TestRefusesToRead(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"filter 32000":         `f.create_dataset('x', data=np.zeros(100), compression='lzf')`,
		"named type":           `f['t'] = np.dtype('f8'); f.create_dataset('x', (3,), dtype=f['t'])`,
		"references":           `f['x'] = np.array([f.ref], h5py.ref_dtype)`,
		"different lengths":    `f.create_dataset('x', (1,), h5py.vlen_dtype(np.int32))`,
		"arrays in elements":   `f.create_dataset('x', (1,), np.dtype([('a', 'f8', (2,))]))`,
		"in themselves":        `f['g'] = f`,
		"another form":         `n = f.filename; f.close(); f = h5py.File(n, 'w', libver='latest'); f.create_dataset('x', data=np.zeros((9, 9)), chunks=(2, 2))`,
		"many links in a new":  `g = f.create_group('g', track_order=True); [g.create_group(str(i)) for i in range(100)]`,
		"more than the file":   `f.create_dataset('x', (2**40,), chunks=(1024,))`,
		"larger than an int64": `f['x'] = np.array([2**64-1], np.uint64)`,
	}
	dir := t.TempDir()
	script := "import h5py, numpy as np\n"
	for want, fill := range cases {
		script += fmt.Sprintf("f = h5py.File(%q, 'w')\n%s\nf.close()\n", filepath.Join(dir, want), fill)
	}
	if out, err := exec.CommandContext(t.Context(), peer.Python(t, "h5py", "numpy"), "-c", script).CombinedOutput(); err != nil {
		t.Fatalf("h5py: %v\n%s", err, out)
	}
	for want := range cases {
		_, err := readBack(t, filepath.Join(dir, want))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	none := filepath.Join(t.TempDir(), "none")
	ok(t, os.WriteFile(none, []byte(strings.Repeat("no file of HDF5", 1000)), 0o600))
	if _, err := readBack(t, none); err == nil || !strings.Contains(err.Error(), "is no HDF5 file") {
		t.Errorf("a file of another format: %v", err)
	}
}

// A damaged file is an error or another document, and neither a panic nor an endless loop. The file is one of h5py, whose
// headers have no checksums.
func FuzzRead(f *testing.F) {
	seed, err := os.ReadFile("testdata/h5py.h5")
	if err != nil {
		f.Fatal(err)
	}
	for i := range 200 {
		f.Add(seed, uint16(i*61), byte(i))
	}
	f.Fuzz(func(t *testing.T, file []byte, at uint16, flip byte) {
		damaged := append([]byte{}, file...)
		if int(at) < len(damaged) {
			damaged[at] ^= flip
		}
		path := filepath.Join(t.TempDir(), "x.h5")
		ok(t, os.WriteFile(path, damaged, 0o600))
		doc, err := readBack(t, path)
		if err != nil {
			return
		}
		ok(t, doc.Check())
	})
}
