package store

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// age lets a file be two hours old; all files if path is "".
func (f *fixture) age(path string) {
	f.tb.Helper()
	paths := []string{path}
	if path == "" {
		paths, _ = filepath.Glob(filepath.Join(f.files.dir, "??", "*"))
	}
	for _, path := range paths {
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-2*time.Hour)); err != nil {
			f.tb.Fatal(err)
		}
	}
}

// collect collects and returns how many files are left, those kept as damaged aside.
func (f *fixture) collect() int {
	f.tb.Helper()
	if _, err := f.Collect(context.Background()); err != nil {
		f.tb.Fatalf("collect: %v", err)
	}
	return len(slices.DeleteFunc(f.names(), func(name string) bool { return strings.HasSuffix(name, badSuffix) }))
}

func TestCollect(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.startKeeping("order", "", `{"last":3,"spaced":0}`)
	for seed := range uint64(6) {
		run = f.saveLarge(run, seed)
	}
	if n := f.collect(); n != 6 {
		t.Errorf("%d files are left of 6 that are new", n)
	}
	f.age("")
	if n := f.collect(); n != 3 { // the newest state is also the newest of three copies
		t.Errorf("%d files are left, want those of 3 copies", n)
	}
	f.wantClean()
	f.end(run, "completed")
	if n := f.collect(); n != 0 {
		t.Errorf("%d files are left of a completed run", n)
	}
	f.wantClean()
}

func TestPruneCollects(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.end(f.saveLarge(f.start("order", ""), 1), "failed")
	f.age("")
	if n := f.collect(); n != 1 {
		t.Fatalf("%d files are left of a failed run, want its state", n)
	}
	if _, err := f.Prune(t.Context(), Retention{EndedBeforeUS: forever, DryRun: true}); err != nil || len(f.names()) != 1 {
		t.Errorf("a dry run leaves %d files, %v", len(f.names()), err)
	}
	if _, err := f.Prune(t.Context(), Retention{EndedBeforeUS: forever}); err != nil || len(f.names()) != 0 {
		t.Errorf("prune leaves %d files, %v", len(f.names()), err)
	}
}

// What lies in the folder and is not ours stays; so does what was damaged.
func TestCollectLeavesWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.end(f.saveLarge(f.start("order", ""), 1), "completed")
	file := f.names()[0]
	path := filepath.Join(f.files.dir, file[:2], file)
	if err := flip(path, 5); err != nil {
		t.Fatal(err)
	}
	f.files.keepBad(file)
	for _, name := range []string{"notes.txt", "1" + partSuffix, file + goneSuffix, strings.Repeat("ab", 32)[:63]} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f.age("")
	f.collect()
	if got, want := f.names(), []string{strings.Repeat("ab", 32)[:63], file + badSuffix, "notes.txt"}; !slices.Equal(sorted(got), sorted(want)) {
		t.Errorf("left: %q, want %q", got, want)
	}
}

func sorted(list []string) []string { slices.Sort(list); return list }

// A row that a rollback brings back still has its file; so has one that the transaction adds.
func TestCollectSparesWhatARollbackBringsBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	run := f.saveLarge(f.start("order", ""), 1)
	if err := f.files.write(filepath.Join(f.files.dir, "00", strings.Repeat("00", 32)), strings.NewReader("")); err != nil {
		t.Fatal(err)
	}
	f.age("")
	paths, err := f.files.old(time.Now())
	mustLen(t, "old files", paths, err, 2)
	undo := errors.New("undo")
	err = f.Update(t.Context(), func(tx *Tx) error {
		for _, query := range []string{
			"UPDATE wf_runs SET codec = 'json', state = '1'",
			"UPDATE wf_checkpoints SET state = '" + strings.Repeat("00", 32) + "'",
		} {
			if _, err := tx.exec(query); err != nil {
				return err
			}
		}
		if gone, err := tx.condemn(t.Context(), paths); err != nil || len(gone) != 0 {
			t.Errorf("condemned %q, %v", gone, err)
		}
		return undo
	})
	if !errors.Is(err, undo) || f.mustRun(run.ID).Checkpoint.Fault != "" {
		t.Errorf("after the rollback: %v, fault %q", err, f.mustRun(run.ID).Checkpoint.Fault)
	}
}

// Processes come and go; between them they collect every ten minutes, so that replaced files do not stay much longer than
// they have to.
func TestCollectsAgainAndAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if d := f.files.untilCollection(); d != collectEvery || d > collectAge/5 {
		t.Errorf("without files the next collection is in %v", d)
	}
	f.end(f.saveLarge(f.start("order", ""), 1), "completed")
	if d := f.files.untilCollection(); d != 0 {
		t.Errorf("the first collection is in %v, want at once", d)
	}
	f.age("")
	other := openFixture(t, f.path) // a new process
	await(t, "the collection", func() bool { return len(f.names()) == 0 })
	if d := other.files.untilCollection(); d < collectEvery-time.Minute {
		t.Errorf("after a collection the next one is in %v", d)
	}
}

const fileChild = "WF_TEST_FILE_CHILD"

// TestKilledBetweenFileAndRow kills a process after it has written a file, or half of one, and before
// its row is committed. What it leaves is garbage, which is collected.
func TestKilledBetweenFileAndRow(t *testing.T) {
	t.Parallel()
	if path := os.Getenv(fileChild); path != "" {
		writeAndDie(path)
	}
	f := newFixture(t)
	run := f.saveLarge(f.start("order", ""), 1)
	child := exec.Command(os.Args[0], "-test.run=^TestKilledBetweenFileAndRow$", "-test.v")
	child.Env = append(os.Environ(), fileChild+"="+f.path)
	out, err := child.CombinedOutput()
	status, ok := child.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("child ended with %v, want a kill:\n%s", err, out)
	}
	if n := f.collect(); n != 3 {
		t.Errorf("%d files after the kill, want three: a whole one, half a one, and that of a row", n)
	}
	f.wantClean()
	if got := f.mustRun(run.ID); got.Seq != run.Seq || got.Checkpoint.Fault != "" {
		t.Errorf("the run is at seq %d, fault %q", got.Seq, got.Checkpoint.Fault)
	}
	f.age("")
	if n := f.collect(); n != 1 {
		t.Errorf("%d files are left an hour later, want that of a row", n)
	}
	f.wantClean()
}

// writeAndDie is the child. The writer is held, so that its change cannot be committed.
func writeAndDie(path string) {
	s, err := Open(context.Background(), Options{Path: path})
	if err != nil {
		panic(err)
	}
	run, err := s.Run(context.Background(), 1)
	if err != nil {
		panic(err)
	}
	held := make(chan struct{})
	go func() { _ = s.Update(context.Background(), func(*Tx) error { close(held); select {} }) }()
	<-held
	run.Checkpoint = largeCheckpoint(2)
	s.Submit(&Change{Lease: run.Lease(), Row: run, State: true, History: []History{{Kind: "checkpoint", DurationUS: -1}}}, func(error) {})
	for queued := 0; queued == 0; time.Sleep(time.Millisecond) {
		s.writer.mu.Lock()
		queued = len(s.writer.queue)
		s.writer.mu.Unlock()
	}
	whole, err := s.files.path(strings.Repeat("cd", 32))
	if err != nil {
		panic(err)
	}
	_ = s.files.write(whole, dying{})
}

// dying kills the process instead of giving what is to be written.
type dying struct{}

func (dying) Read([]byte) (int, error) {
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		return 0, err
	}
	select {} // until the signal comes
}
