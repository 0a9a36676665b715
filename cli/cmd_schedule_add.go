package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/durable-wf/wf/engine"
)

const scheduleAddLong = `Add a schedule, or change the one of that name. The same again changes nothing, so a script may add its
schedules whenever it begins.

Exactly one of --cron, --every and --at says when. An expression has five fields (minute, hour, day of month,
month, day of week), six with the seconds first, or is @yearly, @monthly, @weekly, @daily or @hourly. Runs of
--every lie at the multiples of the interval since 1970 in UTC: every hour is on the hour.

The inputs of the workflow are flags after its name, as with start.`

// scheduling is the flags of schedule add.
type scheduling struct {
	rule       engine.Schedule
	every      age
	catchUp    age
	jitter     age
	deadline   age
	at         string
	overlap    string
	keep       string
	input      string
	attributes map[string]string
}

// scheduleAddCommand is wf schedule add.
func (a *app) scheduleAddCommand() *cobra.Command {
	var s scheduling
	cmd := &cobra.Command{
		Use:   "add [flags] NAME WORKFLOW [--INPUT VALUE …] [-- WORD …]",
		Short: "Add a schedule, or change one",
		Long:  scheduleAddLong,
		Example: `  wf schedule add nightly sum --cron '0 3 * * *' --zone Europe/Berlin --n 1e9
  wf schedule add sweep sum --every 15m --jitter 2m --overlap queue --n 1000
  wf schedule add once sum --at '2026-12-24 18:00' --n 24`,
		DisableFlagParsing: true, // the flags depend on the workflow
		ValidArgsFunction: func(cmd *cobra.Command, args []string, prefix string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return a.completeStart(cmd, args[1:], prefix)
		},
	}
	s.addFlags(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		line, err := a.parseScheduleAdd(cmd, args, &s.rule.Name)
		if line.help {
			return a.startHelp(cmd, line.def)
		}
		if err != nil {
			return err
		}
		return a.addSchedule(cmd.Context(), line, s)
	}
	return cmd
}

func (s *scheduling) addFlags(flags *pflag.FlagSet) {
	o := &s.rule.Options
	flags.StringVar(&s.rule.Cron, "cron", "", "start by this cron expression")
	flags.Var(&s.every, "every", "start at this interval")
	flags.StringVar(&s.at, "at", "", "start once: a date with a time of day, RFC 3339, or in so long (2h)")
	flags.StringVar(&s.rule.Zone, "zone", "", "the time zone of --cron and --at, such as Europe/Berlin (default UTC)")
	flags.StringVar(&s.overlap, "overlap", "", "while a run has not ended: skip the next, queue it, allow both, or cancel the old one (default skip)")
	flags.Var(&s.catchUp, "catch-up", "how late a missed start may be made up for (default 24h; with --at however late)")
	flags.Var(&s.jitter, "jitter", "delay each start by up to so much, always the same for one time")
	flags.StringVar(&o.Queue, "queue", "", "the queue of the runs")
	flags.IntVar(&o.Priority, "priority", 0, "the priority of the runs in their queue: higher ones come first")
	flags.StringVar(&o.FairKey, "fair-key", "", "whose share of the queue the runs take")
	flags.Var(&s.deadline, "deadline", "fail a run that has not ended so long after its start")
	flags.StringToStringVar(&s.attributes, "attr", nil, "what to search the runs by: NAME=VALUE (may be repeated)")
	flags.StringVar(&s.keep, "keep", "", "what remains of a completed run: none, history or all (default history)")
	addHookFlags(flags, o)
	flags.Var(seedFlag{&o.Seed}, "seed", "of the random numbers of every run (default: random)")
	flags.StringVar(&s.input, "input", "", "inputs as JSON: the text, @FILE, or - for stdin")
}

// overlaps are the words for what happens when runs overlap.
func overlaps() []string {
	return []string{string(engine.OverlapSkip), string(engine.OverlapQueue), string(engine.OverlapAllow), string(engine.OverlapCancel)}
}

