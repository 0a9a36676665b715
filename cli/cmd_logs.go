package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
	"github.com/durable-wf/wf/internal/runlog"
)

const logsLong = `Print what the program of a run has printed, of all its starts that are kept, the oldest first: the newest
10 to 20 MB of each (see --log-limit of exec), of the last 32 starts. Lines by which a program speaks to us
are among them.

With --follow it goes on, also across interruptions, until the run has ended; Ctrl-C ends only the looking.`

// followEvery is how often a log is looked at for more.
const followEvery = 100 * time.Millisecond

// logging is the flags of logs.
type logging struct {
	goesOn         bool
	attempt        int
	tail           int
	stdout, stderr bool
	times          bool
}

// logsCommand is wf logs.
func (a *app) logsCommand() *cobra.Command {
	var l logging
	cmd := &cobra.Command{
		Use:     "logs RUN",
		Short:   "Print what the program of a run has printed",
		Long:    logsLong,
		Example: "  wf logs 3\n  wf logs @last --follow\n  wf logs 3 --attempt 2 --stderr --tail 20",
		GroupID: groupLook,
		Args:    arguments(1, 1),
	}
	flags := cmd.Flags()
	flags.BoolVarP(&l.goesOn, "follow", "f", false, "go on until the run has ended")
	flags.IntVar(&l.attempt, "attempt", 0, "only of this start of the program, counted from 1; -1 is the newest (default: all)")
	flags.IntVar(&l.tail, "tail", -1, "only so many of the last lines (default: all)")
	flags.BoolVar(&l.stdout, "stdout", false, "only what went to stdout")
	flags.BoolVar(&l.stderr, "stderr", false, "only what went to stderr")
	flags.BoolVar(&l.times, "times", false, "the time before each line, in UTC")
	cmd.RunE = func(cmd *cobra.Command, refs []string) error {
		switch {
		case l.stdout && l.stderr:
			return usagef("--stdout and --stderr exclude each other")
		case l.goesOn && l.attempt > 0:
			return usagef("--follow goes across starts: leave --attempt out")
		case l.attempt < -1:
			return usagef("--attempt %d must be a number from 1 on, or -1", l.attempt)
		}
		return a.withEngine(cmd.Context(), engine.ReadOnly, func(eng *engine.Engine) error {
			run, err := a.find(cmd.Context(), eng, refs[0])
			if err != nil {
				return err
			}
			return a.logs(cmd.Context(), eng, run, l)
		})
	}
	return cmd
}

// logs prints the logs of a run.
func (a *app) logs(ctx context.Context, eng *engine.Engine, run engine.Run, l logging) error {
	p := &logPrinter{app: a, folder: eng.Folder(run.ID), logging: l}
	defer p.close()
	starts := runlog.Starts(p.folder)
	if l.attempt == -1 && len(starts) > 0 {
		starts = starts[len(starts)-1:]
	}
	if l.attempt > 0 {
		starts = slices.DeleteFunc(starts, func(n int) bool { return n != l.attempt })
	}
	if len(starts) == 0 && !l.goesOn {
		return p.nothing(run)
	}
	p.buffer = l.tail >= 0
	for _, n := range starts {
		if err := p.open(n); err != nil {
			return err
		}
	}
	if err := p.last(); err != nil || !l.goesOn {
		return err
	}
	return p.follow(ctx, eng, run)
}

// logPrinter prints logs, one start after the other.
type logPrinter struct {
	app    *app
	folder string
	logging
	n       int            // the start that is printed; 0 before the first
	reader  *runlog.Reader // nil before the first
	buffer  bool           // lines are kept for the tail
	kept    []string       // they
	partial bool           // the last line has not ended
	stream  runlog.Stream  // on which it was
}

// nothing says why there is nothing to print.
func (p *logPrinter) nothing(run engine.Run) error {
	if starts := runlog.Starts(p.folder); len(starts) > 0 {
		return usagef("run %d has no output of start %d; there is some of %d to %d", run.ID, p.attempt, starts[0], starts[len(starts)-1])
	}
	p.app.note("%s has printed nothing here", title(run))
	return nil
}

// open goes on with start n, and prints what there is of it.
func (p *logPrinter) open(n int) error {
	reader, err := runlog.Open(p.folder, n)
	if err != nil {
		return fmt.Errorf("output of start %d: %w", n, err)
	}
	if err := p.endLine(); err != nil {
		return err
	}
	p.close()
	p.reader, p.n = reader, n
	return p.drain()
}

func (p *logPrinter) close() {
	if p.reader != nil {
		_ = p.reader.Close() // it was only read
		p.reader = nil
	}
}

// drain prints what there is so far.
func (p *logPrinter) drain() error {
	for p.reader != nil {
		record, err := p.reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = p.print(record)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *logPrinter) print(r runlog.Record) error {
	if p.logging.stdout && r.Stream != runlog.Stdout || p.logging.stderr && r.Stream != runlog.Stderr {
		return nil
	}
	text := r.Text
	if p.times && !p.partial {
		text = r.Time.UTC().Format(eventLayout) + "  " + text
	}
	if !r.Open {
		text += "\n"
	}
	wasOpen := p.partial
	p.partial, p.stream = r.Open, r.Stream
	if !p.buffer {
		_, err := io.WriteString(p.app.stdout, text)
		return err
	}
	if wasOpen && len(p.kept) > 0 {
		p.kept[len(p.kept)-1] += text
		return nil
	}
	if p.kept = append(p.kept, text); len(p.kept) > 2*p.tail+64 {
		p.kept = append(p.kept[:0], p.kept[len(p.kept)-p.tail:]...)
	}
	return nil
}

// last prints the tail, if only that was asked for.
func (p *logPrinter) last() error {
	for _, line := range p.kept[max(0, len(p.kept)-max(0, p.tail)):] {
		if _, err := io.WriteString(p.app.stdout, line); err != nil {
			return err
		}
	}
	p.kept, p.buffer = nil, false
	if p.goesOn {
		return nil
	}
	return p.endLine()
}

// endLine ends a line that its program has not ended.
func (p *logPrinter) endLine() error {
	if !p.partial {
		return nil
	}
	return p.print(runlog.Record{Stream: p.stream})
}

// follow prints what comes, until the run has ended.
func (p *logPrinter) follow(ctx context.Context, eng *engine.Engine, run engine.Run) error {
	news := eng.Watch(ctx)
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	ended := run.Status.Ended()
	for {
		if err := p.advance(); err != nil {
			return err
		}
		if ended || ctx.Err() != nil {
			return p.endLine()
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-news:
			run, err := eng.Get(ctx, run.ID)
			if err != nil && ctx.Err() == nil {
				return err
			}
			ended = run.Status.Ended() // what it has printed is there by now
		}
	}
}

// advance prints what there is of this start and of later ones.
func (p *logPrinter) advance() error {
	starts := runlog.Starts(p.folder) // before drain: once there is a later one, this one is complete
	if err := p.drain(); err != nil {
		return err
	}
	for _, n := range starts {
		if n > p.n {
			if err := p.open(n); err != nil {
				return err
			}
		}
	}
	return nil
}
