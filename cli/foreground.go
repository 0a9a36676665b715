package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

// foreground executes runs in this process and tells what comes of them.
type foreground struct {
	app      *app
	eng      *engine.Engine
	progress *progress
	patience time.Duration // how long to wait for times and other processes in all; 0 means for ever
	suspend  int           // exit code of a run that was suspended
	prefix   bool          // results are prefixed by the run's ID
}

// addSuspendCode gives cmd the flag that sets the exit code of a suspended run.
func addSuspendCode(cmd *cobra.Command, code *int) {
	cmd.Flags().IntVar(code, "suspended-code", ExitSuspended, "exit code of a run that was interrupted and saved")
}

// checkSuspendCode reports a code with which no process can exit.
func checkSuspendCode(code int) error {
	if code < 0 || code > 255 {
		return usagef("--suspended-code %d must be from 0 to 255", code)
	}
	return nil
}

// announcer returns a function that tells, at its first call, from where the run goes on, or that it
// has started if it is new.
func (f *foreground) announcer(isNew bool) func(engine.Run) {
	var once sync.Once
	return func(run engine.Run) {
		once.Do(func() {
			switch {
			case isNew:
				f.app.note("%s started", title(run))
			case run.Ending != "":
				f.app.note("%s undoes its steps", title(run))
			case run.Brief == "":
				f.app.note("%s goes on", title(run))
			case run.Deaths > 0 && run.Pace.Interval > 0: // when it died is not known, how often it saved is
				f.app.note("%s goes on from %s; its owner died, which saved every %s", title(run), point(run), humanDuration(run.Pace.Interval))
			default:
				f.app.note("%s goes on from %s", title(run), point(run))
			}
		})
	}
}

// point is from where a run goes on. What a program has saved says nothing of how far it is, so its progress does.
func point(run engine.Run) string {
	if run.Workflow == execWorkflow && run.Progress.Done > 0 {
		return run.Brief + ", " + progressFull(run.Progress)
	}
	return run.Brief
}

// finish executes the run until it has ended or needs a person, waiting for times and for other
// processes. It calls begun each time that the run has become this process's to execute.
func (f *foreground) finish(ctx context.Context, run engine.Run, begun func(engine.Run)) (engine.Run, error) {
	var deadline <-chan struct{}
	if f.patience > 0 {
		patience, stop := context.WithTimeout(context.WithoutCancel(ctx), f.patience)
		defer stop()
		deadline = patience.Done()
	}
	for {
		next, err := f.enter(ctx, run, begun, deadline)
		switch {
		case errors.Is(err, engine.ErrRunOwned):
			f.app.note("%s is executed by another process; waiting for its end", title(run))
			return f.await(ctx, run, deadline, func(r engine.Run) bool { return !moves(r.Status) })
		case err != nil || !rests(next) || ctx.Err() != nil:
			return next, err
		}
		f.app.note("%s waits%s", title(next), waitsFor(next))
		if next.Children > 0 {
			return f.finishFamily(ctx, next, deadline)
		}
		run, err = f.await(ctx, next, deadline, func(r engine.Run) bool {
			return !rests(r) || isDue(r)
		})
		if err != nil || rests(run) && !isDue(run) {
			return run, err
		}
	}
}

// finishFamily executes a run that has children, and them, until the run has ended or needs a person.
func (f *foreground) finishFamily(ctx context.Context, run engine.Run, deadline <-chan struct{}) (engine.Run, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() { // ends with ctx
		select {
		case <-deadline:
			stop()
		case <-ctx.Done():
		}
	}()
	defer f.progress.follow(run)()
	defer f.app.executing.begin(run.ID)()
	return f.eng.Execute(ctx, run.ID, nil)
}

// rests reports whether the run waits, or its next attempt to undo a step does.
func rests(run engine.Run) bool {
	return run.Status == engine.Waiting || run.Status == engine.Compensating && run.Worker == 0
}

