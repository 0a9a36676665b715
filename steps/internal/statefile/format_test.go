package statefile_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/durable-wf/wf/internal/peer"
	"github.com/durable-wf/wf/steps/internal/statefile"
)

// writers make a file in each format that is known, by programs that are not ours.
func writers() map[string]string {
	return map[string]string{
		"pickle2":  "import pickle; pickle.dump({'i': 5, 'total': 15, 'text': 'a.b.', 'x': [1.5, None, True, b'..', 2**80]}, open(p, 'wb'), 2)",
		"pickle3":  "import pickle; pickle.dump({'i': 5, 'total': 15, 'b': bytes(range(256))}, open(p, 'wb'), 3)",
		"pickle4":  "import pickle; pickle.dump({'i': 5, 'total': 15, 'dots': '.' * 1000}, open(p, 'wb'), 4)",
		"pickle5":  "import pickle, numpy; pickle.dump({'a': numpy.arange(1000), 's': {1, 2}, 't': (1, 2)}, open(p, 'wb'), 5)",
		"json":     "import json; json.dump({'i': 5, 'total': [1, 2, {'x': 'y'}]}, open(p, 'w'))",
		"jsonl":    "open(p, 'w').write('{\"i\": 1}\\n{\"i\": 2}\\n')",
		"npy":      "import numpy; numpy.save(open(p, 'wb'), numpy.arange(100.0).reshape(4, 25))",
		"npy-text": "import numpy; numpy.save(open(p, 'wb'), numpy.array(['abc', 'de']))",
		"npz":      "import numpy; numpy.savez(open(p, 'wb'), a=numpy.arange(100), b=numpy.zeros((3, 3)))",
		"hdf5":     "import h5py; f = h5py.File(p, 'w'); f['x'] = list(range(100)); f.close()",
		"hdf5-v3":  "import h5py; f = h5py.File(p, 'w', libver='latest'); f['x'] = list(range(100)); f.close()",
		"xlsx":     "import openpyxl; w = openpyxl.Workbook(); w.active.append([1, 2]); w.save(p)",
		"gzip":     "import gzip; gzip.open(p, 'wb').write(b'hello' * 100)",
		"xz":       "import lzma; lzma.open(p, 'wb').write(b'hello' * 100)",
		"sqlite":   "import sqlite3; d = sqlite3.connect(p); d.execute('CREATE TABLE t (x)'); d.commit(); d.close()",
	}
}

// Each format that Python writes is whole; cut anywhere it is torn.
func TestFileIsWholeOrTorn(t *testing.T) {
	t.Parallel()
	python := peer.Python(t, "numpy", "h5py", "openpyxl")
	for name, program := range writers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "state")
			if out, err := exec.CommandContext(t.Context(), python, "-c", "p = '"+path+"'\n"+program).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got, format := statefile.Check(data); got != statefile.Whole {
				t.Fatalf("%d bytes are %v as %q, want whole", len(data), got, format)
			}
			for n := range data {
				if len(data) > 4096 && n > 64 && n < len(data)-64 && n%97 != 0 {
					continue
				}
				if name == "jsonl" && (n == 8 || n == 9) {
					continue // the first line alone is a whole file, too
				}
				if got, format := statefile.Check(data[:n]); got != statefile.Torn {
					t.Fatalf("the first %d of %d bytes are %v as %q, want torn", n, len(data), got, format)
				}
			}
		})
	}
}

func TestOtherTextIsUnknown(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"i=5 total=15\n", "[section]\nkey = value\n", "{not json}", "5\n", "[ 1.5 2.5 ]"} {
		if got, format := statefile.Check([]byte(text)); got != statefile.Unknown {
			t.Errorf("%q is %v as %q, want unknown", text, got, format)
		}
	}
}

func TestZstdAndParquet(t *testing.T) {
	t.Parallel()
	// A frame of one raw block, with its size and no checksum: RFC 8878, section 3.1.1.
	frame := append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x20, 5, 5<<3 | 1, 0, 0}, "hello"...)
	parquet := append([]byte("PAR1"), append(make([]byte, 20), 20, 0, 0, 0, 'P', 'A', 'R', '1')...)
	for name, data := range map[string][]byte{"zstd": frame, "parquet": parquet} {
		if got, format := statefile.Check(data); got != statefile.Whole || format != name {
			t.Errorf("%s: %v as %q, want whole", name, got, format)
		}
		for n := 1; n < len(data); n++ {
			if got, _ := statefile.Check(data[:n]); got != statefile.Torn {
				t.Errorf("%s: the first %d of %d bytes are %v, want torn", name, n, len(data), got)
			}
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, seed := range []string{"", "{}", "\x80\x04.", "PK\x05\x06", "\x89HDF\r\n\x1a\n", "\x28\xb5\x2f\xfd", "\x93NUMPY", "\x1f\x8b"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if whole, _ := statefile.Check(data); whole > statefile.Torn {
			t.Errorf("Check(%q) = %d", data, whole)
		}
	})
}
