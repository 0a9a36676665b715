//go:build unix

package program_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/steps/program"
)

// patience is how long a test waits for something that must come.
const patience = 20 * time.Second

// bench is an engine, and a folder in which programs run.
type bench struct {
	*testing.T
	eng *engine.Engine
	dir string
	out bytes.Buffer
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, dir: t.TempDir()}
	eng, err := engine.Open(t.Context(), engine.Config{Path: filepath.Join(t.TempDir(), "wf.db"), Stdout: &b.out}, program.Workflow())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := eng.Close(); err != nil {
			t.Error(err)
		}
	})
	b.eng = eng
	return b
}

// script is a shell script as a program.
func (b *bench) script(text string, state ...string) program.State {
	return program.State{Cmd: []string{"/bin/sh", "-c", text}, State: state, Dir: b.dir, Grace: patience, LogLimit: 1 << 20}
}

func (b *bench) start(s program.State, opts *engine.StartOptions) engine.Run {
	b.Helper()
	run, err := program.Name.Start(b.Context(), b.eng, s, opts)
	if err != nil {
		b.Fatal(err)
	}
	return run
}

func (b *bench) execute(ctx context.Context, id int64) engine.Run {
	b.Helper()
	run, err := b.eng.Execute(ctx, id, nil)
	if err != nil {
		b.Fatal(err)
	}
	return run
}

func (b *bench) state(id int64) program.State {
	b.Helper()
	s, err := program.Name.State(b.Context(), b.eng, id)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// names are those of the recorded files.
func names(s program.State) string {
	var all []string
	for _, f := range s.Version.Files {
		all = append(all, f.Name)
	}
	return strings.Join(all, " ")
}

func (b *bench) exists(name string) bool {
	_, err := os.Stat(filepath.Join(b.dir, name))
	return err == nil
}

func TestResultIsWhatTheProgramSays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"echo a; echo 42":                            "42",
		"echo 123456789012345678901234567890":        "123456789012345678901234567890",
		"echo 0.1":                                   "0.1",
		`echo '{"x": 1}'`:                            `{"x":1}`,
		"echo total 5":                               `"total 5"`,
		"echo 1; echo '::wf result=2'; echo 3":       "2",
		"echo 1 >&2":                                 "null",
		`echo '::wf result="two words"'`:             `"two words"`,
		"printf 'no newline'":                        `"no newline"`,
		`head -c 100000 /dev/zero | tr "\0" x; echo`: "null",
	} {
		b := newBench(t)
		run := b.execute(t.Context(), b.start(b.script(text), nil).ID)
		var compact bytes.Buffer
		if err := json.Compact(&compact, run.Result); err != nil || run.Status != engine.Completed || compact.String() != want {
			t.Errorf("%s: %s with %s (%v), want %s", text, run.Status, run.Result, err, want)
		}
	}
}

// Of rolling checkpoints those that the program keeps are recorded, and put back; a torn one makes way, since the
// program would take it for the newest.
func TestRollingCheckpoints(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	text := `if [ -e go ]; then ls ckpt_*; exit 0; fi
		echo '{"i": 1}' >ckpt_1; sleep 0.3; echo '{"i": 2}' >ckpt_2; rm ckpt_1; sleep 0.3; echo '{"i": ' >ckpt_3; exit 1`
	run := b.execute(t.Context(), b.start(b.script(text, "ckpt_*"), &engine.StartOptions{Checkpoint: engine.Checkpoint{Interval: 10 * time.Millisecond}}).ID)
	if got := names(b.state(run.ID)); run.Status != engine.Failed || got != "ckpt_2" {
		t.Fatalf("%s with %q recorded, want ckpt_2", run.Status, got)
	}
	for name, text := range map[string]string{"go": "", "ckpt_2": "{"} {
		if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.eng.Retry(t.Context(), run.ID, nil); err != nil {
		t.Fatal(err)
	}
	if run = b.execute(t.Context(), run.ID); string(run.Result) != `"ckpt_2"` || b.out.String() != "ckpt_2\n" {
		t.Errorf("it finds %s, %q; want ckpt_2 alone", run.Result, b.out.String())
	}
	if text, err := os.ReadFile(filepath.Join(b.dir, "ckpt_2")); err != nil || string(text) != "{\"i\": 2}\n" {
		t.Errorf("ckpt_2 is %q, %v", text, err)
	}
}

// Rule 5: a file that was put back is not a new checkpoint, so an attempt that gets nowhere counts as one.
func TestRestoredFileIsNoCheckpoint(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	text := `[ -e state.json ] || { echo '{}' >state.json; sleep 0.1; }; rm state.json; exit 1`
	opts := &engine.StartOptions{Retry: &engine.Retry{Attempts: 2, Initial: time.Millisecond}}
	run := b.execute(t.Context(), b.start(b.script(text, "state.json"), opts).ID)
	if run.Status != engine.Failed || run.Failures != 2 {
		t.Errorf("%s after %d failures in a row: %s; want it failed after 2", run.Status, run.Failures, run.Error)
	}
	if b.exists("state.json") {
		t.Error("the program has deleted its state")
	}
}

// A program that is stopped has said its last word before the run is left.
func TestStopRecordsTheLastVersion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	text := `trap 'echo "i=9" >"$WF_STATE.tmp"; mv "$WF_STATE.tmp" "$WF_STATE"; exit 85' TERM
		[ -e "$WF_STATE" ] && { cat "$WF_STATE"; exit 0; }
		echo ready >ready; while :; do sleep 0.01; done`
	run := b.start(b.script(text), &engine.StartOptions{Checkpoint: engine.Checkpoint{Interval: time.Hour}})
	ctx, stop := context.WithCancel(t.Context())
	go func() { // ends with the program's word
		for begun := time.Now(); !b.exists("ready") && time.Since(begun) < patience; {
			time.Sleep(5 * time.Millisecond)
		}
		stop()
	}()
	if run = b.execute(ctx, run.ID); run.Status != engine.Suspended {
		t.Fatalf("the run is %s, want suspended: %s", run.Status, run.Error)
	}
	if s := b.state(run.ID); len(s.Version.Files) != 1 || string(s.Version.Files[0].Data) != "i=9\n" {
		t.Errorf("recorded %v", s.Version)
	}
	if run = b.execute(t.Context(), run.ID); string(run.Result) != `"i=9"` {
		t.Errorf("it goes on with %s", run.Result)
	}
}

