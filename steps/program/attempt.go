package program

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/internal/runlog"
	"github.com/durable-wf/wf/steps/internal/child"
	"github.com/durable-wf/wf/steps/internal/statefile"
)

// attempt is one start of the program. It belongs to the step's goroutine, but for what its output says.
type attempt struct {
	ctx    *engine.Context
	s      *State
	folder string // of the run
	host   string
	path   string // of the executable
	env    []string
	set    *statefile.Set
	locks  []*os.File
	log    *runlog.Writer
	number int // which start of the program this is, counted from 1
	out    *sieve
	errs   *sieve
	child  *child.Child
	news   *statefile.Watcher

	recorded time.Time // when this attempt has recorded a version; zero before
	gained   bool      // it has
	unsaved  bool      // what it has gained last is not committed yet
	pending  bool      // files have changed that are not recorded yet
	again    *time.Timer
	backoff  time.Duration
	stopped  bool // the run has to stop here

	done, of int64 // told by the program; only its output's goroutine uses them

	mu     sync.Mutex
	result json.RawMessage // guarded by mu
}

// mostNamed is how many files of a kind are told of.
const mostNamed = 20

// stateWord is the name under which the default state file is recorded, wherever it is.
const stateWord = "WF_STATE"

// prepare makes the folder such that the program goes on with the newest good version of its state. Until the
// program starts, nobody else writes there.
func (a *attempt) prepare() error {
	var err error
	if a.folder, err = a.ctx.Folder(); err != nil {
		return err
	}
	if a.folder, err = filepath.Abs(a.folder); err != nil {
		return err
	}
	if a.host, err = os.Hostname(); err != nil {
		return err
	}
	if !isFolder(a.s.Dir) {
		return engine.Block(fmt.Errorf("the program's folder %s is not there on %s: make it, or fork the run with another one (--set dir=FOLDER)", a.s.Dir, a.host))
	}
	a.env = a.s.environment(a.host)
	if a.path, err = a.s.lookUp(a.env); err != nil {
		return engine.Block(fmt.Errorf("%w on %s: install it there", err, a.host))
	}
	named := map[string]string{}
	if a.statePath() == a.ownState() {
		named[stateWord] = a.ownState()
	}
	if a.set, err = statefile.NewSet(a.s.Dir, a.s.State, named); err != nil {
		return err
	}
	if err := a.lock(); err != nil {
		return err
	}
	return a.restore()
}

// ownState is the state file in the run's own folder.
func (a *attempt) ownState() string { return filepath.Join(a.folder, stateName) }

// statePath is WF_STATE: the one file that --state names, or else one of the run's own.
func (a *attempt) statePath() string {
	if len(a.s.State) == 1 && !statefile.IsGlob(a.s.State[0]) {
		return a.s.inDir(a.s.State[0])
	}
	return a.ownState()
}

// place names where state files are recorded: only there they can be newer than the record.
func (a *attempt) place() string {
	return strings.Join([]string{a.ctx.Run().UUID, a.host, a.s.Dir}, " ")
}

// restore puts the state files in order, and tells what it had to do. The first start is recorded, with what was
// there before it.
func (a *attempt) restore() error {
	known, err := a.startedFrom()
	if err != nil {
		return err
	}
	o := &a.s.Origin
	fresh := o.Place == ""
	done, err := a.set.Restore(a.s.Version.Files, statefile.Origin{
		Fresh: fresh, Here: o.Place == a.place(), Aside: filepath.Join(a.folder, asideName),
		Known: func(sum [32]byte) bool { return known[hex.EncodeToString(sum[:])] },
	})
	if err != nil {
		return fmt.Errorf("putting the state back: %w", err)
	}
	a.tellRestored(done, fresh)
	starts := runlog.Starts(a.folder)
	a.number = o.Starts + 1
	if n := len(starts); n > 0 {
		a.number = max(a.number, starts[n-1]+1)
	}
	if fresh {
		o.Host, o.Around = a.host, around()
		a.s.Saved = a.s.Version.text()
	}
	o.Place, o.Starts = a.place(), a.number
	if len(done.Taken) > 0 {
		a.s.advance(done.Files)
		a.gained = !fresh
	}
	if fresh || len(done.Taken) > 0 {
		return a.ctx.Save()
	}
	return nil
}

