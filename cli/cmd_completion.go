package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/durable-wf/wf/engine"
)

const (
	completeWait = time.Second // a shell must not hang on a file that does not answer
	completeRows = 50          // the newest runs are meant
)

func shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a completion script for bash, zsh, fish or powershell",
		Long: `Print a completion script. It completes commands, flags, workflows and their inputs, statuses, and
runs with their workflow and status. It only reads, and creates no file.

That for bash needs the package bash-completion, which must be loaded before it.`,
		Example: `  source <(wf completion bash)                                      # in ~/.bashrc
  wf completion zsh > "${fpath[1]}/_wf"
  wf completion fish > ~/.config/fish/completions/wf.fish`,
		GroupID:               groupAdmin,
		Args:                  arguments(1, 1),
		ValidArgs:             fixed(shells()),
		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.stdout, true)
			case "zsh":
				return root.GenZshCompletion(a.stdout)
			case "fish":
				return root.GenFishCompletion(a.stdout, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.stdout)
			}
			return usagef("unknown shell %q; known are %s", args[0], strings.Join(shells(), ", "))
		},
	}
}

// addCompletions gives every command in the tree the completions that its usage line asks for: RUN
// and WORKFLOW as arguments, --workflow as a flag. What a command completes by itself stays.
func (a *app) addCompletions(cmd *cobra.Command) {
	for _, c := range cmd.Commands() {
		a.addCompletions(c)
	}
	if cmd.ValidArgsFunction == nil && cmd.ValidArgs == nil {
		switch {
		case strings.Contains(cmd.Use, "RUN"):
			cmd.ValidArgsFunction = a.completeRuns(offered(cmd.Name()))
		case strings.Contains(cmd.Use, "WORKFLOW"):
			cmd.ValidArgsFunction = a.completeWorkflows
		case !strings.Contains(cmd.Use, "FILE"):
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
	}
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "workflow" {
			_ = cmd.RegisterFlagCompletionFunc(f.Name, a.completeWorkflows)
		}
	})
}

// completeWorkflows completes the names of workflows, with what they do.
func (a *app) completeWorkflows(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var found []cobra.Completion
	for _, def := range a.defs {
		d := def.Describe()
		found = append(found, cobra.CompletionWithDesc(d.Name, d.Doc))
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// offer is the runs that a command has a use for.
type offer struct {
	statuses []engine.Status // all if there are none
	unowned  bool            // only those that no living process executes
}

func offered(command string) offer {
	switch command {
	case "resume":
		return offer{statusesOf(statusNames(isOpen)), true}
	case "cancel", "pause":
		return offer{statusesOf(statusNames(isOpen)), false}
	}
	return offer{}
}

// completeRuns completes the numbers and keys of the newest runs of an offer, with workflow, status and
// age. Whatever goes wrong, there is nothing to complete.
func (a *app) completeRuns(o offer) cobra.CompletionFunc {
	const how = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 && !strings.Contains(cmd.Use, "RUN...") && !strings.Contains(cmd.Use, "RUN…") {
			return nil, how
		}
		parent := cmd.Context()
		if parent == nil { // the completion of cobra runs commands without one
			parent = context.Background()
		}
		ctx, cancel := context.WithTimeout(parent, completeWait)
		defer cancel()
		var found []cobra.Completion
		_ = a.withEngine(ctx, engine.ReadOnly, func(eng *engine.Engine) (err error) {
			found, err = o.completions(ctx, eng)
			return err
		})
		return found, how
	}
}

func (o offer) completions(ctx context.Context, eng *engine.Engine) (found []cobra.Completion, err error) {
	workers, err := newRoster(ctx, eng)
	if err != nil {
		return nil, err
	}
	filter := engine.RunFilter{Statuses: o.statuses, Limit: completeRows}
	for {
		runs, err := eng.List(ctx, filter)
		for _, run := range runs {
			filter.Before = run.ID
			r := workers.row(run)
			if o.unowned && r.Status == engine.Running && !r.crashed() {
				continue
			}
			what := fmt.Sprintf("%s %s, %s ago", r.Workflow, r.state(), r.age())
			found = append(found, cobra.CompletionWithDesc(strconv.FormatInt(r.ID, 10), what))
			if r.Key != "" && r.Key == printable(r.Key) {
				found = append(found, cobra.CompletionWithDesc(r.Key, what))
			}
		}
		if err != nil || len(runs) < completeRows || len(found) >= completeRows {
			return found, err
		}
	}
}
