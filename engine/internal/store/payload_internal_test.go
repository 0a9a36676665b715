package store

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine/internal/codec"
)

// noise returns n bytes that do not compress, the same for the same seed.
func noise(seed uint64, n int) []byte {
	data := make([]byte, n)
	rng := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	_, _ = rng.Read(data)
	return data
}

// largeCheckpoint returns a checkpoint that goes to a file.
func largeCheckpoint(seed uint64) Checkpoint {
	return checkpointOf("cbor", string(noise(seed, maxInline+int(seed)+1)))
}

// saveLarge writes a large checkpoint and a copy of it.
func (f *fixture) saveLarge(run Run, seed uint64) Run {
	f.tb.Helper()
	run.CopiedUS = 0
	row := run
	row.Checkpoint = largeCheckpoint(seed)
	f.apply(&Change{Lease: run.Lease(), Row: row, State: true, History: []History{{Kind: "checkpoint", Step: "one", DurationUS: -1, Worker: f.worker.ID}}})
	return f.mustRun(run.ID)
}

// names returns the names of the files that there are, without folders.
func (f *fixture) names() []string {
	f.tb.Helper()
	paths, err := filepath.Glob(filepath.Join(f.files.dir, "??", "*"))
	if err != nil {
		f.tb.Fatal(err)
	}
	var list []string
	for _, path := range paths {
		list = append(list, filepath.Base(path))
	}
	return list
}

// hold keeps the writer busy until release is called.
func (f *fixture) hold() (release func()) {
	f.tb.Helper()
	held, done := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { f.update(func(*Tx) error { close(held); <-done; return nil }) })
	<-held
	return func() { close(done); wg.Wait() }
}

