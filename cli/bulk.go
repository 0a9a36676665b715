package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

// bulk is the flags of a command that does something to runs: to those that are named, or to those that a
// search finds. Every command that steers runs has them:
//
//	var b bulk
//	b.add(cmd)
//	cmd.RunE = func(cmd *cobra.Command, refs []string) error {
//		return a.steer(cmd.Context(), &b, refs, steering{…})
//	}
type bulk struct {
	search
	all    bool
	dryRun bool
}

// add gives cmd the flags, and lets it be called without RUN.
func (b *bulk) add(cmd *cobra.Command) {
	b.search.add(cmd)
	cmd.Flags().BoolVar(&b.all, "all", false, "all runs to which it can be done")
	cmd.Flags().BoolVar(&b.dryRun, "dry-run", false, "only list the runs to which it would be done")
	cmd.Args = arguments(0, -1)
}

// check reports flags that contradict each other, and that nothing is selected: nobody should end all
// runs by leaving something out.
func (b *bulk) check(refs []string) error { return b.selects(refs, b.all) }

// steering is what a command does to runs.
type steering struct {
	to   engine.Status // in which it leaves a run; Pending also stands for running, since a worker may be quick
	fits func(engine.Status) bool
	one  func(context.Context, *engine.Engine, int64) (engine.Run, error)
	many func(context.Context, *engine.Engine, engine.RunFilter) (engine.Bulk, error)
}

// steer does something to the runs that are named, or that the search finds, and tells what came of it. An
// error with one run does not keep it from the others; the exit code is that of the worst.
func (a *app) steer(ctx context.Context, b *bulk, refs []string, s steering) error {
	if err := b.check(refs); err != nil {
		return err
	}
	access := engine.ReadWrite
	if b.dryRun {
		access = engine.ReadOnly
	}
	return a.withEngine(ctx, access, func(eng *engine.Engine) error {
		if b.dryRun {
			return a.wouldSteer(ctx, eng, b, refs, s)
		}
		return a.steerWith(ctx, eng, &b.search, refs, s)
	})
}

// steerWith is steer with an engine at hand.
func (a *app) steerWith(ctx context.Context, eng *engine.Engine, found *search, refs []string, s steering) error {
	if len(refs) > 0 {
		return a.steerNamed(ctx, eng, refs, s)
	}
	done, err := s.many(ctx, eng, found.filter())
	code := ExitOK
	for _, run := range done.Runs {
		a.steered(run, s.to)
	}
	for _, failed := range done.Errors {
		a.complain(failed)
		code = worse(code, exitCode(failed))
	}
	switch n := len(done.Runs) + len(done.Errors); {
	case err != nil:
		return err
	case n == 0:
		a.note("no runs match")
	case n > 1:
		a.note("%s", tally(len(done.Runs), len(done.Errors)))
	}
	return ended(code, nil)
}

func tally(done, failed int) string {
	text := plural(int64(done), "run")
	if failed > 0 {
		text += fmt.Sprintf("; %s left as they were", plural(int64(failed), "run"))
	}
	return text
}

func (a *app) steerNamed(ctx context.Context, eng *engine.Engine, refs []string, s steering) error {
	code := ExitOK
	for _, ref := range refs {
		run, err := a.find(ctx, eng, ref)
		if err == nil {
			run, err = s.one(ctx, eng, run.ID)
		}
		if err != nil {
			a.complain(err) // it names the run
			code = worse(code, exitCode(err))
			continue
		}
		a.steered(run, s.to)
	}
	return ended(code, nil)
}

// steered tells what became of one run.
func (a *app) steered(run engine.Run, to engine.Status) {
	switch {
	case run.Ending != "" && run.Status != to:
		a.note("%s", a.underWay(run))
	case to == engine.Pending:
		a.note("%s goes on%s", title(run), at(run.Brief))
	case run.Status != to:
		a.note("%s executes: it will be %s at its next safe point", title(run), to)
	default:
		a.note("%s %s%s", title(run), verb(run.Status), at(run.Brief))
	}
}

// wouldSteer lists the runs to which it would be done.
func (a *app) wouldSteer(ctx context.Context, eng *engine.Engine, b *bulk, refs []string, s steering) error {
	workers, err := newRoster(ctx, eng)
	if err != nil {
		return err
	}
	out := newRows(a, runColumns(false))
	n := 0
	show := func(run engine.Run) error {
		if !s.fits(run.Status) {
			return nil
		}
		n++
		return out.Add(workers.row(run))
	}
	for _, ref := range refs {
		run, err := a.find(ctx, eng, ref)
		if err == nil {
			err = show(run)
		}
		if err != nil {
			return err
		}
	}
	if len(refs) == 0 {
		err := eachPage(ctx, eng, b.filter(), 0, func(page []engine.Run) (bool, error) {
			for _, run := range page {
				if err := show(run); err != nil {
					return false, err
				}
			}
			return true, nil
		})
		if err != nil {
			return err
		}
	}
	if n == 0 {
		a.note("no runs match")
		return nil
	}
	return out.Close()
}
