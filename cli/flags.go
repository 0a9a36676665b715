package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/durable-wf/wf/engine"
)

// doublePrefix makes the other name of every flag of wf's own, which no field of a workflow can take.
const doublePrefix = "wf-"

// stripDouble makes --wf-NAME the same flag as --NAME.
func stripDouble(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	return pflag.NormalizedName(strings.TrimPrefix(name, doublePrefix))
}

// ownFlags are the flags of a command and those above it, but for help, which the parser knows.
func ownFlags(cmd *cobra.Command) *pflag.FlagSet {
	fs := pflag.NewFlagSet(cmd.Name(), pflag.ContinueOnError)
	fs.Usage = func() {} // startHelp is the help
	fs.SetNormalizeFunc(stripDouble)
	add := func(f *pflag.Flag) {
		if f.Name != "help" && fs.Lookup(f.Name) == nil {
			fs.AddFlag(f)
		}
	}
	cmd.Flags().VisitAll(add)
	cmd.InheritedFlags().VisitAll(add)
	return fs
}

// words are the values of one field as they stand on the command line.
type words struct {
	field engine.Input
	given *map[string][]string
}

// String, Set and Type make words a flag; what the words mean is the workflow's affair.
func (w *words) String() string { return w.field.Default }

// Set takes one more word.
func (w *words) Set(s string) error {
	(*w.given)[w.field.Name] = append((*w.given)[w.field.Name], s)
	return nil
}

// Type names the flag's values in the help.
func (w *words) Type() string {
	if w.field.Repeated {
		return strings.TrimPrefix(strings.TrimPrefix(w.field.Type, "list of "), "map of ")
	}
	return w.field.Type
}

// fieldFlags are the inputs of a workflow as flags; they add their words to given.
func fieldFlags(d engine.Description, given *map[string][]string) *pflag.FlagSet {
	fs := pflag.NewFlagSet(d.Name, pflag.ContinueOnError)
	fs.SortFlags = false
	for _, in := range d.Inputs {
		usage := in.Help
		switch {
		case in.Rest:
			usage += " (also what follows --)"
		case in.Repeated:
			usage += " (may be repeated)"
		}
		f := fs.VarPF(&words{in, given}, in.Name, "", usage)
		if in.Bool {
			f.NoOptDefVal = "true"
		}
	}
	return fs
}

// withOwn adds wf's own flags to those of a workflow: each under its double, and under its name
// unless a field has it.
func withOwn(fields, own *pflag.FlagSet) *pflag.FlagSet {
	all := pflag.NewFlagSet(fields.Name(), pflag.ContinueOnError)
	all.Usage = own.Usage
	all.AddFlagSet(fields)
	own.VisitAll(func(f *pflag.Flag) {
		double := *f
		double.Name, double.Shorthand, double.Hidden = doublePrefix+f.Name, "", true
		if all.Lookup(double.Name) == nil {
			all.AddFlag(&double)
		}
		if all.Lookup(f.Name) == nil {
			all.AddFlag(f)
		}
	})
	return all
}

// commandLine is `start` taken apart: flags, WORKFLOW, its fields, what follows "--".
type commandLine struct {
	def   engine.Definition
	words map[string][]string
	help  bool
}

// parseStart takes the arguments of start apart. What stands before WORKFLOW are wf's own flags;
// after it, the workflow's fields come first.
func (a *app) parseStart(cmd *cobra.Command, args []string) (commandLine, error) {
	args = joinHooks(args)
	own := ownFlags(cmd)
	own.SetInterspersed(false)
	line := commandLine{words: map[string][]string{}}
	if err := own.Parse(args); err != nil {
		line.help = errors.Is(err, pflag.ErrHelp)
		if err := a.misplaced(args, err); err != nil {
			return line, err
		}
		return line, flagError(own, fmt.Sprintf("%s has", cmd.CommandPath()), err)
	}
	rest := own.Args()
	if len(rest) == 0 {
		return line, usagef("no workflow is named; usage: %s", cmd.UseLine())
	}
	def, err := a.workflow(rest[0])
	if err != nil {
		return line, err
	}
	line.def = def
	d := def.Describe()
	all := withOwn(fieldFlags(d, &line.words), own)
	if err := all.Parse(rest[1:]); err != nil {
		line.help = errors.Is(err, pflag.ErrHelp)
		return line, flagError(all, fmt.Sprintf("workflow %q has", d.Name), err)
	}
	return line, line.takeRest(d, all)
}