// await waits for something that another goroutine does.
func await(tb testing.TB, what string, cond func() bool) {
	tb.Helper()
	for until := time.Now().Add(20 * time.Second); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			tb.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestLargePayloadsAreInFiles(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	value := Payload{Codec: "json", Data: bytes.Repeat([]byte("7"), maxInline+1)}
	run := f.saveLarge(f.start("order", ""), 1)
	row := run
	f.apply(&Change{Lease: run.Lease(), Row: row, History: []History{{Kind: "call", DurationUS: 3, Worker: f.worker.ID}}, Calls: []Call{
		{Visit: 1, Name: "large", Value: value, Checksum: codec.Payload(value).Checksum()},
		{Visit: 1, Name: "small", Value: Payload{Codec: "json", Data: []byte("8")}, Checksum: codec.Payload{Data: []byte("8")}.Checksum()}}})
	run = f.mustRun(run.ID)
	if !reflect.DeepEqual(largeCheckpoint(1), run.Checkpoint) {
		t.Error("the state is not what was saved")
	}
	calls, err := f.Calls(t.Context(), run.ID, 0)
	mustLen(t, "calls", calls, err, 2)
	if !bytes.Equal(calls[0].Value.Data, value.Data) || calls[0].Value.Codec != "json" || string(calls[1].Value.Data) != "8" {
		t.Error("the recorded calls are not what was recorded")
	}
	copies, err := f.Copies(t.Context(), run.ID)
	mustLen(t, "copies", copies, err, 1)
	if !reflect.DeepEqual(largeCheckpoint(1), copies[0].Checkpoint) {
		t.Error("the copy is not what was saved")
	}
	if n := len(f.names()); n != 2 {
		t.Errorf("%d files, want one of the state and its copy, and one of the call", n)
	}
	var name, kind, coded string
	if err := f.read.QueryRow("SELECT state, typeof(state), codec FROM wf_runs").Scan(&name, &kind, &coded); err != nil || !isFileName(name) || kind != "text" || coded != "cbor+file" {
		t.Errorf("the column holds %.80q, a %s of codec %s, %v; want the name of a file, as text", name, kind, coded, err)
	}
	for name, info := range map[string]os.FileMode{f.files.dir: 0o700, filepath.Join(f.files.dir, name[:2], name): 0o600} {
		if stat, err := os.Stat(name); err != nil || stat.Mode().Perm() != info {
			t.Errorf("%s: %v, %v, want mode %o", name, stat.Mode(), err, info)
		}
	}
	f.wantClean()

	row = run
	row.Status, row.Owner, row.Result = "completed", 0, value
	f.apply(&Change{Lease: run.Lease(), Row: row, State: true, History: []History{{Kind: "completed", DurationUS: -1, Worker: f.worker.ID}}})
	run = f.mustRun(run.ID)
	if !bytes.Equal(run.Result.Data, value.Data) || run.Result.Codec != "json" || run.Checkpoint.State.Data != nil {
		t.Error("the completed run has another result, or still a state")
	}
	listed, err := f.Runs(t.Context(), RunFilter{NoState: true})
	mustLen(t, "runs", listed, err, 1)
	if r := listed[0].Result; r.Codec != "json" || r.Data != nil {
		t.Errorf("a list without states holds a result %q of %d bytes", r.Codec, len(r.Data))
	}
	if listed, err = f.Runs(t.Context(), RunFilter{}); err != nil || !bytes.Equal(listed[0].Result.Data, value.Data) {
		t.Errorf("a list with states lacks the result: %v", err)
	}
	f.wantClean()
}

func TestUpToTheLimitPayloadsAreInline(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, n := range []int{maxInline, maxInline + 1} {
		c := &Create{
			Run: Run{UUID: f.worker.UUID[:30] + string(rune('a'+n%2)), Workflow: "w", Version: 1, Fingerprint: "f", Step: "one", Keep: "history",
				Checkpoint: checkpointOf("cbor", string(noise(3, n)))},
			History: History{Kind: "created", DurationUS: -1},
		}
		run, err := f.Create(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(c.Run.Checkpoint, run.Checkpoint) || len(c.Run.Checkpoint.State.Data) != n {
			t.Errorf("%d bytes: Create returns another state, or has changed what it was given", n)
		}
		if got := len(f.names()); got != n-maxInline {
			t.Errorf("%d bytes: %d files", n, got)
		}
	}
}

// Runs that share a state share its file, and writing it again counts as use.
func TestEqualPayloadsShareAFile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	one := f.saveLarge(f.start("order", ""), 1)
	path := filepath.Join(f.files.dir, f.names()[0][:2], f.names()[0])
	f.age(path)
	two := f.saveLarge(f.start("order", ""), 1)
	if n := len(f.names()); n != 1 {
		t.Errorf("%d files, want one", n)
	}
	if isOld(path, time.Now().Add(-collectAge)) {
		t.Error("the file that was used again counts as old")
	}
	if !reflect.DeepEqual(one.Checkpoint, two.Checkpoint) {
		t.Error("the states differ")
	}
}

// P7: what cannot be read from its file is never taken for missing, nor for something else.
func TestDamagedPayloadFiles(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(path string) error{
		"missing": os.Remove,
		"torn":    func(path string) error { return os.Truncate(path, maxInline/2) },
		"empty":   func(path string) error { return os.Truncate(path, 0) },
		"flipped": func(path string) error { return flip(path, maxInline/2) },
		"folder":  func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			run := f.saveLarge(f.start("order", ""), 1)
			file := f.names()[0]
			path := filepath.Join(f.files.dir, file[:2], file)
			if err := damage(path); err != nil {
				t.Fatal(err)
			}
			bad := f.mustRun(run.ID)
			if !strings.Contains(bad.Checkpoint.Fault, file[:12]) || bad.Checkpoint.State.Codec != "cbor+file" {
				t.Errorf("checkpoint is %q with fault %q", bad.Checkpoint.State.Codec, bad.Checkpoint.Fault)
			}
			copies, err := f.Copies(t.Context(), run.ID)
			mustLen(t, "copies", copies, err, 1)
			if copies[0].Checkpoint.Fault == "" {
				t.Error("the copy has no fault")
			}
			found := strings.Join(findings(t, f.Store), "\n")
			if strings.Count(found, "checkpoint cannot be read: its file "+file[:12]) != 2 {
				t.Errorf("Check finds:\n%s", found)
			}
			bad = f.advance(bad, 1) // a row with a fault is written back as it is
			if name != "folder" {
				f.saveLarge(f.start("order", ""), 1) // and writing the same again mends it
				if !reflect.DeepEqual(run.Checkpoint, f.mustRun(bad.ID).Checkpoint) {
					t.Error("the state is not mended")
				}
				f.wantClean()
			}
			if _, err := os.Stat(path + badSuffix); (err == nil) != (name != "missing" && name != "folder") {
				t.Errorf("kept for inspection: %v", err)
			}
		})
	}
}

func flip(path string, at int64) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	b := []byte{0}
	_, err = file.ReadAt(b, at)
	b[0]++
	_, e := file.WriteAt(b, at)
	return errors.Join(err, e, file.Close())
}

// A name that a damaged row or a query gives leads nowhere else.
func TestFileNamesLeadNowhereElse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, name := range []string{"", "ab", "../../etc/passwd", strings.Repeat("AB", 32), strings.Repeat("ab", 31) + "/.", strings.Repeat("ab", 33)} {
		if _, err := f.files.read(name); err == nil || errors.Is(err, os.ErrNotExist) {
			t.Errorf("read(%q): %v, want it refused", name, err)
		}
	}
}