// A misspelt program makes no run.
func TestMistakesMakeNoRun(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	good := b.script("exit 0")
	for what, spoil := range map[string]func(*program.State){
		"program is not found": func(s *program.State) { s.Cmd = []string{"no-such-program"} },
		"no program is named":  func(s *program.State) { s.Cmd = nil },
		"there is no folder":   func(s *program.State) { s.Dir = filepath.Join(b.dir, "nowhere") },
		"names no file":        func(s *program.State) { s.State = []string{"folder/"} },
		"is a folder":          func(s *program.State) { s.State = []string{"."} },
		"must be at least":     func(s *program.State) { s.LogLimit = 1 },
		"must not be negative": func(s *program.State) { s.Grace = -1 },
	} {
		s := good
		spoil(&s)
		_, err := program.Name.Start(t.Context(), b.eng, s, nil)
		if _, ok := errors.AsType[*engine.InputError](err); !ok || !strings.Contains(strings.Replace(err.Error(), "no-such-program ", "", 1), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if runs, err := b.eng.List(t.Context(), engine.RunFilter{}); err != nil || len(runs) != 0 {
		t.Errorf("%d runs, %v; want none", len(runs), err)
	}
}

// The history says how each start has ended.
func TestHistoryTellsTheEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	run := b.execute(t.Context(), b.start(b.script("echo one >&2; echo two >&2; exit 3"), nil).ID)
	if run.Error != "exit code 3: two" {
		t.Errorf("the error is %q", run.Error)
	}
	list, err := b.eng.History(t.Context(), engine.HistoryFilter{Run: run.ID})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(e engine.Event) bool { return e.Kind == "attempt" })
	notes := engine.NotesOf(list[i])
	for name, want := range map[string]string{"exit_code": "3", "end": `"exit code 3"`, "stderr": `["one","two"]`, "start": "1"} {
		if got := string(notes[name]); got != want {
			t.Errorf("note %s is %s, want %s", name, got, want)
		}
	}
}

// Rule 2: a file that does not show its end is not believed once its program was killed, and is if it has ended
// by itself.
func TestFileOfAKilledProgramIsNotBelieved(t *testing.T) {
	t.Parallel()
	for end, want := range map[string]string{"kill -9 $$": "whole", "exit 1": "half"} {
		b := newBench(t)
		text := `echo whole >state; sleep 0.3; printf half >state; ` + end
		opts := &engine.StartOptions{Checkpoint: engine.Checkpoint{Interval: time.Hour}}
		run := b.execute(t.Context(), b.start(b.script(text, "state"), opts).ID)
		s := b.state(run.ID)
		if len(s.Version.Files) != 1 || strings.TrimSpace(string(s.Version.Files[0].Data)) != want {
			t.Errorf("after %s: recorded %q, want %q", end, s.Version.Files, want)
		}
	}
}

// A time-out before which nothing was saved is no progress: the count of attempts goes on.
func TestTimeoutsCountAsFailures(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	run := b.start(b.script("exec sleep 60"), &engine.StartOptions{
		Timeout: 100 * time.Millisecond, Retry: &engine.Retry{Attempts: 2, Initial: time.Millisecond},
	})
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	if run = b.execute(ctx, run.ID); run.Status != engine.Failed || run.Failures != 2 {
		t.Errorf("%s after %d failures in a row: %s; want it failed after 2", run.Status, run.Failures, run.Error)
	}
}

// What is no program of this machine is no program later either.
func TestScriptWithoutInterpreter(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := b.script("")
	s.Cmd = []string{"./bare"}
	if err := os.WriteFile(filepath.Join(b.dir, "bare"), []byte("exit 0\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	run := b.execute(t.Context(), b.start(s, &engine.StartOptions{Retry: &engine.Retry{Attempts: 2, Initial: time.Hour}}).ID)
	if run.Status != engine.Failed || !strings.Contains(run.Error, "needs a first line such as #!/bin/sh") {
		t.Errorf("%s: %s", run.Status, run.Error)
	}
}
