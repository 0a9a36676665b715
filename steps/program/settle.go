package program

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/steps/internal/child"
	"github.com/durable-wf/wf/steps/internal/statefile"
)

const (
	lastWords = 10 // lines of stderr that the history keeps of a program that has failed
	barren    = 3  // times in a row that a program may ask to be started again without having saved
)

// settle says what the end of the program means for the run.
func (a *attempt) settle() (t engine.Transition, err error) {
	end := a.child.End()
	a.out.end()
	a.errs.end()
	if cause := context.Cause(a.ctx); errors.Is(cause, engine.ErrLeaseLost) || errors.Is(cause, engine.ErrStorage) {
		return t, cause
	}
	if err := a.last(end.Clean()); err != nil {
		return t, fmt.Errorf("state files: %w", err)
	}
	a.annotate(end)
	if end.Code == exitDone {
		return a.finish()
	}
	a.tellMissing()
	switch {
	case a.stopped || a.ctx.Err() != nil:
		return t, a.halt()
	case end.Code == exitAgain:
		return a.again85()
	}
	return t, a.failure(end)
}

// annotate tells the history how the program has ended.
func (a *attempt) annotate(end child.End) {
	a.ctx.Annotate("end", end.String())
	if end.Clean() {
		a.ctx.Annotate("exit_code", end.Code)
	}
	a.ctx.Annotate("cpu_us", (end.User + end.System).Microseconds())
	a.ctx.Annotate("max_rss_bytes", end.MaxRSS)
	if end.Left {
		a.ctx.Annotate("left", "a descendant outside of its process group lives on")
		fmt.Fprintln(a.ctx.Stderr(), "wf: the program has left a process running that is out of reach, as a daemon is") // nobody could be told
	}
}

// halt commits where the run stops, and returns why it does. A time-out before which nothing was gained makes no
// checkpoint: that would pass for progress, and the count of attempts would begin again.
func (a *attempt) halt() error {
	cause := context.Cause(a.ctx)
	if a.unsaved || !errors.Is(cause, engine.ErrStepTimeout) {
		if err := a.ctx.Save(); err != nil {
			return err
		}
	}
	return cause
}

// tellMissing tells whoever has misspelt a state file: a program that stops or fails should have left one.
func (a *attempt) tellMissing() {
	missing := len(a.s.State) > 0 && len(a.s.Version.Files) == 0
	for _, name := range a.set.Names() {
		missing = missing && statefile.StampOf(a.set.Path(name)) == statefile.Stamp{}
	}
	if missing {
		fmt.Fprintf(a.ctx.Stderr(), "wf: nothing is saved: no file %s has appeared in %s\n", strings.Join(a.s.State, ", "), a.s.Dir) // nobody could be told
	}
}

// finish ends the run: the program is done. What it has deleted itself is no state any more.
func (a *attempt) finish() (engine.Transition, error) {
	a.s.Version.Files = slices.DeleteFunc(a.s.Version.Files, func(f statefile.File) bool {
		return statefile.StampOf(a.set.Path(f.Name)) == statefile.Stamp{}
	})
	a.s.Saved = a.s.Version.text()
	if err := os.Remove(a.ownState()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return engine.Transition{}, err
	}
	return Name.Done(a.theResult()), nil
}

// theResult is what the program has named, or the last line that it has printed.
func (a *attempt) theResult() json.RawMessage {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.result != nil {
		return a.result
	}
	if line, ok := a.out.tail.line(); ok {
		return jsonValue(line)
	}
	return nil
}

// again85 starts the program again at once, as it has asked, in a visit of its own: unless it only says that it
// has saved.
func (a *attempt) again85() (t engine.Transition, err error) {
	o := &a.s.Origin
	if o.Barren++; a.gained {
		o.Barren = 0
	}
	if o.Barren >= barren {
		return t, engine.Permanent(fmt.Errorf("exit code %d says that it has saved its state, but %d starts in a row have saved nothing in %s",
			exitAgain, barren, strings.Join(a.set.Names(), ", ")))
	}
	return engine.Repeat(), nil
}

// failure is the error of a program that has failed. Its state may be to blame. What it has saved is kept.
func (a *attempt) failure(end child.End) error {
	if a.unsaved {
		_ = a.ctx.Save() // if it refuses, the error does not count either
	}
	words := a.errs.tail.lines(lastWords)
	text := end.String()
	if len(words) > 0 {
		a.ctx.Annotate("stderr", words)
		text += ": " + words[len(words)-1]
	}
	return engine.Suspect(errors.New(text))
}
