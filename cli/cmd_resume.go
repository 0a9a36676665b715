package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/durable-wf/wf/engine"
)

const resumeLong = `Execute what can run now, and return when each run has ended, waits, is paused or is blocked.

Without RUN these are the suspended, crashed and due runs that nobody owns, and with --all the enqueued
ones too; paused and blocked runs are listed with their remedy, but not touched. A paused or blocked run
goes on when it is named, or found by --where, --workflow, --status and the other filters: they select from
all runs that stand still or are enqueued. With --detach nothing is executed here: the runs that are named
or found are enqueued, for a worker. Results go to stdout, a line each, prefixed by the ID if there are several
runs. The exit code is that of the run that ended worst.

A run that is blocked because a step could not be undone tries that again. With --skip it leaves this one
to you and goes on with the next; with --take-over it leaves all that are left to you, and ends.`

// resuming is the flags of resume.
type resuming struct {
	search
	all       bool
	detach    bool
	dryRun    bool
	parallel  int
	renames   []string
	options   engine.ResumeOptions
	suspended int
	limit     timeLimit
	named     bool // the runs are
}

// resumeCommand is wf resume.
func (a *app) resumeCommand() *cobra.Command {
	var r resuming
	cmd := &cobra.Command{
		Use:     "resume [RUN…]",
		Short:   "Go on with runs that were interrupted",
		Long:    resumeLong,
		Example: "  wf resume\n  wf resume 3\n  wf resume @last --map fetch=download\n  wf resume 3 --skip 'refunded by hand'",
		GroupID: groupRun,
		Args:    arguments(0, -1),
	}
	flags := cmd.Flags()
	flags.BoolVar(&r.all, "all", false, "enqueued runs, too")
	r.search.add(cmd)
	flags.BoolVar(&r.detach, "detach", false, "only enqueue the runs that are named or found")
	flags.BoolVar(&r.dryRun, "dry-run", false, "only tell which runs would go on")
	flags.IntVar(&r.parallel, "parallel", runtime.GOMAXPROCS(0), "runs to execute at a time")
	flags.Lookup("parallel").DefValue = "one per CPU" // the help must not depend on the machine
	flags.StringSliceVar(&r.renames, "map", nil, "OLD=NEW: go on at step NEW where the stored step is OLD")
	flags.StringVar(&r.options.From, "from", "", "go on at this step, as a new visit")
	flags.BoolVar(&r.options.Accept, "accept", false, "take a state that this program cannot read as far as it can; the rest is dropped")
	flags.BoolVar(&r.options.Packed, "packed", false, "go on with a run that was packed, although it may go on elsewhere")
	flags.StringVar(&r.options.Skip, "skip", "", "leave the undo that is next to a person, for this reason")
	flags.StringVar(&r.options.TakeOver, "take-over", "", "leave all that is still to be undone to a person, for this reason")
	r.limit.add(flags)
	addSuspendCode(cmd, &r.suspended)
	a.addProvenance(cmd)
	a.addHookTimeout(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, refs []string) error {
		if err := r.check(refs); err != nil {
			return err
		}
		cfg := a.passing(engine.Config{Access: engine.ReadWrite, Logger: a.logger(slog.LevelWarn)})
		if !r.detach && !r.dryRun {
			cfg.StopAt = r.limit.stopAt(a)
		}
		eng, err := a.openWith(cmd.Context(), cfg)
		if err != nil {
			return err
		}
		code, err := a.resume(cmd.Context(), eng, refs, r)
		return ended(code, errors.Join(err, eng.FireHooks(cmd.Context()), eng.Close()))
	}
	return cmd
}

func (r *resuming) check(refs []string) error {
	for _, rename := range r.renames {
		from, to, ok := strings.Cut(rename, "=")
		if !ok || from == "" || to == "" {
			return usagef("--map %q must be OLD=NEW", rename)
		}
		if r.options.Map == nil {
			r.options.Map = map[string]string{}
		}
		r.options.Map[from] = to
	}
	switch {
	case len(refs) > 0 && r.given():
		return usagef("name runs, or search for them: %q goes with no filter", refs[0])
	case r.all && r.given():
		return usagef("--all goes without a filter")
	case r.detach && len(refs) == 0 && !r.given():
		return usagef("--detach needs a RUN or a filter")
	case r.parallel < 1:
		return usagef("--parallel %d must be at least 1", r.parallel)
	case r.decides() && len(refs) == 0:
		return usagef("--skip and --take-over need a RUN")
	case r.options.Skip != "" && r.options.TakeOver != "":
		return usagef("--skip and --take-over exclude each other")
	case r.options.Packed && len(refs) == 0:
		return usagef("--packed needs a RUN")
	case r.changes() && len(refs) == 0:
		return usagef("--map, --from and --accept need a RUN")
	case r.all && len(refs) > 0:
		return usagef("--all goes without RUN, but %q is named", refs[0])
	}
	if err := r.search.check(); err != nil {
		return err
	}
	return cmp.Or(r.limit.check(), checkSuspendCode(r.suspended))
}