// misplaced is the mistake of an input of a workflow that stands before its name: of the workflow that
// is named later, or else of one that has such an input. It is nil if there is none.
func (a *app) misplaced(args []string, err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return nil
	}
	flag, of := unknown.GetSpecifiedName(), ""
	for _, def := range a.defs {
		d := def.Describe()
		has := slices.ContainsFunc(d.Inputs, func(in engine.Input) bool { return in.Name == flag })
		if named := slices.Contains(args, d.Name); has && (of == "" || named) {
			of = d.Name
			if named {
				break
			}
		}
	}
	if of == "" {
		return nil
	}
	return usagef("--%s is an input of %s: write it after the workflow's name", flag, of)
}

// takeRest gives what follows "--" to the field that takes it.
func (l *commandLine) takeRest(d engine.Description, fs *pflag.FlagSet) error {
	args, dash := fs.Args(), fs.ArgsLenAtDash()
	if dash < 0 {
		dash = len(args)
	}
	if dash > 0 {
		return usagef("unexpected argument %q after workflow %q; its inputs are flags: --NAME VALUE", args[0], d.Name)
	}
	if len(args) == 0 {
		return nil
	}
	for _, in := range d.Inputs {
		if in.Rest {
			l.words[in.Name] = append(l.words[in.Name], args...)
			return nil
		}
	}
	return usagef("workflow %q takes nothing after --, but %q follows", d.Name, args[0])
}

// workflow returns the definition with that name.
func (a *app) workflow(name string) (engine.Definition, error) {
	var known []string
	for _, def := range a.defs {
		d := def.Describe()
		if d.Name == name {
			return def, nil
		}
		known = append(known, d.Name)
	}
	advice := nearestTo(name, known)
	if advice == "" {
		advice = "; there are " + strings.Join(known, ", ")
	}
	return nil, fmt.Errorf("%w %q%s", engine.ErrWorkflowUnknown, name, advice)
}

// readInput returns the JSON that a flag names: itself, the content of @file, or "-" for stdin.
func (a *app) readInput(flag, arg string) ([]byte, error) {
	var doc []byte
	var err error
	switch {
	case arg == "":
		return nil, nil
	case arg == "-":
		if doc, err = io.ReadAll(a.stdin); err != nil {
			return nil, fmt.Errorf("reading the input from stdin: %w", err)
		}
	case strings.HasPrefix(arg, "@"):
		if doc, err = os.ReadFile(arg[1:]); err != nil {
			return nil, &usageError{err: fmt.Errorf("%s: %w", flag, err)}
		}
	default:
		doc = []byte(arg)
	}
	if strings.TrimSpace(string(doc)) == "" {
		return nil, usagef("%s %s: no JSON there", flag, arg)
	}
	return doc, nil
}

// flagError words what a flag parser found; who says whose flags they are, with its verb.
func flagError(fs *pflag.FlagSet, who string, err error) error {
	if errors.Is(err, pflag.ErrHelp) {
		return err
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return &usageError{err: invalidValue(invalid)}
	}
	missing, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return &usageError{err: err}
	}
	var known []string
	fs.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			known = append(known, "--"+f.Name)
		}
	})
	dashes := "--"
	if missing.GetSpecifiedShortnames() != "" {
		dashes = "-"
	}
	flag := dashes + missing.GetSpecifiedName()
	return usagef("%s no flag %s%s", who, flag, nearestTo(flag, known))
}

// invalidValue words what a flag does not take. The types that the parser brings along speak of the
// functions that they call.
func invalidValue(err *pflag.InvalidValueError) error {
	flag, value := "--"+err.GetFlag().Name, err.GetValue()
	switch number, ok := errors.AsType[*strconv.NumError](err); {
	case err.GetFlag().Value.Type() == "duration":
		return fmt.Errorf("%s: %q is not a duration such as 1s or 2h30m", flag, value)
	case err.GetFlag().Value.Type() == "bool":
		return fmt.Errorf("%s: %q is not true or false", flag, value)
	case ok && errors.Is(number, strconv.ErrRange):
		return fmt.Errorf("%s: %q is too great a number", flag, value)
	case ok:
		return fmt.Errorf("%s: %q is not a whole number", flag, value)
	}
	return err
}