// startedFrom returns the hashes of the versions with which the program was started before, and adds those of
// this start. When the run is sent back behind a version that its program did not survive, that one must
// not come back from the disk.
func (a *attempt) startedFrom() (map[string]bool, error) {
	path := filepath.Join(a.folder, startName)
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	known, fresh := map[string]bool{}, ""
	for line := range strings.Lines(string(text)) {
		known[strings.TrimSpace(line)] = true
	}
	for _, f := range a.s.Version.Files {
		if sum := hex.EncodeToString(f.SHA256); !known[sum] {
			fresh += sum + "\n"
		}
	}
	if fresh == "" {
		return known, nil
	}
	w, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = w.WriteString(fresh)
	return known, errors.Join(err, w.Close())
}

// tellRestored tells a person who looks on, and the history.
func (a *attempt) tellRestored(done statefile.Restored, fresh bool) {
	taken := "is newer than recorded: it goes on from there"
	if fresh {
		taken = "was there already: it begins from there"
	}
	for _, what := range []struct {
		note, text string
		names      []string
	}{
		{"restored", "is put back as recorded", done.Put},
		{"taken", taken, done.Taken},
		{"set_aside", "was not recorded whole and is moved to " + filepath.Join(a.folder, asideName), done.Aside},
		{"torn", "was there already, but is not whole: it is left as it is", done.Ignored},
	} {
		if len(what.names) == 0 {
			continue
		}
		what.names = what.names[:min(len(what.names), mostNamed)]
		a.ctx.Annotate(what.note, what.names)
		for _, name := range what.names {
			fmt.Fprintf(a.ctx.Stderr(), "wf: %s %s\n", name, what.text) // nobody could be told of its error
		}
	}
}

// start starts the program.
func (a *attempt) start() error {
	var err error
	if a.log, err = runlog.Create(a.folder, a.number, a.s.LogLimit); err != nil {
		return err
	}
	params, err := a.s.params()
	if err != nil {
		return err
	}
	if a.ctx.Err() != nil {
		return context.Cause(a.ctx)
	}
	a.of = -1
	a.out = &sieve{log: a.log.Stream(runlog.Stdout), pass: a.ctx.Stdout(), tell: a.tell}
	a.errs = &sieve{log: a.log.Stream(runlog.Stderr), pass: a.ctx.Stderr(), tell: a.tell}
	a.news = a.set.Watch() // before there is any news
	a.set.Moved()          // what is there is known
	a.child, err = child.Start(child.Command{
		Path: a.path, Args: a.s.Cmd, Dir: a.s.Dir, Env: append(a.env, a.protocol(params)...),
		Stdout: a.out, Stderr: a.errs, Locks: a.locks,
	})
	if errors.Is(err, syscall.ENOEXEC) {
		return engine.Permanent(fmt.Errorf("%s is no program of this machine: a script needs a first line such as #!/bin/sh, or its interpreter before it", a.path))
	}
	if err != nil {
		return fmt.Errorf("starting %s: %w", a.s.Cmd[0], err)
	}
	a.ctx.Annotate("start", a.number)
	a.ctx.Annotate("pid", a.child.ID.PID)
	return errors.Join(a.child.ID.Record(filepath.Join(a.folder, childName)), a.unlock())
}

// protocol are the variables by which the program may know about us.
func (a *attempt) protocol(params string) []string {
	every := a.ctx.Interval()
	if every == 0 {
		every = time.Second
	}
	env := []string{
		"WF_STATE=" + a.statePath(),
		"WF_EVERY=" + strconv.FormatFloat(every.Seconds(), 'g', 6, 64),
		"WF_PARAMS=" + params,
		"WF_RUN=" + strconv.FormatInt(a.ctx.Run().ID, 10),
		"WF_ATTEMPT=" + strconv.Itoa(a.number),
	}
	if until, ok := a.ctx.Deadline(); ok {
		env = append(env, "WF_DEADLINE="+strconv.FormatInt(until.Unix(), 10))
	}
	return env
}

// release gives back what the attempt holds, and returns err.
func (a *attempt) release(err error) error {
	if a.child != nil {
		a.child.Kill() // it has ended, unless starting it has failed half-way
	}
	if a.news != nil {
		_ = a.news.Close() // it has only looked
	}
	var closing error
	if a.log != nil {
		closing = a.log.Close()
	}
	if closing = errors.Join(closing, a.unlock()); closing != nil {
		a.ctx.Log().Warn("the program's output is not kept", "error", closing)
	}
	return err
}

func (a *attempt) setResult(doc json.RawMessage) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.result = slices.Clone(doc)
}