func (a *app) resume(ctx context.Context, eng *engine.Engine, refs []string, r resuming) (int, error) {
	ctx, enough := eng.InTime(ctx)
	defer enough()
	r.named = len(refs) > 0 || r.given()
	if r.detach && !r.dryRun {
		return a.enqueue(ctx, eng, refs, r)
	}
	runs, err := a.resumable(ctx, eng, refs, r)
	if err != nil {
		return ExitError, err
	}
	switch {
	case r.dryRun:
		return ExitOK, a.listResumable(runs)
	case len(runs) == 0 && r.given():
		a.note("no runs match")
		return ExitOK, nil
	case len(runs) == 0:
		return ExitOK, a.nothingToResume(ctx, eng)
	}
	f := &foreground{app: a, eng: eng, progress: a.newProgress(eng), suspend: r.suspended, prefix: len(runs) > 1}
	defer f.progress.close()
	return f.resumeAll(ctx, runs, r)
}

// nothingToResume says so, and that there are runs that have never begun, which need to be asked for.
func (a *app) nothingToResume(ctx context.Context, eng *engine.Engine) error {
	n, err := enqueued(ctx, eng)
	switch {
	case err != nil:
		return err
	case n == 0:
		a.note("nothing to resume in %s", a.db)
	case n == 1:
		a.note("nothing to resume; 1 run is enqueued: %s worker%s, or %[1]s resume --all%[2]s", a.name, a.dbFlag())
	default:
		a.note("nothing to resume; %d runs are enqueued: %s worker%s, or %[2]s resume --all%[3]s", n, a.name, a.dbFlag())
	}
	return nil
}

// enqueued counts the runs that have never begun.
func enqueued(ctx context.Context, eng *engine.Engine) (int, error) {
	filter := engine.RunFilter{Statuses: []engine.Status{engine.Pending}, Limit: pageRows}
	for n := 0; ; {
		runs, err := eng.List(ctx, filter)
		for _, run := range runs {
			if run.Started.IsZero() {
				n++
			}
			filter.Before = run.ID
		}
		if err != nil || len(runs) < pageRows {
			return n, err
		}
	}
}

// resumable finds the runs that are to go on; without refs it lists those that need a person.
func (a *app) resumable(ctx context.Context, eng *engine.Engine, refs []string, r resuming) ([]engine.Run, error) {
	if r.given() {
		return a.foundToResume(ctx, eng, r)
	}
	if len(refs) == 0 {
		if err := a.listStuck(ctx, eng); err != nil {
			return nil, err
		}
		return eng.Resumable(ctx, r.all)
	}
	var runs []engine.Run
	seen := map[int64]bool{}
	for _, ref := range refs {
		run, err := a.find(ctx, eng, ref)
		if err != nil {
			return nil, err
		}
		if run.Status.Ended() {
			return nil, a.alreadyEnded(run)
		}
		if !seen[run.ID] {
			runs = append(runs, run)
		}
		seen[run.ID] = true
	}
	return runs, nil
}

// foundToResume finds the runs that the filters select and that a command may let go on, the oldest first.
func (a *app) foundToResume(ctx context.Context, eng *engine.Engine, r resuming) ([]engine.Run, error) {
	filter := r.filter()
	filter.Statuses = slices.DeleteFunc([]engine.Status{engine.Pending, engine.Paused, engine.Blocked, engine.Suspended},
		func(s engine.Status) bool {
			return len(r.statuses.chosen) > 0 && !slices.Contains(r.statuses.chosen, string(s))
		})
	if len(filter.Statuses) == 0 {
		return nil, nil
	}
	var found []engine.Run
	err := eachPage(ctx, eng, filter, 0, func(page []engine.Run) (bool, error) {
		found = append(found, page...)
		return true, nil
	})
	slices.Reverse(found)
	return found, err
}