// parseScheduleAdd takes the arguments apart: NAME, and the rest as start does.
func (a *app) parseScheduleAdd(cmd *cobra.Command, args []string, name *string) (commandLine, error) {
	args = joinHooks(args)
	own := ownFlags(cmd)
	own.SetInterspersed(false)
	if own.Parse(args) != nil {
		return a.parseStart(cmd, args) // which says what is wrong
	}
	rest := own.Args()
	if len(rest) == 0 {
		return commandLine{}, usagef("the schedule has no name; usage: %s", cmd.UseLine())
	}
	*name = rest[0]
	return a.parseStart(cmd, rest[1:])
}

// resolve checks the flags and makes a schedule of them.
func (s *scheduling) resolve(workflow string, input []byte) (engine.Schedule, error) {
	rule, given := s.rule, 0
	for _, set := range []bool{rule.Cron != "", s.every != 0, s.at != ""} {
		if set {
			given++
		}
	}
	switch {
	case given != 1:
		return rule, usagef("give one of --cron, --every and --at, not %d", given)
	case s.overlap != "" && !slices.Contains(overlaps(), s.overlap):
		return rule, usagef("--overlap %q must be %s", s.overlap, strings.Join(overlaps(), ", "))
	case s.keep != "" && !slices.Contains(keeps(), s.keep):
		return rule, usagef("--keep %q must be none, history or all", s.keep)
	}
	if s.at != "" {
		var err error
		if rule.At, err = parseFuture(s.at, rule.Zone, time.Now()); err != nil {
			return rule, err
		}
	}
	rule.Workflow, rule.Input, rule.Every = workflow, input, time.Duration(s.every)
	rule.CatchUp, rule.Jitter, rule.Overlap = time.Duration(s.catchUp), time.Duration(s.jitter), engine.Overlap(s.overlap)
	rule.Options.Deadline, rule.Options.Keep = time.Duration(s.deadline), engine.Keep(s.keep)
	for name, value := range s.attributes {
		if rule.Options.Attributes == nil {
			rule.Options.Attributes = map[string]any{}
		}
		rule.Options.Attributes[name] = attributeWord(value)
	}
	return rule, nil
}

// attributeWord is the value of an attribute: a number, true or false if the word is one, else a text, as is
// what stands in double quotes.
func attributeWord(word string) any {
	if text, err := strconv.Unquote(word); err == nil && strings.HasPrefix(word, `"`) {
		return text
	}
	if n, err := strconv.ParseInt(word, 10, 64); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(word, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
		return f
	}
	if word == "true" || word == "false" {
		return word == "true"
	}
	return word
}

// parseFuture reads a time to come: a length of time from now, or a time; one that names no zone is in the
// one given.
func parseFuture(text, zone string, now time.Time) (time.Time, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return time.Time{}, usagef("--zone %q is no time zone: write one such as Europe/Berlin", zone)
	}
	if ahead, err := parseAge(text); err == nil {
		return now.Add(ahead), nil
	}
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, text, loc); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("--at %q is no time: write how long from now (2h), a date with a time of day (2026-11-01 15:04) or RFC 3339", text)
}

func (a *app) addSchedule(ctx context.Context, line commandLine, s scheduling) error {
	base, err := a.readInput("--input", s.input)
	if err != nil {
		return err
	}
	input, err := line.def.Input(base, line.words)
	if err != nil {
		return err
	}
	rule, err := s.resolve(line.def.Describe().Name, input) // before a database is created for nothing
	if err != nil {
		return err
	}
	eng, err := a.open(ctx, engine.Create)
	if err != nil {
		return err
	}
	state, err := eng.AddSchedule(ctx, rule)
	if err == nil {
		a.note("schedule %s: %s", state.Name, nextText(state, time.Now()))
	}
	return errors.Join(err, eng.Close())
}

// nextText says when a schedule starts its next run.
func nextText(s engine.ScheduleState, now time.Time) string {
	switch {
	case s.Paused != "":
		return "paused: " + s.Paused
	case !s.Queued.IsZero():
		return "the run for " + inZone(s.Queued, s.Zone) + " starts when the one before has ended"
	case s.Next.IsZero():
		return "nothing more to start"
	}
	return fmt.Sprintf("the next run is for %s (in %s)", inZone(s.Next, s.Zone), humanAge(s.Next.Sub(now)))
}
