package cron

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/robfig/cron/v3"
)

// fields are those of an expression with six of them.
func fields() []string {
	return []string{"second", "minute", "hour", "day of month", "month", "day of week"}
}

// parse reads an expression without a zone.
func parse(text string) (*cron.SpecSchedule, error) {
	if strings.HasPrefix(text, "@") {
		return parseName(text)
	}
	words, names := strings.Fields(text), fields()
	switch len(words) {
	case len(names) - 1:
		words = slices.Insert(words, 0, "0")
	case len(names):
	default:
		return nil, fmt.Errorf("it has %d fields, not 5 (minute, hour, day of month, month, day of week) or 6 (seconds first)", len(words))
	}
	var faults []error
	for i, word := range words { // alone, to say which one is wrong
		alone := slices.Repeat([]string{"*"}, len(words))
		alone[i] = word
		if strings.Trim(word, ",") != word || strings.Contains(word, ",,") {
			faults = append(faults, fmt.Errorf("%s %q: a comma has nothing beside it", names[i], word))
		} else if _, err := read(alone); err != nil {
			faults = append(faults, fmt.Errorf("%s %q: %w", names[i], word, plain(names[i], word, err)))
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return read(words)
}

func read(words []string) (*cron.SpecSchedule, error) {
	parser := cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	return spec(parser.Parse(strings.Join(words, " ")))
}

// parseName reads an expression that is a name for another.
func parseName(text string) (*cron.SpecSchedule, error) {
	if strings.HasPrefix(text, "@every") {
		return nil, errors.New("an interval is no cron expression")
	}
	found, err := spec(cron.NewParser(cron.Descriptor).Parse(text))
	if err != nil {
		return nil, errors.New("there is @yearly, @monthly, @weekly, @daily, @hourly")
	}
	return found, nil
}

func spec(schedule cron.Schedule, err error) (*cron.SpecSchedule, error) {
	if err != nil {
		return nil, err
	}
	found, ok := schedule.(*cron.SpecSchedule)
	if !ok {
		return nil, fmt.Errorf("it is a %T", schedule)
	}
	return found, nil
}

// plain words the mistakes that are made most often; the parser speaks of the functions that it calls.
func plain(name, word string, err error) error {
	switch {
	case name == "day of week" && strings.Contains(word, "7"):
		return errors.New("the days are 0 to 6, Sunday is 0, or sun to sat")
	case strings.HasPrefix(err.Error(), "failed to parse int"):
		return errors.New("it is neither a number nor a name of this field")
	}
	return err
}
