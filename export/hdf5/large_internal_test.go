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

// The leaves of an index follow each other, and each ends where the next begins.
func TestLeavesOfTheIndex(t *testing.T) {
	t.Parallel()
	file := &memory{}
	c := newChunks(Create(file), 8, []uint64{300})
	for i := range uint64(300) {
		c.done = append(c.done, chunk{address: 1000 + i, size: 8, offset: []uint64{i}})
	}
	leaves, err := c.nodes(entries(c.done), 0, []uint64{300})
	if err != nil {
		t.Fatal(err)
	}
	at, left, seen := leaves[0].child, undefined, uint64(0)
	for at != undefined {
		node := file.data[at:]
		used := uint64(binary.LittleEndian.Uint16(node[6:]))
		if got := binary.LittleEndian.Uint64(node[8:]); got != left {
			t.Errorf("the leaf at %d comes after %d, want %d", at, got, left)
		}
		for i := range used + 1 { // keys of 24 bytes and children of 8 in turn
			if offset := binary.LittleEndian.Uint64(node[24+32*i+8:]); offset != seen+i {
				t.Errorf("key %d of the leaf at %d is %d, want %d", i, at, offset, seen+i)
			}
		}
		seen += used
		left, at = at, binary.LittleEndian.Uint64(node[16:])
	}
	if seen != 300 {
		t.Errorf("the leaves hold %d chunks, want 300", seen)
	}
}

// memory is a file.
type memory struct{ data []byte }

func (m *memory) WriteAt(p []byte, at int64) (int, error) {
	if missing := int(at) + len(p) - len(m.data); missing > 0 {
		m.data = append(m.data, make([]byte, missing)...)
	}
	return copy(m.data[at:], p), nil
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
