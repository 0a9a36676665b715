package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

// defaultDB is the database when neither --db nor WF_DB names one.
const defaultDB = "wf.db"

// The groups of commands in the help.
const (
	groupRun   = "run"
	groupLook  = "look"
	groupSteer = "steer"
	groupKeep  = "keep"
	groupAdmin = "admin"
)

// app is one invocation of the command line: its streams, its workflows and its global flags.
type app struct {
	name   string // of the program, as it was called
	defs   []engine.Definition
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer

	args        []string // as they were given, the program's name first
	hookTimeout time.Duration
	recorded    []string // environment variables to record besides the usual ones

	db     string
	quiet  bool
	format format // of a reading command, see addOutput

	executing executing

	out, errs *passage // of what steps print; nil unless they execute here for a person

	mu   sync.Mutex // one line at a time
	bars io.Writer  // guarded by mu: takes what is said while progress bars are shown; nil otherwise
}

// command returns the tree of all commands.
func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:           a.name,
		Short:         "Durable computation in one SQLite file",
		Long:          rootLong,
		Version:       a.build().version,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          a.runRoot,
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return flagError(cmd.Flags(), cmd.CommandPath()+" has", err)
	})
	root.SetGlobalNormalizationFunc(stripDouble)
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	flags := root.PersistentFlags()
	flags.StringVar(&a.db, "db", cmp.Or(envDB(), defaultDB), "the database file (or set WF_DB)")
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "say nothing on stderr but errors")
	root.AddGroup(
		&cobra.Group{ID: groupRun, Title: "Run:"},
		&cobra.Group{ID: groupLook, Title: "Look:"},
		&cobra.Group{ID: groupSteer, Title: "Steer:"},
		&cobra.Group{ID: groupKeep, Title: "Keep:"},
		&cobra.Group{ID: groupAdmin, Title: "Admin:"},
	)
	root.SetHelpCommand(a.helpCommand())
	root.SetCompletionCommandGroupID(groupAdmin)
	for _, c := range a.commands() {
		root.AddCommand(c)
	}
	a.addCompletions(root)
	return root
}

// commands lists the commands in the order of the help.
func (a *app) commands() []*cobra.Command {
	commands := []*cobra.Command{
		// Run
		a.startCommand(),
		a.resumeCommand(),
		a.workerCommand(),
		// Look
		a.listCommand(),
		a.showCommand(),
		a.historyCommand(),
		a.watchCommand(),
		a.whyCommand(),
		a.logsCommand(),
		a.stateCommand(),
		a.diffCommand(),
		a.plotCommand(),
		a.queryCommand(),
		a.workflowsCommand(),
		// Steer
		a.signalCommand(),
		a.pauseCommand(),
		a.cancelCommand(),
		a.scheduleCommand(),
		a.retryCommand(),
		a.forkCommand(),
		// Keep
		a.exportCommand(),
		a.pruneCommand(),
		a.archiveCommand(),
		a.packCommand(),
		a.unpackCommand(),
		// Admin
		a.checkCommand(),
		a.verifyCommand(),
		a.backupCommand(),
		a.queueCommand(),
		a.migrateCommand(),
		a.completionCommand(),
		a.versionCommand(),
	}
	if a.hasExec() {
		commands = slices.Insert(commands, 1, a.execCommand())
	}
	return commands
}

const rootLong = `Durable computation in one SQLite file: what is interrupted goes on from its last checkpoint.

RUN is the number of a run, @last (the newest that is no child), a key, or the beginning of a UUID.
Exit codes: 0 completed, 1 error, 2 usage, 3 failed, 4 cancelled, 5 blocked, 6 still running, 75 suspended,
129, 130 or 143 ended by a second signal (SIGHUP, SIGINT, SIGTERM) without saving.`

// runRoot runs for no command, and for an unknown one.
func (a *app) runRoot(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	return unknownCommand(cmd, args[0])
}

// execute runs one command line and returns its exit code.
func (a *app) execute(ctx context.Context, args []string) int {
	a.args = append([]string{a.name}, args...)
	root := a.command()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && !silent(err) {
		a.complain(err)
	}
	return exitCode(err)
}

// complain says what went wrong: one line, even under --quiet.
func (a *app) complain(err error) {
	if gone, ok := errors.AsType[*engine.RemovedError](err); ok && gone.Archive != "" {
		err = hinted(err, "see: %s show %d --db %s", a.name, gone.RunID, shellWord(gone.Archive))
	}
	a.say(a.name + ": " + message(err))
}

// note tells a person on stderr what happens, unless --quiet.
func (a *app) note(format string, args ...any) {
	if !a.quiet {
		a.say(oneLine(fmt.Sprintf(format, args...)))
	}
}

// say writes a line for people: on stderr, or above the progress bars that occupy it. It is safe for
// concurrent use.
func (a *app) say(line string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.stderr
	if a.bars != nil {
		out = a.bars
	}
	fmt.Fprintln(out, line) // nobody could be told of its error
}

// print writes a line to stdout; above the progress bars, if they occupy the same terminal.
func (a *app) print(line string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.stdout
	if a.bars != nil && isTerminal(out) {
		out = a.bars
	}
	_, err := fmt.Fprintln(out, line)
	return err
}

// arguments accepts between min and max arguments (max < 0: any number) and otherwise shows the
// command's usage line.
func arguments(min, max int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < min:
			return usagef("an argument is missing; usage: %s", cmd.UseLine())
		case max >= 0 && len(args) > max:
			return usagef("unexpected argument %q; usage: %s", args[max], cmd.UseLine())
		}
		return nil
	}
}
