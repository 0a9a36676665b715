package cli

import (
	"fmt"
	"slices"
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