// isDue reports whether the time for which a run waits, or its deadline, has come.
func isDue(run engine.Run) bool {
	at := wakes(run)
	return !at.IsZero() && !at.After(time.Now())
}

// wakes is when time alone moves a waiting run on: the earlier of its due time and its deadline; zero for never.
func wakes(run engine.Run) time.Time {
	late := !run.Deadline.IsZero() && run.Ending == "" // one that is being undone has met its deadline
	if late && (run.Due.IsZero() || run.Deadline.Before(run.Due)) {
		return run.Deadline
	}
	return run.Due
}

// enter is execute for a run that waits for its queue before, but not longer than until deadline.
func (f *foreground) enter(ctx context.Context, run engine.Run, begun func(engine.Run), deadline <-chan struct{}) (engine.Run, error) {
	entering, leave := context.WithCancel(ctx)
	defer leave()
	var mu sync.Mutex
	inside, cause := false, "" // guarded by mu
	go func() {                // ends with entering
		select {
		case <-deadline:
			mu.Lock()
			defer mu.Unlock()
			if !inside {
				leave()
			}
		case <-entering.Done():
		}
	}()
	return f.execute(entering, run, engine.ExecuteOptions{
		Begun: func(run engine.Run) {
			mu.Lock()
			defer mu.Unlock()
			inside = true
			begun(run)
		},
		Held: func(run engine.Run) {
			text := "queue " + run.Queue + " has no place for it"
			if why, err := f.eng.Why(ctx, run.ID); err == nil && why.Run.Status == engine.Pending {
				text = why.Cause
			}
			if text != cause {
				cause = text
				f.app.note("%s waits: %s", title(run), cause)
			}
		},
	})
}

// execute executes what can run now. It calls Begun once the run is this process's to execute.
func (f *foreground) execute(ctx context.Context, run engine.Run, opts engine.ExecuteOptions) (engine.Run, error) {
	defer f.progress.follow(run)()
	defer f.app.executing.begin(run.ID)()
	opts.Return = true
	next, err := f.eng.Execute(ctx, run.ID, &opts)
	if errors.Is(err, engine.ErrFull) {
		err = hinted(err, "make room, then: %s", f.app.resumeLine(run.ID))
	}
	return next, err
}

// ownedError says which living process executes a run. It is an engine.ErrRunOwned.
type ownedError struct {
	run   int64
	owner engine.Worker
	hint  string
}

func (e *ownedError) Error() string {
	return fmt.Sprintf("run %d is executed by pid %d (worker %d)", e.run, e.owner.PID, e.owner.ID)
}
func (e *ownedError) Unwrap() error { return engine.ErrRunOwned }
func (e *ownedError) Hint() string  { return e.hint }

// owned names the owner of the run in an error that says that there is one; others stay as they are.
func (f *foreground) owned(ctx context.Context, id int64, err error) error {
	if !errors.Is(err, engine.ErrRunOwned) {
		return err
	}
	run, errRun := f.eng.Get(ctx, id)
	workers, errWorkers := newRoster(ctx, f.eng)
	owner, known := workers[run.Worker]
	if errRun != nil || errWorkers != nil || !known {
		return err
	}
	return &ownedError{id, owner, fmt.Sprintf("see: %s watch %d%s", f.app.name, id, f.app.dbFlag())}
}

// await waits until the run is as wanted, patience or ctx end, and returns it as it is then.
func (f *foreground) await(ctx context.Context, run engine.Run, deadline <-chan struct{}, wanted func(engine.Run) bool) (engine.Run, error) {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	changed := f.eng.Watch(watching)
	for {
		run, err := f.eng.Get(context.WithoutCancel(ctx), run.ID)
		if err != nil || wanted(run) || ctx.Err() != nil {
			return run, err
		}
		var due <-chan time.Time
		if at := wakes(run); !at.IsZero() {
			due = time.After(time.Until(at))
		}
		select {
		case <-ctx.Done():
		case <-due:
		case <-changed:
		case <-deadline:
			return run, nil
		}
	}
}

