package store

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// divided is the size of a payload that is divided into about 32 chunks.
const divided = 16 << 20

// saveBytes writes a checkpoint with these bytes, and a copy of it.
func (f *fixture) saveBytes(run Run, data []byte) Run {
	f.tb.Helper()
	run.CopiedUS = 0
	row := run
	row.Checkpoint = checkpointOf("cbor", string(data))
	f.apply(&Change{Lease: run.Lease(), Row: row, State: true, History: []History{{Kind: "checkpoint", Step: "one", DurationUS: -1, Worker: f.worker.ID}}})
	run = f.mustRun(run.ID)
	if !bytes.Equal(run.Checkpoint.State.Data, data) {
		f.tb.Fatalf("read back %d bytes of %d (%s), or others", len(run.Checkpoint.State.Data), len(data), run.Checkpoint.Fault)
	}
	return run
}

// written is how many bytes those files have that are not those of before, and what there is now. A file that was
// written again under its name is another one.
func (f *fixture) written(before map[string]os.FileInfo) (bytes int64, now map[string]os.FileInfo) {
	f.tb.Helper()
	now = map[string]os.FileInfo{}
	for _, name := range f.names() {
		info, err := os.Stat(filepath.Join(f.files.dir, name[:2], name))
		if err != nil {
			f.tb.Fatal(err)
		}
		if old := before[name]; old == nil || !os.SameFile(old, info) {
			bytes += info.Size()
		}
		now[name] = info
	}
	return bytes, now
}

// stateFiles are the files of a run's state, in the order of the payload.
func (f *fixture) stateFiles(run int64) []string {
	f.tb.Helper()
	var text string
	if err := f.read.Get(&text, "SELECT state FROM wf_runs WHERE id = ?", run); err != nil {
		f.tb.Fatal(err)
	}
	return slices.Collect(fileNames(text))
}

func TestDivide(t *testing.T) {
	t.Parallel()
	data := noise(1, divided)
	inserted := append([]byte("in front"), data...)
	known := map[string]bool{}
	for _, chunk := range mustDivide(t, data) {
		if len(chunk) > maxChunk {
			t.Errorf("a chunk has %d bytes", len(chunk))
		}
		known[string(chunk)] = true
	}
	fresh := 0
	for _, chunk := range mustDivide(t, inserted) {
		if !known[string(chunk)] {
			fresh += len(chunk)
		}
	}
	if fresh > 2*maxChunk {
		t.Errorf("after an insertion in front %d bytes of %d are in new chunks", fresh, len(inserted))
	}
	for _, n := range []int{0, 1, minChunk, maxWhole, maxWhole + 1, maxWhole + minChunk - 1} {
		if chunks := mustDivide(t, make([]byte, n)); len(chunks) > 3 || (len(chunks) > 1) != (n > maxWhole) {
			t.Errorf("%d equal bytes are divided into %d chunks", n, len(chunks))
		}
	}
}

// mustDivide divides data and checks that the chunks are data.
func mustDivide(t *testing.T, data []byte) [][]byte {
	t.Helper()
	chunks, err := divide(data)
	if err != nil || !bytes.Equal(bytes.Join(chunks, nil), data) {
		t.Fatalf("the chunks are not the data, %v", err)
	}
	return chunks
}

func TestColumnOfChunks(t *testing.T) {
	t.Parallel()
	name := strings.Repeat("ab", 32)
	for _, list := range [][]part{{{name, -1}}, {{name, 1}, {strings.Repeat("cd", 32), maxRead}}} {
		if got, err := parts(column(list)); err != nil || !cmp.Equal(list, got, cmp.AllowUnexported(part{})) {
			t.Errorf("parts(column(%v)) = %v, %v", list, got, err)
		}
	}
	for _, text := range []string{
		"", "\n", name + "\n", name + " 1\n", name + " 1\n" + name, name + " 0\n" + name + " 1", name + " -1\n" + name + " 1",
		name + " 1\n../../etc/passwd 1", name + " 99999999999999999999\n" + name + " 1", name + " 67108865\n" + name + " 1",
	} {
		if list, err := parts(text); err == nil {
			t.Errorf("parts(%q) = %v, want an error", text, list)
		}
	}
}

