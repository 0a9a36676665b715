package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// completeStart completes the workflow, then the flags of its inputs. It opens no database.
func (a *app) completeStart(cmd *cobra.Command, args []string, prefix string) ([]cobra.Completion, cobra.ShellCompDirective) {
	own := ownFlags(cmd)
	own.SetInterspersed(false)
	flags, named := own, false
	if own.Parse(args) == nil && own.NArg() > 0 {
		def, err := a.workflow(own.Arg(0))
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var given map[string][]string
		flags, named = withOwn(fieldFlags(def.Describe(), &given), own), true
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
