package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/durable-wf/wf/engine"
)

const startLong = `Start a run of WORKFLOW and execute it here until it has ended. Its result alone goes to stdout.

The inputs of the workflow are flags after its name: see start WORKFLOW --help. If a flag of wf's own
has the name of an input, write it before WORKFLOW, or as --wf-NAME. With --key, the same command line
goes on with the run or prints its result, however often it is called.

Ctrl-C, SIGTERM, SIGHUP or SIGUSR1 saves the run and exits with 75; resume goes on with it. If that takes
longer than a second, another one (but SIGUSR1) ends the process without saving and exits with 130, 143 or
129. Under nohup SIGHUP means nothing. --time-limit, or Slurm's SLURM_JOB_END_TIME, does the same in time
for the save to be over before.`

// starting is the flags of start.
type starting struct {
	options   engine.StartOptions
	keep      string
	onKey     string
	input     string
	from      string
	detach    bool
	patience  time.Duration
	suspended int
	limit     timeLimit
	retry     retryFlags
}

// startCommand is wf start.
func (a *app) startCommand() *cobra.Command {
	var s starting
	cmd := &cobra.Command{
		Use:                "start [flags] WORKFLOW [--INPUT VALUE …] [-- WORD …]",
		Short:              "Start a run and execute it here",
		Long:               startLong,
		Example:            "  wf start sum --n 200\n  wf start --key nightly --every 1000 sum --n 1e9",
		GroupID:            groupRun,
		DisableFlagParsing: true, // the flags depend on the workflow
		ValidArgsFunction:  a.completeStart,
	}
	s.addFlags(cmd.Flags())
	addSuspendCode(cmd, &s.suspended)
	a.addProvenance(cmd)
	a.addHookTimeout(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		line, err := a.parseStart(cmd, args)
		if line.help {
			return a.startHelp(cmd, line.def)
		}
		if err != nil {
			return err
		}
		return a.start(cmd.Context(), line, s)
	}
	return cmd
}

func (s *starting) addFlags(flags *pflag.FlagSet) {
	flags.Var((*wholeFlag)(&s.options.Checkpoint.Every), "every", "commit a checkpoint at each N-th iteration, exactly")
	flags.DurationVar(&s.options.Checkpoint.Interval, "interval", 0, "commit a checkpoint so often (default: about 1s, cheaper for big states)")
	flags.Var((*share)(&s.options.Checkpoint.Overhead), "overhead", "share of the time that checkpoints may take (default 0.1%)")
	flags.DurationVar(&s.options.Checkpoint.MaxLoss, "max-loss", 0, "put so much work at risk at most, unless --overhead demands it (default 1s)")
	addPreserveFlags(flags, &s.options.Preserve)
	flags.StringVar(&s.keep, "keep", "", "what remains of the completed run: none, history or all (default history)")
	flags.Var((*keyFlag)(&s.options.Key), "key", "a name for the run that makes the start repeatable")
	flags.StringVar(&s.onKey, "on-key", "", "if the key's run has ended: return it, retry if it did not complete, reuse the key; or reject a key that is taken (default return)")
	flags.Var(seedFlag{&s.options.Seed}, "seed", "of the run's random numbers (default: random)")
	flags.Var((*setting)(&s.options.Attributes), "attr", "an attribute to search the run by, NAME=VALUE (may be repeated)")
	s.retry.add(flags)
	flags.DurationVar(&s.options.Timeout, "timeout", 0, "how long one try of a step may execute")
	addEntryFlags(flags, &s.options)
	s.limit.add(flags)
	addHookFlags(flags, &s.options)
	flags.BoolVar(&s.detach, "detach", false, "only enqueue the run, for a worker, and print its ID")
	flags.DurationVar(&s.patience, "wait-timeout", 0, "give up waiting, not working, after this time")
	flags.StringVar(&s.input, "input", "", "inputs as JSON: the text, @FILE, or - for stdin")
	flags.StringVar(&s.from, "from", "", "inputs from a file: "+strings.Join(readSuffixes(), ", "))
}

// keeps are the words for what remains of a completed run.
func keeps() []string {
	return []string{string(engine.KeepNone), string(engine.KeepHistory), string(engine.KeepAll)}
}

// keyPolicies are the words for what a start does with a key that is taken.
func keyPolicies() []string {
	return []string{string(engine.KeyReturn), string(engine.KeyRetry), string(engine.KeyReuse), string(engine.KeyReject)}
}