// P1: what has no file is not acknowledged, and what was submitted behind it is not either.
func TestUnwrittenFileFailsTheChange(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.start("order", "")
	if err := os.WriteFile(f.files.dir, nil, 0o600); err != nil { // where the folder must be
		t.Fatal(err)
	}
	lease, row := run.Lease(), run
	row.Checkpoint = largeCheckpoint(1)
	history := []History{{Kind: "checkpoint", Step: "one", DurationUS: -1, Worker: f.worker.ID}}
	first, second := make(chan error, 1), make(chan error, 1)
	f.Submit(&Change{Lease: lease, Row: row, State: true, History: history}, func(err error) { first <- err })
	f.Submit(&Change{Lease: lease, Row: run, History: history}, func(err error) { second <- err })
	if err := <-first; !errors.Is(err, ErrStorage) {
		t.Errorf("change without a file: %v, want ErrStorage", err)
	}
	if err := <-second; !errors.Is(err, ErrStorage) {
		t.Errorf("change behind it: %v, want the same cause", err)
	}
	_, err := f.Create(t.Context(), &Create{Run: row, History: history[0]})
	if !errors.Is(err, ErrStorage) {
		t.Errorf("Create without a file: %v, want ErrStorage", err)
	}
	if got := f.mustRun(run.ID); !reflect.DeepEqual(run, got) {
		t.Errorf("the run has changed: seq %d", got.Seq)
	}
	if err := wrap("write", "x", &os.PathError{Op: "write", Err: syscall.ENOSPC}); !errors.Is(err, ErrFull) {
		t.Errorf("%v is not ErrFull", err)
	}
}

// A file may be gone again when its row's turn comes, if that took more than an hour.
func TestFileCollectedBeforeItsCommit(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.start("order", "")
	row := run
	row.Checkpoint = largeCheckpoint(1)
	release := f.hold()
	failed := make(chan error, 1)
	f.Submit(&Change{Lease: run.Lease(), Row: row, State: true, History: []History{{Kind: "checkpoint", Step: "one", DurationUS: -1}}},
		func(err error) { failed <- err })
	await(t, "the change", func() bool {
		f.writer.mu.Lock()
		defer f.writer.mu.Unlock()
		return len(f.writer.queue) == 1
	})
	if err := os.RemoveAll(f.files.dir); err != nil {
		t.Fatal(err)
	}
	release()
	if err := <-failed; !errors.Is(err, ErrStorage) {
		t.Errorf("change whose file is gone: %v, want ErrStorage", err)
	}
	if got := f.mustRun(run.ID); got.Seq != run.Seq || got.Checkpoint.Fault != "" {
		t.Errorf("the run is at seq %d, fault %q", got.Seq, got.Checkpoint.Fault)
	}
}

// Changes of one lease are committed in the order of their submission, whatever their size; a large
// one is written before Close ends.
func TestLargeChangesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "wf.db")
	s, err := Open(context.Background(), Options{Path: path, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{Store: s, tb: t, worker: Worker{UUID: "w"}}
	f.update(func(tx *Tx) error { return tx.InsertWorker(&f.worker) })
	run := f.start("order", "")
	lease, row := run.Lease(), run
	const n = 40
	var acked []int
	var mu sync.Mutex
	for i := range n {
		c := &Change{Lease: lease, Row: row, State: true, History: []History{{Kind: "checkpoint", Step: "one", Visit: int64(i), DurationUS: -1}}}
		c.Row.Checkpoint = checkpointOf("json", `{}`)
		if i%4 < 2 || i == n-1 {
			c.Row.Checkpoint = largeCheckpoint(uint64(1 + i))
		}
		s.Submit(c, func(err error) {
			mu.Lock()
			defer mu.Unlock()
			if acked = append(acked, i); err != nil {
				t.Errorf("change %d: %v", i, err)
			}
		})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for i, got := range acked {
		if i != got {
			t.Fatalf("acknowledged in the order %v", acked)
		}
	}
	if len(acked) != n {
		t.Fatalf("%d of %d changes were acknowledged before Close returned", len(acked), n)
	}
	again := openFixture(t, path)
	again.wantClean()
	if !reflect.DeepEqual(largeCheckpoint(n), again.mustRun(run.ID).Checkpoint) {
		t.Error("the newest state is not the last one submitted")
	}
	for i, row := range again.pages(HistoryFilter{Run: run.ID}) {
		if i > 0 && row.Visit != int64(i-1) {
			t.Fatalf("row %d is of change %d", i, row.Visit)
		}
	}
}

// A large change that its caller withdraws leaves the run as it is, and its lease usable.
func TestLargeChangeIsWithdrawn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.start("order", "")
	lease, row := run.Lease(), run
	row.Checkpoint = largeCheckpoint(1)
	history := []History{{Kind: "checkpoint", Step: "one", DurationUS: -1, Worker: f.worker.ID}}
	ctx, cancel := context.WithCancel(t.Context())
	release := f.hold()
	failed := make(chan error, 1)
	go func() { failed <- f.Apply(ctx, &Change{Lease: lease, Row: row, State: true, History: history}) }()
	await(t, "the file", func() bool { return len(f.names()) > 0 })
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("Apply: %v, want it withdrawn", err)
	}
	release()
	f.apply(&Change{Lease: lease, Row: run, History: history})
	if got := f.mustRun(run.ID); got.Seq != run.Seq+1 || got.Checkpoint.State.Codec != "json" {
		t.Errorf("seq %d, state %s", got.Seq, got.Checkpoint.State.Codec)
	}
}
