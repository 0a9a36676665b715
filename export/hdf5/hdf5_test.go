package hdf5_test

import (
	"encoding/binary"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/durable-wf/wf/export/hdf5"
	"github.com/durable-wf/wf/internal/peer"
)

// create writes a file with fill and returns its path.
func create(t *testing.T, fill func(f *hdf5.File)) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.h5")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	f := hdf5.Create(out)
	fill(f)
	ok(t, f.Close())
	return path
}

// h5py runs a Python script in which f is the file and np is NumPy.
func h5py(t *testing.T, path, script string) {
	t.Helper()
	head := "import h5py, sys, numpy as np\nf = h5py.File(sys.argv[1], sys.argv[2])\n"
	mode := "r"
	if strings.Contains(script, "append") {
		mode = "r+"
	}
	cmd := exec.CommandContext(t.Context(), peer.Python(t, "h5py", "numpy", "pandas"), "-c", head+script, path, mode)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("h5py: %v\n%s", err, out)
	}
}

// run runs one of the tools of the HDF Group and returns what it prints.
func run(t *testing.T, tool string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), peer.Command(t, tool), args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s %v: %v\n%s", tool, args, err, out)
	}
	return string(out)
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// put writes all elements of a dataset and closes it.
func put(t *testing.T, d *hdf5.Dataset, elements any) {
	t.Helper()
	ok(t, binary.Write(d, binary.LittleEndian, elements))
	ok(t, d.Close())
}

func TestNumbersAreExact(t *testing.T) {
	t.Parallel()
	path := create(t, func(f *hdf5.File) {
		g := f.Root()
		put(t, must(g.Array("int64", hdf5.Int64(), 5)), []int64{math.MinInt64, -1, 0, 1<<53 + 1, math.MaxInt64})
		put(t, must(g.Array("float64", hdf5.Float64(), 6)),
			[]float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), math.SmallestNonzeroFloat64, math.MaxFloat64})
		put(t, must(g.Array("float32", hdf5.Float32(), 2)), []float32{1.5, math.MaxFloat32})
		put(t, must(g.Array("uint8", hdf5.Uint8(), 3)), []byte{0, 127, 255})
		put(t, must(g.Array("bool", hdf5.Bool(), 2)), []bool{true, false})
		put(t, must(g.Array("fixed", hdf5.FixedText(5), 2)), []byte("ab\x00\x00\x00\u00e4\u00f6z"))
		put(t, must(g.Array("scalar", hdf5.Float64())), 6.25)
		put(t, must(g.Array("none", hdf5.Int64(), 0)), []int64{})
		put(t, must(g.Array("none3", hdf5.Float64(), 2, 0, 3)), []int64{})
	})
	h5py(t, path, `
assert f['int64'].dtype == np.int64
assert f['int64'][:].tolist() == [-2**63, -1, 0, 2**53+1, 2**63-1]
want = np.array([float('nan'), float('inf'), -float('inf'), -0.0, 5e-324, 1.7976931348623157e308])
assert f['float64'][:].tobytes()[8:] == want.tobytes()[8:] and np.isnan(f['float64'][0]), f['float64'][:]
assert f['float32'].dtype == np.float32 and f['float32'][:].tolist() == [1.5, np.finfo(np.float32).max]
assert f['uint8'].dtype == np.uint8 and f['uint8'][:].tolist() == [0, 127, 255]
assert f['bool'].dtype == np.bool_ and f['bool'][:].tolist() == [True, False]
assert [x.decode() for x in f['fixed'][:]] == ['ab', 'äöz']
assert f['scalar'].shape == () and f['scalar'][()] == 6.25
assert f['none'].shape == (0,) and f['none'][:].tolist() == []
assert f['none3'].shape == (2, 0, 3) and f['none3'][:].size == 0
`)
	run(t, "h5dump", path)
}