func (s *starting) check() error {
	switch {
	case s.onKey != "" && !slices.Contains(keyPolicies(), s.onKey):
		return usagef("--on-key %q must be %s or %s", s.onKey, strings.Join(keyPolicies()[:3], ", "), engine.KeyReject)
	case s.onKey != "" && s.options.Key == "":
		return usagef("--on-key needs a --key")
	case s.keep != "" && !slices.Contains(keeps(), s.keep):
		return usagef("--keep %q must be none, history or all", s.keep)
	case s.options.Checkpoint.Every < 0:
		return usagef("--every %d must not be negative", s.options.Checkpoint.Every)
	case s.options.Checkpoint.Interval < 0:
		return usagef("--interval %v must not be negative", s.options.Checkpoint.Interval)
	case s.options.Checkpoint.MaxLoss < 0:
		return usagef("--max-loss %v must not be negative", s.options.Checkpoint.MaxLoss)
	case s.options.Checkpoint.MaxLoss > 0 && s.options.Checkpoint.Interval > 0:
		return usagef("--max-loss and --interval exclude each other: both say how often")
	case s.options.Delay != 0 && !s.options.At.IsZero():
		return usagef("--delay and --at exclude each other")
	case s.options.Timeout < 0:
		return usagef("--timeout %v must not be negative", s.options.Timeout)
	case s.options.StallAfter < 0:
		return usagef("--stall-after %v must not be negative", s.options.StallAfter)
	case s.patience < 0:
		return usagef("--wait-timeout %v must not be negative", s.patience)
	case s.detach && s.patience > 0:
		return usagef("--wait-timeout goes without --detach, which does not wait")
	}
	if err := s.retry.into(&s.options); err != nil {
		return err
	}
	s.options.Keep, s.options.OnKey = engine.Keep(s.keep), engine.KeyPolicy(s.onKey)
	return cmp.Or(s.limit.check(), checkSuspendCode(s.suspended))
}

func (a *app) start(ctx context.Context, line commandLine, s starting) error {
	if err := s.check(); err != nil {
		return err
	}
	base, err := a.readInput("--input", s.input)
	if err != nil {
		return err
	}
	if base, err = line.readFrom(ctx, s.from, base); err != nil {
		return err
	}
	input, err := line.def.Input(base, line.words)
	if err == nil {
		_, err = line.def.Complete(input) // before a database is created for nothing
	}
	if err != nil {
		return err
	}
	cfg := a.passing(engine.Config{Access: engine.Create, Logger: a.logger(slog.LevelWarn)})
	if !s.detach {
		cfg.StopAt = s.limit.stopAt(a)
	}
	eng, err := a.openWith(ctx, cfg)
	if err != nil {
		return err
	}
	name := line.def.Describe().Name
	if s.detach {
		run, err := eng.Start(ctx, name, input, &s.options)
		if err == nil {
			_, err = fmt.Fprintln(a.stdout, run.ID)
		}
		return errors.Join(err, eng.Close())
	}
	code, err := a.startHere(ctx, eng, name, input, s)
	return ended(code, errors.Join(err, eng.Close()))
}

// startHere starts the run, or finds it by its key, and stays with it to its end.
func (a *app) startHere(ctx context.Context, eng *engine.Engine, workflow string, input []byte, s starting) (int, error) {
	ctx, enough := eng.InTime(ctx)
	defer enough()
	run, fresh, err := eng.StartHere(ctx, workflow, input, &s.options)
	if err != nil {
		return ExitError, err
	}
	f := &foreground{app: a, eng: eng, progress: a.newProgress(eng), patience: s.patience, suspend: s.suspended}
	defer f.progress.close()
	if !fresh && !moves(run.Status) && run.Status != engine.Suspended {
		return f.report(ctx, run)
	}
	run, err = f.finish(ctx, run, f.announcer(fresh || run.Started.IsZero()))
	f.progress.close() // before the result stands on the same terminal
	if err != nil {
		return ExitError, err
	}
	return f.report(ctx, run)
}

// startHelp is the help of start, or of the workflow that was named.
func (a *app) startHelp(cmd *cobra.Command, def engine.Definition) error {
	if def == nil {
		if err := cmd.Help(); err != nil {
			return err
		}
		fmt.Fprint(a.stdout, "\nWorkflows:\n")
		var g grid
		var rows [][]string
		for _, def := range a.defs {
			d := def.Describe()
			rows = append(rows, []string{" ", d.Name, d.Doc})
		}
		return g.write(a.stdout, nil, rows)
	}
	d := def.Describe()
	var given map[string][]string
	usage := strings.TrimSuffix(strings.Replace(cmd.UseLine(), "WORKFLOW", d.Name, 1), " [-- WORD …]")
	_, err := fmt.Fprintf(a.stdout, "%s\n\nUsage:\n  %s\n\nInputs:\n%s\nwf's own flags (also --wf-NAME):\n%s",
		strings.TrimSpace(d.Doc), usage, fieldFlags(d, &given).FlagUsages(), ownFlags(cmd).FlagUsages())
	return err
}

// ended makes the error of a command of an exit code that needs no more words, or of what went wrong
// besides.
func ended(code int, err error) error {
	if err == nil && code != ExitOK {
		return codeError(code)
	}
	return err
}

// logger writes what the engine and its workflows log to stderr; under --quiet only errors.
func (a *app) logger(level slog.Level) *slog.Logger {
	if a.quiet {
		level = slog.LevelError
	}
	return slog.New(slog.NewTextHandler(lineWriter{a}, &slog.HandlerOptions{Level: level}))
}

// lineWriter passes whole lines on to say.
type lineWriter struct{ app *app }

func (w lineWriter) Write(p []byte) (int, error) {
	w.app.say(strings.TrimRight(string(p), "\n"))
	return len(p), nil
}