// enqueue lets runs go on in a worker.
func (a *app) enqueue(ctx context.Context, eng *engine.Engine, refs []string, r resuming) (int, error) {
	err := a.steerWith(ctx, eng, &r.search, refs, steering{
		to: engine.Pending,
		one: func(ctx context.Context, eng *engine.Engine, id int64) (engine.Run, error) {
			return eng.Resume(ctx, id, &r.options)
		},
		many: func(ctx context.Context, eng *engine.Engine, f engine.RunFilter) (engine.Bulk, error) {
			return eng.ResumeAll(ctx, f)
		},
	})
	code, said := errors.AsType[codeError](err)
	if said {
		return int(code), nil
	}
	return ExitOK, err
}

// alreadyEnded is the error of going on with a run that has ended.
func (a *app) alreadyEnded(run engine.Run) error {
	err := fmt.Errorf("run %d %s on %s", run.ID, verb(run.Status), run.Ended.UTC().Format(humanLayout))
	if run.Status == engine.Completed {
		return &usageError{err, fmt.Sprintf("its result: %s show %d%s", a.name, run.ID, a.dbFlag())}
	}
	return &usageError{err, fmt.Sprintf("see: %s why %d%s", a.name, run.ID, a.dbFlag())}
}

// listStuck tells which runs wait for a person, and what they can do.
func (a *app) listStuck(ctx context.Context, eng *engine.Engine) error {
	filter := engine.RunFilter{Statuses: []engine.Status{engine.Paused, engine.Blocked}, Limit: pageRows}
	for {
		runs, err := eng.List(ctx, filter)
		if err != nil {
			return err
		}
		for _, run := range runs {
			why, err := eng.Why(ctx, run.ID)
			if err != nil {
				return err
			}
			a.note("%s: %s; %s%s", title(run), why.Cause, why.Remedy, a.dbFlag())
			filter.Before = run.ID
		}
		if len(runs) < pageRows {
			return nil
		}
	}
}

// listResumable prints what would go on.
func (a *app) listResumable(runs []engine.Run) error {
	for _, run := range runs {
		if _, err := fmt.Fprintf(a.stdout, "%d\t%s\t%s\t%s\n", run.ID, run.Workflow, run.Status, printable(run.Brief)); err != nil {
			return err
		}
	}
	return nil
}

// resumeAll executes the runs, some at a time, and returns the code of the one that ended worst.
func (f *foreground) resumeAll(ctx context.Context, runs []engine.Run, r resuming) (int, error) {
	codes := make([]int, len(runs))
	var group errgroup.Group // each run's error is its own: none stops the others
	group.SetLimit(r.parallel)
	for i, run := range runs {
		group.Go(func() error {
			if ctx.Err() != nil { // what has not begun stays as it is
				codes[i] = f.suspend
				return nil
			}
			code, err := f.resume(ctx, run, r)
			if err != nil {
				f.app.complain(err)
				code = exitCode(err)
			}
			codes[i] = code
			return nil
		})
	}
	_ = group.Wait()
	worst := ExitOK
	for _, code := range codes {
		worst = f.worse(worst, code)
	}
	return worst, nil
}

// worse is worse with the exit code of suspended runs that was chosen.
func (f *foreground) worse(a, b int) int {
	rank := func(code int) int {
		if code == f.suspend {
			return ExitSuspended
		}
		return code
	}
	if worse(rank(a), rank(b)) == rank(a) {
		return a
	}
	return b
}

// resume goes on with one run.
func (f *foreground) resume(ctx context.Context, run engine.Run, r resuming) (int, error) {
	if run.Status == engine.Paused || run.Status == engine.Blocked || r.changes() {
		pending, err := f.eng.Resume(ctx, run.ID, &r.options)
		if err != nil {
			return ExitError, f.owned(ctx, run.ID, err)
		}
		run = pending
	}
	begun, announce := false, f.announcer(run.Started.IsZero())
	next, err := f.execute(ctx, run, engine.ExecuteOptions{Begun: func(run engine.Run) {
		begun = true
		announce(run)
	}})
	held := next.Status == engine.Pending && next.Worker == 0             // by its queue
	taken := !begun && !r.named && next.Status != engine.Blocked && !held // by another process, meanwhile
	switch {
	case errors.Is(err, engine.ErrRunOwned) && taken:
		return ExitOK, nil
	case err != nil:
		return ExitError, f.owned(ctx, run.ID, err)
	case ctx.Err() != nil && !begun:
		return f.suspend, nil
	case taken:
		return ExitOK, nil
	}
	return f.report(ctx, next)
}

// changes reports whether the run is not simply to go on where it is.
func (r *resuming) changes() bool {
	return len(r.options.Map) > 0 || r.options.From != "" || r.options.Accept || r.decides()
}

// decides reports whether a person makes up for what the run does not undo.
func (r *resuming) decides() bool { return r.options.Skip != "" || r.options.TakeOver != "" }