// moves reports whether a run with this status goes on without a person.
func moves(s engine.Status) bool {
	return s == engine.Pending || s == engine.Running || s == engine.Waiting || s == engine.Compensating
}

// waitsFor says what a waiting run waits for, to go on after "waits".
func waitsFor(run engine.Run) string {
	why := strings.TrimPrefix(cmp.Or(run.Error, run.Reason), "waits ")
	switch {
	case run.Status == engine.Compensating:
		return fmt.Sprintf(" until %s to try again to undo a step", run.Due.UTC().Format(humanLayout))
	case run.Due.IsZero():
		return " " + why
	case run.Waiting.Else != "":
		return fmt.Sprintf(" %s, until %s at the latest", why, run.Due.UTC().Format(humanLayout))
	}
	return fmt.Sprintf(" until %s%s", run.Due.UTC().Format(humanLayout), colon(why))
}

// report tells what became of the run, its result on stdout and all else on stderr, and returns the
// exit code.
func (f *foreground) report(ctx context.Context, run engine.Run) (int, error) {
	resume := f.app.resumeLine(run.ID)
	switch run.Status {
	case engine.Completed:
		return ExitOK, f.result(run)
	case engine.Failed, engine.Cancelled, engine.Blocked:
		f.app.complain(f.verdict(run))
	case engine.Paused:
		f.app.note("%s is paused%s; go on with: %s", title(run), colon(run.Reason), resume)
	case engine.Waiting:
		f.app.note("%s waits%s; go on with: %s", title(run), waitsFor(run), resume)
	case engine.Suspended:
		f.app.note("run %d is suspended%s%s; go on with: %s", run.ID, at(run.Brief), stopped(run.Stop), resume)
	case engine.Compensating:
		f.app.note("%s", f.app.underWay(run))
	case engine.Pending, engine.Running:
		f.app.note("%s is %s%s; see: %s why %d%s", title(run), run.Status, at(run.Brief), f.app.name, run.ID, f.app.dbFlag())
	}
	if run.Status == engine.Suspended || ctx.Err() != nil && moves(run.Status) {
		return f.suspend, nil
	}
	return statusCode(run.Status), nil
}

// result prints the result of a completed run alone on a line.
func (f *foreground) result(run engine.Run) error {
	text := cmp.Or(rawText(run.Result), string(run.Result)) // null and "" as they are
	switch {
	case len(run.Result) == 0 && run.Fault != "":
		return fmt.Errorf("run %d completed, but its result: %s", run.ID, run.Fault)
	case f.prefix:
		text = fmt.Sprintf("%d\t%s", run.ID, text)
	case len(run.Result) == 0, f.app.out.saidLast(run.Result), run.Workflow == execWorkflow && text == "null":
		return nil
	}
	if err := f.app.print(text); err != nil {
		return fmt.Errorf("run %d completed, but its result could not be written: %w", run.ID, &unreadError{err})
	}
	return nil
}

// verdict says why the run did not complete, with advice.
func (f *foreground) verdict(run engine.Run) error {
	reason := cmp.Or(run.Error, run.Reason)
	if run.Status != engine.Failed {
		reason = cmp.Or(run.Reason, run.Error)
	}
	err := fmt.Errorf("%s %s%s", title(run), verb(run.Status), colon(reason))
	return hinted(err, "see: %s why %d%s", f.app.name, run.ID, f.app.dbFlag())
}

func verb(s engine.Status) string {
	switch s {
	case engine.Cancelled:
		return "was cancelled"
	case engine.Blocked, engine.Paused, engine.Suspended:
		return "is " + string(s)
	default:
		return string(s)
	}
}

// colon puts a colon before a text that is not empty.
func colon(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}

// at names the state of a run if there is one to name.
func at(brief string) string {
	if brief == "" {
		return ""
	}
	return " at " + brief
}