// Arrays of shapes whose chunks are whole, cut at the end, cut within a row, and of many nodes of the index.
func TestArraysOfAnyShape(t *testing.T) {
	t.Parallel()
	shapes := map[string][]uint64{
		"one":    {1},
		"long":   {1_000_003},
		"cube":   {7, 11, 13},
		"tall":   {200_001, 3},
		"wide":   {3, 200_001},
		"middle": {5, 40_001, 5},
		"thin":   {1, 1, 70_001, 1, 3},
	}
	path := create(t, func(f *hdf5.File) {
		for name, dims := range shapes {
			n := uint64(1)
			for _, d := range dims {
				n *= d
			}
			d := must(f.Root().Array(name, hdf5.Int64(), dims...))
			buf := make([]byte, 0, 8*n)
			for i := range n {
				buf = binary.LittleEndian.AppendUint64(buf, i*i)
			}
			for len(buf) > 0 { // in pieces that fit to nothing
				part := buf[:min(len(buf), 99_991)]
				must(d.Write(part))
				buf = buf[len(part):]
			}
			ok(t, d.Close())
		}
	})
	h5py(t, path, `
for name, d in f.items():
    n = int(np.prod(d.shape))
    want = (np.arange(n, dtype=np.int64)**2).reshape(d.shape)
    assert (d[...] == want).all(), name
    assert d[tuple(s-1 for s in d.shape)] == (n-1)**2
assert f['wide'].chunks == (1, 65536) and f['one'].chunks is None
assert f['thin'].shape == (1, 1, 70001, 1, 3)
`)
}

// Data that does not get smaller is stored as it is.
func TestNoise(t *testing.T) {
	t.Parallel()
	path := create(t, func(f *hdf5.File) {
		noise := make([]byte, 1<<20)
		x := uint64(1)
		for i := range noise {
			x = x*6364136223846793005 + 1442695040888963407
			noise[i] = byte(x >> 56)
		}
		put(t, must(f.Root().Array("noise", hdf5.Uint8(), uint64(len(noise)))), noise)
	})
	h5py(t, path, `
x, want = 1, bytearray()
for i in range(1000):
    x = (x*6364136223846793005 + 1442695040888963407) % 2**64
    want.append(x >> 56)
assert f['noise'][:1000].tobytes() == bytes(want)
assert f['noise'].id.get_chunk_info(0).filter_mask == 2
`)
}

func TestTexts(t *testing.T) {
	t.Parallel()
	texts := []string{"", "a", "Grüße, 世界", strings.Repeat("x", 70_000), strings.Repeat("long ", 1<<20), "end"}
	for i := range 100_000 {
		texts = append(texts, strings.Repeat("t", i%5))
	}
	path := create(t, func(f *hdf5.File) {
		d := must(f.Root().Array("texts", hdf5.Text(), uint64(len(texts))))
		for _, s := range texts {
			must(d.Write(must(f.AppendText(nil, s))))
		}
		ok(t, d.Close())
	})
	h5py(t, path, `
t = f['texts'].asstr()[:]
assert len(t) == 100006 and t[:3].tolist() == ['', 'a', 'Grüße, 世界']
assert t[3] == 'x'*70000 and t[4] == 'long '*2**20 and t[5] == 'end'
assert all(t[6+i] == 't'*(i%5) for i in range(100000))
`)
}

