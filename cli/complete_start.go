package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// completeStart completes the workflow, then the flags of its inputs and the values of those that take
// one of a few words. It opens no database.
func (a *app) completeStart(cmd *cobra.Command, args []string, prefix string) ([]cobra.Completion, cobra.ShellCompDirective) {
	own := ownFlags(cmd)
	own.SetInterspersed(false)
	flags, named := own, false
	words, last := args, ""
	if len(args) > 0 && strings.HasPrefix(args[len(args)-1], "-") {
		words, last = args[:len(args)-1], args[len(args)-1] // may lack its value, which the parser would not have
	}
	if own.Parse(words) == nil && own.NArg() > 0 {
		def, err := a.workflow(own.Arg(0))
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var given map[string][]string
		flags, named = withOwn(fieldFlags(def.Describe(), &given), own), true
	}
	if flag, _, ok := strings.Cut(prefix, "="); ok && strings.HasPrefix(flag, "-") {
		last = flag
	}
	if f := valueFlag(flags, last); f != nil {
		return completeValue(f, own)
	}
	var found []cobra.Completion
	if !named && !strings.HasPrefix(prefix, "-") {
		for _, def := range a.defs {
			d := def.Describe()
			found = append(found, cobra.CompletionWithDesc(d.Name, d.Doc))
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && strings.HasPrefix("--"+f.Name, prefix) {
			found = append(found, cobra.CompletionWithDesc("--"+f.Name, f.Usage))
		}
	})
	return found, cobra.ShellCompDirectiveNoFileComp
}

// valueFlag is the flag that word names if its value is the next word; nil otherwise.
func valueFlag(flags *pflag.FlagSet, word string) *pflag.Flag {
	var found *pflag.Flag
	if name, ok := strings.CutPrefix(word, "--"); ok {
		found = flags.Lookup(name)
	} else if name, ok := strings.CutPrefix(word, "-"); ok && len(name) == 1 {
		found = flags.ShorthandLookup(name)
	}
	if found == nil || found.NoOptDefVal != "" {
		return nil
	}
	return found
}

// completeValue completes the value of a flag. Those of a workflow's inputs are the workflow's affair,
// so only wf's own are known.
func completeValue(f *pflag.Flag, own *pflag.FlagSet) ([]cobra.Completion, cobra.ShellCompDirective) {
	known := own.Lookup(f.Name)
	if known == nil || known.Value != f.Value {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	switch known.Name {
	case "on-key":
		return fixed(keyPolicies()), cobra.ShellCompDirectiveNoFileComp
	case "keep":
		return fixed(keeps()), cobra.ShellCompDirectiveNoFileComp
	case "db", "from":
		return nil, cobra.ShellCompDirectiveDefault
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}
