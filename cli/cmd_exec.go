package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/durable-wf/wf/engine"
)

// execWorkflow is the workflow that runs programs. A program without it has no command exec.
const (
	execWorkflow = "exec"
	execProgram  = "cmd" // its input that takes the words
)

const execLong = `Start a run of a program and execute it here until it has ended: short for start exec -- COMMAND. The program
prints where it would without us.

A program that already writes a state file needs no change: --state names it, every whole version of it is
recorded, and after an interruption the newest good one is put back before the program starts again. One that
knows of us finds in WF_STATE where to keep its state, saves and exits with 85 at SIGTERM, and tells its
progress by lines such as "::wf done=3 of=10 loss=0.5". docs/exec.md says all there is to know.

What follows the first word that is no flag is the program's.`

// execCommand is wf exec.
func (a *app) execCommand() *cobra.Command {
	var s starting
	cmd := &cobra.Command{
		Use:   "exec [flags] [--] COMMAND [WORD …]",
		Short: "Run a program, and go on with it after an interruption",
		Long:  execLong,
		Example: `  wf exec --state checkpoint.pickle -- python3 sum.py
  wf exec --key nightly --retry 3 --state 'ckpt_*.pt' python3 train.py --epochs 100
  wf exec --param n=200 ./sum`,
		GroupID:            groupRun,
		DisableFlagParsing: true, // most flags are inputs of the workflow
	}
	s.addFlags(cmd.Flags())
	addSuspendCode(cmd, &s.suspended)
	a.addProvenance(cmd)
	a.addHookTimeout(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		line, err := a.parseExec(cmd, args)
		if line.help {
			return a.execHelp(cmd, line.def)
		}
		if err != nil {
			return err
		}
		return a.start(cmd.Context(), line, s)
	}
	return cmd
}

// hasExec reports whether there is the workflow that exec starts.
func (a *app) hasExec() bool {
	return slices.ContainsFunc(a.defs, func(d engine.Definition) bool { return d.Describe().Name == execWorkflow })
}

// parseExec takes the arguments of exec apart: flags, ours and the workflow's, then the program.
func (a *app) parseExec(cmd *cobra.Command, args []string) (commandLine, error) {
	line := commandLine{words: map[string][]string{}}
	def, err := a.workflow(execWorkflow)
	if err != nil {
		return line, err
	}
	line.def = def
	all := withOwn(fieldFlags(def.Describe(), &line.words), ownFlags(cmd))
	all.SetInterspersed(false)
	if err := all.Parse(joinHooks(args)); err != nil {
		line.help = errors.Is(err, pflag.ErrHelp)
		return line, flagError(all, cmd.CommandPath()+" has", err)
	}
	if len(all.Args()) == 0 {
		return line, usagef("no program is named; usage: %s", cmd.UseLine())
	}
	line.words[execProgram] = append(line.words[execProgram], all.Args()...)
	return line, nil
}

// execHelp is the help of exec, with the inputs of its workflow.
func (a *app) execHelp(cmd *cobra.Command, def engine.Definition) error {
	var given map[string][]string
	fields := fieldFlags(def.Describe(), &given)
	if f := fields.Lookup(execProgram); f != nil {
		f.Hidden = true // it is what follows
	}
	_, err := fmt.Fprintf(a.stdout, "%s\n\nUsage:\n  %s\n\nExamples:\n%s\n\nOf the program:\n%s\nOf the run (also --wf-NAME):\n%s",
		strings.TrimSpace(cmd.Long), cmd.UseLine(), cmd.Example, fields.FlagUsages(), ownFlags(cmd).FlagUsages())
	return err
}