func TestTables(t *testing.T) {
	t.Parallel()
	row := must(hdf5.Compound([]hdf5.Field{
		{Name: "id", Type: hdf5.Int64()}, {Name: "größe", Type: hdf5.Float64()},
		{Name: "name", Type: hdf5.Text()}, {Name: "ok", Type: hdf5.Bool()},
	}))
	path := create(t, func(f *hdf5.File) {
		for name, n := range map[string]int{"many": 100_000, "few": 3, "none": 0} {
			d := must(f.Root().Table(name, row))
			for i := range n {
				b := binary.LittleEndian.AppendUint64(nil, uint64(-i))
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(float64(i)/2))
				b = must(f.AppendText(b, strings.Repeat("é", i%3)))
				must(d.Write(hdf5.AppendBool(b, i%2 == 0)))
			}
			ok(t, d.Close())
		}
	})
	h5py(t, path, `
import pandas as pd
for name, n in (('many', 100000), ('few', 3), ('none', 0)):
    df = pd.DataFrame(f[name][:])
    assert list(df.columns) == ['id', 'größe', 'name', 'ok'] and len(df) == n
    i = np.arange(n)
    assert (df['id'] == -i).all() and (df['größe'] == i/2).all() and (df['ok'] == (i%2 == 0)).all()
    assert all(x.decode() == 'é'*(k%3) for k, x in enumerate(df['name']))
    assert f[name].maxshape == (None,)
`)
	run(t, "h5dump", "-d", "/few", path)
}

// What others do with a file that they have got: repack it, add to it, let a table grow.
func TestOthersCanGoOn(t *testing.T) {
	t.Parallel()
	path := create(t, func(f *hdf5.File) {
		g := must(f.Root().Group("g"))
		ok(t, g.SetAttribute("a", "text"))
		put(t, must(g.Array("big", hdf5.Float64(), 100_000)), make([]float64, 100_000))
		put(t, must(g.Array("empty", hdf5.Float64(), 0)), []float64{})
		d := must(g.Table("rows", must(hdf5.Compound([]hdf5.Field{{Name: "x", Type: hdf5.Int64()}}))))
		put(t, d, []int64{1, 2, 3})
	})
	repacked := filepath.Join(t.TempDir(), "repacked.h5")
	run(t, "h5repack", path, repacked)
	run(t, "h5diff", path, repacked)
	h5py(t, path, `# append
for i in range(20):
    f['g'].create_dataset(f'new{i}', data=np.arange(i))
    f['g'].attrs[f'new{i}'] = i
f['g/rows'].resize((5,))
f['g/rows'][4] = (7,)
f.close()
f = h5py.File(sys.argv[1], 'r')
assert f['g/rows']['x'].tolist() == [1, 2, 3, 0, 7] and f['g'].attrs['a'] == 'text' and f['g'].attrs['new9'] == 9
assert len(f['g']) == 23 and (f['g/big'][:] == 0).all()
`)
}

func TestGroupsAndAttributes(t *testing.T) {
	t.Parallel()
	path := create(t, func(f *hdf5.File) {
		r := f.Root()
		for name, v := range map[string]any{
			"text": "Zoë", "long": strings.Repeat("y", 100_000), "empty": "", "yes": true, "int": int64(math.MinInt64), "nan": math.NaN(),
			"texts": []string{"a", "", "ß"}, "ints": []int64{1, math.MaxInt64}, "floats": []float64{0.1, math.Inf(-1)}, "no texts": []string{},
		} {
			ok(t, r.SetAttribute(name, v))
		}
		for i := range 2000 {
			g := must(r.Group("run " + strings.Repeat("ä", i%7) + string(rune('a'+i%26)) + itoa(i)))
			ok(t, g.SetAttribute("i", int64(i)))
		}
		deep := r
		for range 50 {
			deep = must(deep.Group("deep"))
		}
	})
	h5py(t, path, `
a = f.attrs
assert a['text'] == 'Zoë' and a['long'] == 'y'*100000 and a['empty'] == '' and a['yes'] == True and a['yes'].dtype == np.bool_
assert a['int'] == -2**63 and np.isnan(a['nan']) and a['texts'].tolist() == ['a', '', 'ß']
assert a['ints'].tolist() == [1, 2**63-1] and a['floats'].tolist() == [0.1, -float('inf')] and a['no texts'].shape == (0,)
assert len(f) == 2001
for i in range(2000):
    assert f['run ' + 'ä'*(i%7) + chr(97+i%26) + f'{i:04d}'].attrs['i'] == i
assert '/'.join(['deep']*50) in f
assert f.id.links.get_info('run ä'.encode() + b'b0001').cset == h5py.h5t.CSET_UTF8
`)
}

