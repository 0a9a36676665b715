package hdf5

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/durable-wf/wf/internal/peer"
)

// check fills a file and runs a Python script in which f is the file, as h5py reads it.
func check(t *testing.T, fill func(f *File) error, script string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.h5")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	f := Create(out)
	if err := fill(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	script = "import h5py, sys, numpy as np; f = h5py.File(sys.argv[1], 'r')\n" + script
	if text, err := exec.CommandContext(t.Context(), peer.Python(t, "h5py", "numpy"), "-c", script, path).CombinedOutput(); err != nil {
		t.Errorf("h5py: %v\n%s", err, text)
	}
}

// countTo writes the numbers below n.
func countTo(d *Dataset, n uint64) error {
	for i := range n {
		if _, err := d.Write(binary.LittleEndian.AppendUint64(nil, i)); err != nil {
			return err
		}
	}
	return d.Close()
}

// Everything lies beyond 4 GiB behind a hole, which takes no space on the disk.
func TestBeyondFourGiB(t *testing.T) {
	t.Parallel()
	check(t, func(f *File) error {
		f.allocate(5 << 30)
		if err := f.Root().SetAttribute("a", "text"); err != nil {
			return err
		}
		d, err := f.Root().Array("d", Int64(), 300_000)
		if err != nil {
			return err
		}
		return countTo(d, 300_000)
	}, `
assert (f['d'][:] == np.arange(300000)).all() and f.attrs['a'] == 'text'
assert f['d'].id.get_chunk_info(0).byte_offset > 2**32
`)
}

// An index of three levels.
func TestManyChunks(t *testing.T) {
	t.Parallel()
	const n = nodeEntries*nodeEntries + nodeEntries + 7
	check(t, func(f *File) error {
		d, err := f.Root().Array("d", Int64(), n)
		if err != nil {
			return err
		}
		d.chunks.shape[0] = 1
		return countTo(d, n)
	}, `
d = f['d']
assert d.id.get_num_chunks() == len(d) == 64*64+64+7
assert (d[:] == np.arange(len(d))).all() and all(d[i] == i for i in range(0, len(d), 37))
`)
}

// The checksum is that of lookup3.c: values of its own test driver, driver5, with initial value 0.
func TestChecksum(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint32{"": 0xdeadbeef, "Four score and seven years ago": 0x17770551} {
		if got := lookup3([]byte(text)); got != want {
			t.Errorf("lookup3(%q) = %#x, want %#x", text, got, want)
		}
	}
}
