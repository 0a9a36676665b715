package cli

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/engine"
)

// choice is a flag that takes some of a set of words, separated by commas or in several flags.
type choice struct {
	known  []string
	chosen []string
}

// String, Set and Type make a choice a flag.
func (c *choice) String() string { return strings.Join(c.chosen, ",") }

// Set takes words of the set only.
func (c *choice) Set(text string) error {
	for word := range strings.SplitSeq(text, ",") {
		word = strings.TrimSpace(word)
		if !slices.Contains(c.known, word) {
			return fmt.Errorf("%q is not one of %s", word, strings.Join(c.known, ", "))
		}
		if !slices.Contains(c.chosen, word) {
			c.chosen = append(c.chosen, word)
		}
	}
	return nil
}

// Type names the flag's values in the help.
func (c *choice) Type() string { return "list" }

// choiceFlag adds a flag that takes some of the words that are known.
func choiceFlag(cmd *cobra.Command, c *choice, name, usage string) {
	cmd.Flags().Var(c, name, usage)
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(fixed(c.known), cobra.ShellCompDirectiveNoFileComp))
}

// statusNames are the statuses that ok accepts, as words.
func statusNames(ok func(engine.Status) bool) []string {
	var names []string
	for _, s := range engine.Statuses() {
		if ok(s) {
			names = append(names, string(s))
		}
	}
	return names
}

func anyStatus(engine.Status) bool { return true }

func isOpen(s engine.Status) bool { return !s.Ended() }

func statusesOf(names []string) []engine.Status {
	statuses := make([]engine.Status, len(names))
	for i, name := range names {
		statuses[i] = engine.Status(name)
	}
	return statuses
}

// runFilter is what the flags of a command say about the runs that it is to look at.
type runFilter struct {
	workflows []string
	statuses  choice
	since     moment
	until     moment
}

// add gives cmd the flags; times says which time of a run counts.
func (f *runFilter) add(cmd *cobra.Command, times string) {
	f.statuses.known = statusNames(anyStatus)
	flags := cmd.Flags()
	flags.StringSliceVarP(&f.workflows, "workflow", "w", nil, "only of these workflows")
	choiceFlag(cmd, &f.statuses, "status", "only in these statuses: "+strings.Join(f.statuses.known, ", "))
	flags.Var(&f.since, "since", "only "+times+" at this time or later: 2h, 3d, 2026-11-01, RFC 3339; UTC")
	flags.Var(&f.until, "until", "only "+times+" before this time")
}

// check reports flags that contradict each other.
func (f *runFilter) check() error {
	if !f.since.IsZero() && !f.until.IsZero() && !f.since.Before(f.until.Time) {
		return usagef("--since %v is not before --until %v", &f.since, &f.until)
	}
	return nil
}

// search is what the flags of a command say about the runs that it lists, or changes (see bulk).
type search struct {
	runFilter
	where  string
	queues []string
	attrs  attributes
}

// add gives cmd the flags. A search is by the time at which a run was created.
func (s *search) add(cmd *cobra.Command) {
	s.runFilter.add(cmd, "created")
	flags := cmd.Flags()
	flags.StringVar(&s.where, "where", "", `only runs of which this is true, such as 'customer = 42 and created > "2h ago"'`)
	flags.StringSliceVar(&s.queues, "queue", nil, "only of these queues")
	flags.Var(&s.attrs, "attr", "only with this attribute, NAME=VALUE (may be repeated)")
}

// filter is what the flags ask of an engine.
func (s *search) filter() engine.RunFilter {
	return engine.RunFilter{
		Workflows: s.workflows, Statuses: statusesOf(s.statuses.chosen), Since: s.since.Time, Until: s.until.Time,
		Queues: s.queues, Attributes: s.attrs, Where: s.where,
	}
}

// given reports whether any flag narrows the search.
func (s *search) given() bool {
	return len(s.workflows)+len(s.statuses.chosen)+len(s.queues)+len(s.attrs) > 0 || s.where != "" ||
		!s.since.IsZero() || !s.until.IsZero()
}

// selects reports that refs, --all and the search contradict each other, or that nothing is selected.
func (s *search) selects(refs []string, all bool) error {
	switch {
	case len(refs) > 0 && (all || s.given()):
		return usagef("name runs, or search for them: %q goes with neither --all nor a filter", refs[0])
	case len(refs) == 0 && all && s.given():
		return usagef("--all is for all runs, so it goes without a filter")
	case len(refs) == 0 && !all && !s.given():
		return usagef("say which runs: name them, search for them with --where, --workflow, --status and so on, or take --all")
	}
	return s.runFilter.check()
}

// attributes is a flag that takes NAME=VALUE, once or several times. A value that is a number stands for
// the number and for its text, true and false for 1 and 0 too; one in double quotes is a text.
type attributes map[string]any

// String, Set and Type make attributes a flag.
func (a *attributes) String() string { return "" }

// Set takes one more attribute.
func (a *attributes) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return fmt.Errorf("%q is not NAME=VALUE", text)
	}
	if *a == nil {
		*a = attributes{}
	}
	if _, twice := (*a)[name]; twice {
		return fmt.Errorf("%s is given twice: for one of several values, use --where '%s in (…)'", name, name)
	}
	(*a)[name] = meanings(value)
	return nil
}

// Type names the flag's values in the help.
func (a *attributes) Type() string { return "name=value" }

// setting is a flag that takes NAME=VALUE, once or several times, for what a new run is to be found by.
type setting map[string]any

// String, Set and Type make a setting a flag.
func (s *setting) String() string { return "" }

// Set takes one more attribute; of two values of one name the later counts.
func (s *setting) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return fmt.Errorf("%q is not NAME=VALUE", text)
	}
	if *s == nil {
		*s = setting{}
	}
	(*s)[name] = attributeWord(value)
	return nil
}

// Type names the flag's values in the help.
func (s *setting) Type() string { return "name=value" }

// meanings are the values that a word on the command line may stand for.
func meanings(word string) any {
	if text, err := strconv.Unquote(word); err == nil && strings.HasPrefix(word, `"`) {
		return text
	}
	choice := []any{word}
	switch n, err := strconv.ParseInt(word, 10, 64); {
	case err == nil:
		choice = append(choice, n)
	case word == "true":
		choice = append(choice, 1)
	case word == "false":
		choice = append(choice, 0)
	default:
		if f, err := strconv.ParseFloat(word, 64); err == nil && !math.IsNaN(f) {
			choice = append(choice, f)
		}
	}
	return choice
}