func itoa(i int) string {
	return string(rune('0'+i/1000)) + string(rune('0'+i/100%10)) + string(rune('0'+i/10%10)) + string(rune('0'+i%10))
}

func TestThousandColumns(t *testing.T) {
	t.Parallel()
	var fields []hdf5.Field
	for i := range 1000 {
		fields = append(fields, hdf5.Field{Name: "parameter_" + itoa(i), Type: []hdf5.Type{hdf5.Int64(), hdf5.Float64(), hdf5.Text(), hdf5.Bool()}[i%4]})
	}
	row := must(hdf5.Compound(fields))
	path := create(t, func(f *hdf5.File) {
		d := must(f.Root().Table("wide", row))
		for r := range 3 {
			var b []byte
			for i := range fields {
				switch i % 4 {
				case 0:
					b = binary.LittleEndian.AppendUint64(b, uint64(r*1000+i))
				case 1:
					b = binary.LittleEndian.AppendUint64(b, math.Float64bits(float64(i)+0.5))
				case 2:
					b = must(f.AppendText(b, itoa(i)))
				case 3:
					b = hdf5.AppendBool(b, r == 1)
				}
			}
			must(d.Write(b))
		}
		ok(t, d.Close())
	})
	h5py(t, path, `
t = f['wide'][:]
assert t.shape == (3,) and len(t.dtype.names) == 1000
for r in range(3):
    for i in range(1000):
        assert t[r][f'parameter_{i:04d}'] == [r*1000+i, i+0.5, str(i).zfill(4).encode(), r == 1][i%4]
`)
}

// What the format cannot hold is an error that says so.
func TestRefusals(t *testing.T) {
	t.Parallel()
	f := hdf5.Create(discard{})
	r := f.Root()
	must(r.Group("there"))
	d := must(r.Array("d", hdf5.Int64(), 2))
	table := must(r.Table("t", hdf5.Int64()))
	must(table.Write([]byte{1}))
	wide := make([]hdf5.Field, 3000)
	for i := range wide {
		wide[i] = hdf5.Field{Name: "column " + itoa(i), Type: hdf5.Text()}
	}
	_, columns := hdf5.Compound(wide)
	_, twice := hdf5.Compound([]hdf5.Field{{Name: "x", Type: hdf5.Int64()}, {Name: "x", Type: hdf5.Int64()}})
	_, slash := r.Group("a/b")
	_, again := r.Array("there", hdf5.Int64())
	_, huge := r.Array("huge", hdf5.Int64(), 1<<40, 1<<40)
	_, many := d.Write(make([]byte, 17))
	_, zero := f.AppendText(nil, "a\x00b")
	for want, err := range map[string]error{
		"3000 columns": columns, `"x" is there twice`: twice, `"a/b" cannot be a name`: slash, `"there" is there twice`: again,
		"too large": huge, "more elements": many, "0 of 16 bytes": d.Close(), "last row has 1 of 8": table.Close(), "zero byte at 1": zero,
		"make it an array": r.SetAttribute("big", make([]float64, 9000)), "struct {} cannot": r.SetAttribute("odd", struct{}{}),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// A file that cannot be written is an error, wherever that happens.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for room := 0; ; room++ {
		disk := &full{room: room}
		f := hdf5.Create(disk)
		d, err := f.Root().Array("d", hdf5.Int64(), 200_000)
		ok(t, err)
		_, err = d.Write(make([]byte, 1_600_000))
		for _, next := range []func() error{d.Close, f.Close} {
			if err == nil {
				err = next()
			}
		}
		if err == nil {
			if room < 5 {
				t.Errorf("no error with room for %d writes", room)
			}
			return
		}
	}
}

type discard struct{}

func (discard) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }

type full struct{ room int }

func (d *full) WriteAt(p []byte, _ int64) (int, error) {
	if d.room--; d.room < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}