// Three saves of which each changes a hundredth write little more than that, wherever it is.
func TestSavesWriteWhatChanged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const size = 2 * divided
	data := noise(1, size)
	run := f.saveBytes(f.start("order", ""), data)
	first, before := f.written(nil)
	if first > size+size/100 {
		t.Errorf("%d bytes take %d in files", size, first)
	}
	edits := map[string]func(){
		"in place": func() { copy(data[size/2:], noise(2, size/100)) },
		"inserted": func() { data = slices.Concat(noise(3, size/100), data) },
		"removed":  func() { data = slices.Delete(data, size/3, size/3+size/100) },
		"nothing":  func() {},
	}
	for _, what := range []string{"in place", "inserted", "removed", "nothing"} {
		edits[what]()
		run = f.saveBytes(run, data)
		wrote, after := f.written(before)
		limit := int64(size/100 + 2*maxChunk)
		if what == "nothing" {
			limit = 0
		}
		if wrote > limit {
			t.Errorf("%s: %d bytes were written for a change of %d", what, wrote, size/100)
		}
		before = after
	}
	f.wantClean()
}

// What compresses is compressed, chunk by chunk; noise is not.
func TestChunksAreCompressedWhereItPays(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var text []byte // no two chunks of it are equal
	for n := int64(0); len(text) < divided; n++ {
		text = append(strconv.AppendInt(text, n, 10), " lies at rest\n"...)
	}
	f.saveBytes(f.start("order", ""), slices.Concat(text, noise(1, divided)))
	if size, _ := f.written(nil); size > divided+divided/2 || size < divided {
		t.Errorf("16 MB of text and 16 MB of noise take %d bytes", size)
	}
}

// Collecting removes the chunks that no row of any run names, and no other.
func TestCollectSparesSharedChunks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	common, own := noise(1, divided), noise(2, divided)
	one := f.saveBytes(f.start("order", ""), common)
	two := f.saveBytes(f.start("order", ""), slices.Concat(common, own))
	want := f.stateFiles(one.ID)
	if all := len(f.names()); all >= len(want)+len(f.stateFiles(two.ID)) {
		t.Errorf("%d files: the runs share no chunk", all)
	}
	f.age("")
	if n, all := f.collect(), len(filesIn([]string{strings.Join(append(want, f.stateFiles(two.ID)...), "\n")})); n != all {
		t.Errorf("%d files are left of %d that rows name", n, all)
	}
	f.end(two, "completed")
	if f.collect(); !slices.Equal(sorted(f.names()), sorted(slices.Clone(want))) {
		t.Errorf("left are\n%q, want those of the other run\n%q", f.names(), want)
	}
	f.wantClean()
	if got := f.mustRun(one.ID); !bytes.Equal(got.Checkpoint.State.Data, common) {
		t.Errorf("the state of the other run: %s", got.Checkpoint.Fault)
	}
}

// P7: a chunk that is missing or damaged makes those checkpoints bad that name it, and no others; saving the same
// again mends it, though this process has written it before.
func TestDamagedChunk(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(path string) error{
		"missing":      os.Remove,
		"torn":         func(path string) error { return os.Truncate(path, 1000) },
		"empty":        func(path string) error { return os.Truncate(path, 0) },
		"flipped":      func(path string) error { return flip(path, 1000) },
		"flipped mark": func(path string) error { return flip(path, 2) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			data := noise(1, divided)
			older := f.saveBytes(f.start("order", ""), data)
			copy(data[divided/2:], "changed")
			run := f.saveBytes(older, data)
			before := f.stateFiles(run.ID)
			file := before[slices.IndexFunc(before, func(name string) bool { return !f.oldCopyNames(run.ID, name) })]
			path := filepath.Join(f.files.dir, file[:2], file)
			if err := damage(path); err != nil {
				t.Fatal(err)
			}
			if name == "flipped" { // nobody has read it since: the file itself tells that it has changed
				run = f.saveBytes(run, data)
				if err := damage(path); err != nil {
					t.Fatal(err)
				}
			}
			if bad := f.mustRun(run.ID); !strings.Contains(bad.Checkpoint.Fault, file[:12]) || bad.Checkpoint.State.Codec != "cbor+file" {
				t.Errorf("checkpoint is %q with fault %q", bad.Checkpoint.State.Codec, bad.Checkpoint.Fault)
			}
			copies, err := f.Copies(t.Context(), run.ID)
			if err != nil || copies[len(copies)-1].Checkpoint.Fault != "" && copies[0].Checkpoint.Fault != "" {
				t.Errorf("all copies are bad, %v", err)
			}
			if found := strings.Join(findings(t, f.Store), "\n"); !strings.Contains(found, "checkpoint cannot be read: its file "+file[:12]) {
				t.Errorf("Check finds:\n%s", found)
			}
			if _, err := os.Stat(path + badSuffix); errors.Is(err, fs.ErrNotExist) != (name == "missing") {
				t.Errorf("kept for inspection: %v", err)
			}
			f.saveBytes(run, data)
			f.wantClean()
		})
	}
}

