package cli

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/durable-wf/wf/steps"
)

var update = flag.Bool("update", false, "write generated and golden files anew")

// TestDocs compares docs/cli.md with the commands; with -update it writes it.
func TestDocs(t *testing.T) {
	t.Setenv("WF_DB", "") // would be the default of --db
	path := filepath.Join("..", "docs", "cli.md")
	want := manual((&app{name: "wf", defs: steps.All()}).command())
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the commands say: write it anew with go test ./cli -run Docs -update", path)
	}
}

// TestCommandsAreDocumented wants of every command what its page is made of.
func TestCommandsAreDocumented(t *testing.T) {
	t.Parallel()
	root := (&app{name: "wf", defs: steps.All()}).command()
	eachCommand(root, func(c *cobra.Command) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") || strings.Contains(c.Short, "\n") {
			t.Errorf("%s: Short is %q, want one line without a full stop", c.CommandPath(), c.Short)
		}
		if c.GroupID == "" && c.Parent() == root {
			t.Errorf("%s has no group", c.CommandPath())
		}
		if c.Runnable() && c.Parent() != nil && !c.HasSubCommands() && c.Example == "" && c.Name() != "version" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		if output := c.Flags().Lookup("output"); output != nil && output.Shorthand != "o" {
			t.Errorf("%s: --output has the short form %q", c.CommandPath(), output.Shorthand)
		}
	})
}

// eachCommand calls fn with every command below root that people may use.
func eachCommand(root *cobra.Command, fn func(*cobra.Command)) {
	for _, c := range root.Commands() {
		if c.Name() == "help" || !c.IsAvailableCommand() {
			continue
		}
		fn(c)
		eachCommand(c, fn)
	}
}

// manual is the page of all commands.
func manual(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("# The command line\n\n" +
		"Written by `go test ./cli -run Docs -update` from the commands; a test fails when it is stale.\n\n" +
		root.Long + "\n\n" +
		"Every reading command has `-o table|json|jsonl|csv`. Fields of the machine formats are only ever added; times are\n" +
		"RFC 3339 in UTC with microseconds, durations are integers in fields that end in `_us`, null is what there is not.\n\n" +
		"Flags of all commands:\n\n```\n" + root.PersistentFlags().FlagUsages() + "```\n")
	for _, group := range root.Groups() {
		fmt.Fprintf(&b, "\n## %s\n", strings.TrimSuffix(group.Title, ":"))
		eachCommand(root, func(c *cobra.Command) {
			top := c
			for top.Parent() != root {
				top = top.Parent()
			}
			if top.GroupID == group.ID {
				page(&b, c)
			}
		})
	}
	fmt.Fprintf(&b, "\n## Fields\n\nOf a run, in `list`, `watch` and `show`: %s.\n\n`show` adds: %s.\n\nOf an event, in `history`: %s.\n",
		fieldNames(runColumns(true)), fieldNames(machineColumns()[len(runColumns(true)):]), fieldNames(eventColumns(false)))
	return b.String()
}

// page is the part of one command.
func page(b *strings.Builder, c *cobra.Command) {
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	fmt.Fprintf(b, "\n### %s\n\n%s\n\n```\n%s\n```\n", c.CommandPath(), text, c.UseLine())
	if c.Example != "" {
		fmt.Fprintf(b, "\nExamples:\n\n```sh\n%s\n```\n", dedent(c.Example))
	}
	if flags := c.LocalNonPersistentFlags().FlagUsages(); flags != "" {
		fmt.Fprintf(b, "\nFlags:\n\n```\n%s```\n", flags)
	}
}

func dedent(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return strings.Join(lines, "\n")
}

func fieldNames[T any](columns []column[T]) string {
	var names []string
	for _, c := range columns {
		names = append(names, "`"+c.Name+"`")
	}
	return strings.Join(names, " ")
}