// oldCopyNames reports whether the oldest copy of a run names a file.
func (f *fixture) oldCopyNames(run int64, file string) bool {
	f.tb.Helper()
	var text string
	if err := f.read.Get(&text, "SELECT state FROM wf_checkpoints WHERE run = ? ORDER BY id LIMIT 1", run); err != nil {
		f.tb.Fatal(err)
	}
	return strings.Contains(text, file)
}

// A file that this process has written is not read again for each save that names it, until it has become old.
func TestKnownFiles(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	path := filepath.Join(f.files.dir, "known")
	if err := errors.Join(os.MkdirAll(f.files.dir, 0o700), os.WriteFile(path, []byte("x"), 0o600)); err != nil {
		t.Fatal(err)
	}
	known := newKnownFiles()
	is := func() bool {
		info, err := os.Lstat(path)
		ok, _ := known.as("a", info)
		return err == nil && ok
	}
	if is() {
		t.Error("a file is known that was not noted")
	}
	if known.note("a", path, true); !is() {
		t.Error("a file that was noted is not known")
	}
	if err := os.Chtimes(path, time.Now(), time.Now().Add(time.Second)); err != nil || is() {
		t.Errorf("a file that was changed is known, %v", err)
	}
	known.note("a", path, true)
	known.files["a"] = knownFile{1, known.files["a"].modified, time.Now().Add(-knowledge), true}
	if is() {
		t.Error("a file is known for ever")
	}
	if known.note("a", path, true); !is() {
		t.Error("a file that was verified again is not known")
	}
	if known.forget("a"); is() {
		t.Error("a file that is bad is known")
	}
	for i := range maxKnown + 1 {
		known.note(string(rune(i)), path, true)
	}
	if len(known.files) > maxKnown {
		t.Errorf("%d files are known", len(known.files))
	}
}

// P1: that another save of this process has written a chunk says nothing about its name, until that save has made it durable.
func TestNameOfAChunkIsMadeDurableByWhoeverNeedsIt(t *testing.T) {
	t.Parallel()
	files := newFixture(t).files
	chunk := noise(3, 2*maxInline)
	for i, want := range []bool{true, true, false} { // the first has not come to that yet
		name, fresh, err := files.putChunk(chunk)
		if err != nil || fresh != want {
			t.Fatalf("save %d has to make the name durable: %t, %v; want %t", i+1, fresh, err, want)
		}
		if i == 0 {
			continue
		}
		if err := files.syncNames([]part{{name, len(chunk)}}, []bool{fresh}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDividedPayloadsMove(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.end(f.saveBytes(f.start("order", ""), noise(1, divided)), "failed")
	f.endIn(time.May, run)
	run = f.mustRun(run.ID)
	dst := filepath.Join(t.TempDir(), "copy.db")
	if err := f.Backup(t.Context(), dst); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Archive(t.Context(), Retention{EndedBeforeUS: forever}, Shelf{}); err != nil || got.Runs != 1 {
		t.Fatalf("archive: %+v, %v", got, err)
	}
	if err := os.RemoveAll(f.files.dir); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dst, filepath.Join(f.path+"-archive", "2026-05.db")} {
		moved := openReadOnly(t, path)
		moved.wantClean()
		if got := moved.mustRun(run.ID); !bytes.Equal(got.Checkpoint.State.Data, run.Checkpoint.State.Data) {
			t.Errorf("%s: %s", path, got.Checkpoint.Fault)
		}
		if got, err := moved.Query(t.Context(), "SELECT length(state) > 1e6 FROM wf_runs", 0); err != nil || got.Rows[0][0] != int64(0) {
			t.Errorf("%s: the column of the row holds the state, %v", path, err)
		}
	}
}
